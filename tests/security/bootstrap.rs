//! What CloudFormation asks of the bootstrap: the first administrator, the configuration, the table's
//! protection. The keys have a file of their own.

use application::App;
use local::adapters::MemorySecret;
use local::{Fault, Operation, TABLE, Table};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tests::crm::unique;
use tests::{Crm, background};
use workers::Worker;

/// The worker.
pub fn worker() -> &'static Worker {
    background::worker("bootstrap")
}

/// What CloudFormation is told.
pub async fn told(app: &App, event: Value) -> Value {
    // It is an answer in any case, or Lambda repeats the call. Without an address for it, what failed is an error here.
    match (worker().handle)(app, event).await {
        Ok(answer) => answer,
        Err(failure) => json!({"Status": "FAILED", "Reason": failure.to_string()}),
    }
}

/// The stack is created or updated with this rotation.
pub async fn deploy(crm: &Crm, kind: &str, rotation: &str) -> Value {
    told(&crm.embedded().worker_app(worker()), json!({"RequestType": kind, "ResourceProperties": {"Rotation": rotation}})).await
}

/// The bootstrap's application with this secret of the first administrator.
async fn with_admin(crm: &Crm, text: &str) -> App {
    let secret = Arc::new(MemorySecret::default());
    aws::Secrets::write(&*secret, text.to_owned()).await.expect("written");
    crm.embedded().worker_app(worker()).with_first_admin(secret)
}

async fn bare() -> Crm {
    Crm::bare(Table::memory().expect("memory"), None).await.expect("opens")
}

fn drawn() -> (String, String) {
    (format!("{}@crm.test", unique()), format!("Drawn-{}-{}", unique(), unique()))
}

fn as_secret((email, password): &(String, String)) -> String {
    json!({"email": email, "password": password}).to_string()
}

fn create() -> Value {
    json!({"RequestType": "Create", "ResourceType": "Custom::Bootstrap", "ResourceProperties": {"Rotation": "1"}})
}

#[tokio::test]
async fn the_first_administrator_has_the_drawn_password_and_has_to_set_another() {
    let (crm, drawn) = (bare().await, drawn());
    let answer = told(&with_admin(&crm, &as_secret(&drawn)).await, create()).await;
    assert_eq!((&answer["Status"], &answer["PhysicalResourceId"]), (&json!("SUCCESS"), &json!(TABLE)), "{answer}");
    let admin = crm.sign_in(&drawn.0, &drawn.1).await;
    assert_eq!(admin.get("/users").await.code(), "PASSWORD_CHANGE_REQUIRED");
    let change = json!({"currentPassword": drawn.1, "newPassword": "a much better one, really"});
    admin.post("/auth/password", change).await.expect(204);
    let admin = crm.sign_in(&drawn.0, "a much better one, really").await;
    assert_eq!(admin.get("/auth/me").await.data()["role"], "ADMIN");
    assert_eq!(admin.get("/users").await.data().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn other_settings_have_another_id_in_whatever_order_they_are_told() {
    let crm = bare().await;
    let id = async |settings: &str| {
        let settings: Value = serde_json::from_str(settings).expect("JSON");
        let event = json!({"RequestType": "Update", "ResourceProperties": {"Rotation": "1", "Settings": settings}});
        let answer = told(&crm.embedded().worker_app(worker()), event).await;
        answer["Data"]["SettingsId"].as_str().expect("an id").to_owned()
    };
    let berlin = id(r#"{"TIME_ZONE": "Europe/Berlin", "ACCESS_TTL": "900"}"#).await;
    assert_eq!(berlin, id(r#"{"ACCESS_TTL": "900", "TIME_ZONE": "Europe/Berlin"}"#).await);
    assert_ne!(berlin, id(r#"{"ACCESS_TTL": "900", "TIME_ZONE": "Europe/Paris"}"#).await);
    assert_ne!(berlin, id(r#"{"ACCESS_TTL": "901", "TIME_ZONE": "Europe/Berlin"}"#).await);
}

#[tokio::test]
async fn a_drawn_password_is_not_judged_by_chance() {
    let crm = bare().await;
    // What Secrets Manager draws may be made of what people choose; nobody could help it.
    let drawn = (format!("{}@crm.test", unique()), "passwordpassword".to_owned());
    assert_eq!(told(&with_admin(&crm, &as_secret(&drawn)).await, create()).await["Status"], "SUCCESS");
    assert_eq!(crm.sign_in(&drawn.0, &drawn.1).await.get("/users").await.code(), "PASSWORD_CHANGE_REQUIRED");
}

#[tokio::test]
async fn twenty_runs_at_once_make_one_administrator_and_one_pair_of_keys() {
    let crm = bare().await;
    let all: Vec<(String, String)> = (0..20).map(|_| drawn()).collect();
    let runs = all.iter().map(|drawn| {
        let (crm, secret) = (crm.clone(), as_secret(drawn));
        tokio::spawn(async move { told(&with_admin(&crm, &secret).await, create()).await })
    });
    for run in runs.collect::<Vec<_>>() {
        let answer = run.await.expect("runs");
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    }
    let admins = crm.items_of("ADMINS").await;
    assert_eq!((admins.len(), admins[0].set("ids").len()), (1, 1));
    assert_eq!((crm.items_of("USER").await.len(), crm.items_of("CREDENTIAL").await.len()), (1, 1));
    let secret: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
    let published = crm.items_of("JWKS").await[0].at("data")["keys"].clone();
    assert_eq!(published.as_array().map(Vec::len), Some(secret["keys"].as_array().expect("keys").len()));
    assert_eq!(published[0]["kid"], secret["keys"][0]["kid"]);
}

#[tokio::test]
async fn an_administrator_is_made_at_the_creation_alone_and_only_where_there_is_none() {
    let crm = bare().await;
    let (first, second) = (drawn(), drawn());
    let app = with_admin(&crm, &as_secret(&first)).await;
    let update = json!({"RequestType": "Update", "PhysicalResourceId": TABLE, "ResourceProperties": {"Rotation": "1"}});
    assert_eq!(told(&app, update).await["Status"], "SUCCESS");
    assert_eq!(crm.items_of("USER").await.len(), 0, "an update makes nobody");
    assert_eq!(told(&app, create()).await["Status"], "SUCCESS");
    // A repetition, and a stack made anew on a table that was kept.
    for secret in [&first, &second] {
        assert_eq!(told(&with_admin(&crm, &as_secret(secret)).await, create()).await["Status"], "SUCCESS");
    }
    assert_eq!(crm.items_of("USER").await.len(), 1);
    let wrong = json!({"email": second.0, "password": second.1});
    assert_eq!(crm.nobody().post("/auth/login", wrong).await.status, 401);
    // Nor is the secret needed then: it may have been deleted.
    assert_eq!(told(&with_admin(&crm, "gone").await, create()).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_wrong_secret_of_the_administrator_is_told_without_a_word_of_it_and_changes_nothing() {
    let crm = bare().await;
    let (before, keys) = (crm.items().await.len(), crm.secret().await);
    let password = "Xq7-never-to-be-told-Xq7";
    for (secret, why) in [
        (password.to_owned(), "not an object with email and password"),
        (json!({"email": "root@crm.test"}).to_string(), "not an object with email and password"),
        (json!({"email": "nowhere", "password": password}).to_string(), "email"),
        (json!({"email": "root@crm.test", "password": "Xq7-never"}).to_string(), "password must have 10"),
        (json!({"email": "root@crm.test", "password": "Xq7-never-to"}).to_string(), "password must have 16"),
    ] {
        let event = json!({"RequestType": "Create", "ResourceProperties": {"Rotation": "another"}});
        let answer = told(&with_admin(&crm, &secret).await, event).await;
        let reason = answer["Reason"].as_str().expect("a reason");
        assert_eq!(answer["Status"], "FAILED");
        assert!(reason.contains("secret of the first administrator") && reason.contains(why), "{reason}");
        assert!(!reason.contains("Xq7"), "{reason}");
        assert_eq!((crm.items().await.len(), crm.secret().await == keys), (before, true), "no key was made either");
    }
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_is_refused_with_every_reason() {
    let wrong = application::Config::read(|name| match name {
        "TIME_ZONE" => Some("Mars/Base".to_owned()),
        "CURRENCY" => Some("euro".to_owned()),
        _ => None,
    });
    let wrong = wrong.expect_err("nonsense").to_string();
    for (kind, status) in [("Create", "FAILED"), ("Update", "FAILED"), ("Delete", "SUCCESS")] {
        let event = json!({"RequestType": kind, "PhysicalResourceId": "crm-before", "RequestId": "1"});
        let answer = match workers::bootstrap::refuse(event, wrong.clone()).await {
            Ok(answer) => answer,
            Err(failure) => json!({"Status": "FAILED", "Reason": failure.to_string()}),
        };
        assert_eq!(answer["Status"], status, "a stack that cannot start can be deleted");
        let reason = answer["Reason"].as_str().expect("a reason");
        assert_eq!(reason.contains("TIME_ZONE=\"Mars/Base\"") && reason.contains("CURRENCY=\"euro\""), status == "FAILED", "{reason}");
    }
}

#[tokio::test]
async fn a_table_of_another_name_is_another_resource_and_nothing_is_lost_with_the_old_one() {
    let crm = bare().await;
    let app = crm.embedded().worker_app(worker());
    let update = json!({"RequestType": "Update", "PhysicalResourceId": "crm-before", "ResourceProperties": {"Rotation": "1"}});
    assert_eq!(told(&app, update).await["PhysicalResourceId"], TABLE);
    let (items, secret) = (crm.items().await.len(), crm.secret().await);
    let delete = json!({"RequestType": "Delete", "PhysicalResourceId": "crm-before"});
    let answer = told(&app, delete).await;
    assert_eq!((&answer["Status"], &answer["PhysicalResourceId"]), (&json!("SUCCESS"), &json!("crm-before")));
    assert_eq!((crm.items().await.len(), crm.secret().await), (items, secret));
    // The same secret fills a table that has nothing: one that was restored.
    let other = Crm::bare(Table::memory().expect("memory"), Some(&crm.secret().await)).await.expect("opens");
    assert_eq!(other.items_of("JWKS").await[0].at("data")["keys"], crm.items_of("JWKS").await[0].at("data")["keys"]);
}

/// What the table says of its protection, and how often it was asked to change.
struct Watched {
    crm: Crm,
    asked: Arc<Mutex<Vec<Value>>>,
    busy: Arc<AtomicU32>,
}

impl Watched {
    /// A table that is being changed for as many calls.
    async fn new() -> Self {
        let (asked, busy) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::new(AtomicU32::new(0)));
        let (notes, left) = (asked.clone(), busy.clone());
        let observer = move |operation: &Operation| {
            if operation.name == "UpdateTable" {
                notes.lock().expect("lock").push(operation.request.clone());
                if left.load(Ordering::SeqCst) > 0 {
                    left.fetch_sub(1, Ordering::SeqCst);
                    let message = "Attempt to change a resource which is still in use".to_owned();
                    return Err(Fault::Answer { status: 400, code: "ResourceInUseException".into(), message });
                }
            }
            Ok(())
        };
        let table = Table::memory().expect("memory").with_observer(Arc::new(observer));
        Self { crm: Crm::bare(table, None).await.expect("opens"), asked, busy }
    }

    async fn told(&self, kind: &str, enabled: &str) -> Value {
        let event = json!({"RequestType": kind, "ResourceType": "Custom::Protection", "ResourceProperties": {"Enabled": enabled}});
        told(&self.crm.embedded().worker_app(worker()), event).await
    }

    async fn is_protected(&self) -> bool {
        let described = self.crm.embedded().table.request("DescribeTable", json!({"TableName": TABLE})).await.expect("described");
        described["Table"]["DeletionProtectionEnabled"] == true
    }

    fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().expect("lock"))
    }
}

#[tokio::test]
async fn the_protection_follows_the_stack_and_is_not_set_twice() {
    let watched = Watched::new().await;
    for (kind, enabled, expected) in
        [("Create", "true", 1), ("Update", "true", 0), ("Update", "false", 1), ("Update", "false", 0), ("Update", "true", 1)]
    {
        let answer = watched.told(kind, enabled).await;
        assert_eq!((&answer["Status"], &answer["PhysicalResourceId"]), (&json!("SUCCESS"), &json!("crm-protection")), "{answer}");
        assert_eq!(watched.is_protected().await, enabled == "true");
        let sent = watched.asked();
        assert_eq!(sent.len(), expected, "{kind} {enabled}");
        assert!(sent.iter().all(|sent| *sent == json!({"TableName": TABLE, "DeletionProtectionEnabled": enabled == "true"})), "{sent:?}");
    }
    assert_eq!(watched.told("Delete", "true").await["Status"], "SUCCESS");
    assert!(watched.is_protected().await && watched.asked().is_empty(), "the table outlives the resource as it is");
    let answer = watched.told("Update", "maybe").await;
    assert!(answer["Reason"].as_str().is_some_and(|reason| reason.contains("Enabled=\"maybe\"")), "{answer}");
    assert_eq!(watched.crm.items_of("USER").await.len(), 0);
}

#[tokio::test]
async fn a_table_that_is_being_changed_is_waited_for() {
    let watched = Watched::new().await;
    watched.busy.store(3, Ordering::SeqCst);
    assert_eq!(watched.told("Create", "true").await["Status"], "SUCCESS");
    assert_eq!((watched.asked().len(), watched.is_protected().await), (4, true));
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_being_changed_for_too_long_is_told_in_time() {
    let watched = Watched::new().await;
    watched.busy.store(u32::MAX, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let answer = watched.told("Create", "true").await;
    assert!(answer["Reason"].as_str().is_some_and(|reason| reason.contains("being changed")), "{answer}");
    assert!(began.elapsed() < std::time::Duration::from_secs(55), "the custom resource has 60 seconds");
}

/// The stream that the embedded table has, as CloudFormation would tell it.
async fn stream(crm: &Crm) -> String {
    let described = crm.embedded().table.request("DescribeTable", json!({"TableName": TABLE})).await.expect("described");
    described["Table"]["LatestStreamArn"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_table_that_is_brought_in_is_looked_at_before_anything_is_changed() {
    let crm = bare().await;
    let secret = crm.secret().await;
    let app = with_admin(&crm, &as_secret(&drawn())).await;
    let created = |stream: &str| json!({"RequestType": "Create", "ResourceProperties": {"Rotation": "1", "Table": TABLE, "Stream": stream}});
    let refused = told(&app, created("arn:aws:dynamodb:eu-central-1:1:table/crm/stream/of-before")).await;
    let reason = refused["Reason"].as_str().expect("a reason");
    assert!(refused["Status"] == "FAILED" && reason.contains("its stream is") && reason.contains("of-before"), "{reason}");
    assert_eq!((crm.secret().await, crm.items_of("USER").await.len()), (secret, 0), "nothing was changed");
    assert_eq!(told(&app, created(&stream(&crm).await)).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_table_that_nobody_can_sign_in_to_takes_the_place_of_none() {
    let crm = bare().await;
    let app = with_admin(&crm, &as_secret(&drawn())).await;
    let stream = stream(&crm).await;
    let update = |before: &str| {
        let properties = |table: &str| json!({"Rotation": "1", "Table": table, "Stream": stream});
        json!({"RequestType": "Update", "ResourceProperties": properties(TABLE), "OldResourceProperties": properties(before)})
    };
    let refused = told(&app, update("crm-prod")).await;
    assert!(refused["Reason"].as_str().is_some_and(|reason| reason.contains("no administrator") && reason.contains("crm-prod")), "{refused}");
    assert_eq!(told(&app, update(TABLE)).await["Status"], "SUCCESS", "the same table is nobody's question");
    assert_eq!(told(&app, create()).await["Status"], "SUCCESS");
    assert_eq!(told(&app, update("crm-prod")).await["Status"], "SUCCESS", "one with an administrator may come");
    let preferring = |preference: &str| {
        let mut event = update("crm-prod");
        event["ResourceProperties"]["Preference"] = json!(preference);
        event
    };
    let refused = told(&app, preferring("Canary10Percent5Minutes")).await;
    assert!(refused["Reason"].as_str().is_some_and(|reason| reason.contains("DeploymentPreference=AllAtOnce")), "{refused}");
    assert_eq!(told(&app, preferring("AllAtOnce")).await["Status"], "SUCCESS");
}
