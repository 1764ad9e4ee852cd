//! The bootstrap: what CloudFormation asks of the deployment's custom resources, so that `sam deploy` needs no
//! step by hand.
//!
//! `Custom::Bootstrap` makes the signing keys and, when the stack is created, the first administrator; another
//! `Rotation` rotates the keys. `Custom::Protection`, which the template makes last, sets whether the table refuses to
//! be deleted. Nothing is changed before everything that was asked makes sense, and every request may come
//! again.

use crate::failure::Failure;
use crate::{Need, Trigger, Worker};
use application::App;
use application::keys::{Outcome, Wanted, check_rotation, random, settle};
use application::metric::Metric;
use domain::Role;
use domain::password::{self, Password};
use domain::text::{Invalid, TextValue};
use domain::user::{UserData, UserText, register};
use domain::value::Email;
use futures::FutureExt;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Action, FailedCondition, Tx};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "bootstrap",
    about: "Makes the signing keys and the first administrator, and protects the table",
    trigger: Trigger::CustomResource,
    actions: &[Action::Get, Action::Put, Action::Update, Action::Describe, Action::Configure],
    needs: &[Need::Secret, Need::Credentials, Need::Cpu],
    handle: |app, event| run(app, event).boxed(),
};

/// The type of the resource that protects the table; every other one is the bootstrap's.
const PROTECTION: &str = "Custom::Protection";
/// How long a reason may be, characters. CloudFormation takes 4 KB for the whole answer.
const LONGEST_REASON: usize = 1000;
/// How long the name of a stack may be, characters: the longest name of a function goes behind it, and Lambda takes 64
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>).
pub const LONGEST_STACK: usize = 40;
/// How short a drawn password may be, characters.
const SHORTEST_DRAWN: usize = 16;

/// Handles a CloudFormation custom resource event and answers it at its `ResponseURL`.
async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let table = app.unscoped().table_name();
    let (resource, outcome) = if event["ResourceType"] == PROTECTION {
        (format!("{table}-protection"), protection(app, &event).await.map(|()| String::new()))
    } else {
        (table.to_owned(), bootstrap(app, &event).await)
    };
    answer(&event, &resource, outcome).await
}

/// Answers without having been able to start: what is wrong with the environment is for whoever deploys. A
/// resource that is deleted is nobody's loss, and a stack that cannot be deleted would be.
pub async fn refuse(event: Value, wrong: String) -> Result<Value, Failure> {
    let outcome = if event["RequestType"] == "Delete" { Ok(String::new()) } else { Err(Failure::Nonsense(wrong)) };
    answer(&event, "crm-bootstrap", outcome).await
}

/// Tells CloudFormation what became of it, and of the rotation of the keys in words. A resource is what it was before,
/// unless something was done to another one.
async fn answer(event: &Value, resource: &str, outcome: Result<String, Failure>) -> Result<Value, Failure> {
    if let Err(failure) = &outcome {
        application::log::fault("bootstrap", &failure.to_string());
    }
    let present = event["PhysicalResourceId"].as_str().filter(|_| outcome.is_err() || event["RequestType"] == "Delete");
    let answer = json!({
        "Status": if outcome.is_ok() { "SUCCESS" } else { "FAILED" },
        "Reason": outcome.as_ref().err().map_or_else(|| "done".to_owned(), |failure| domain::value::cut(&failure.to_string(), LONGEST_REASON)),
        "PhysicalResourceId": present.unwrap_or(resource),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {
            "SettingsId": settings_id(&event["ResourceProperties"]["Settings"]),
            "Rotation": outcome.as_ref().map(String::as_str).unwrap_or_default(),
        },
    });
    if let Some(url) = event["ResponseURL"].as_str() {
        aws::put(url, answer.to_string()).await.map_err(|error| Failure::Nonsense(error.to_string()))?;
        // It was told, and to be asked again by Lambda would help nobody.
        return Ok(answer);
    }
    outcome.map(|_| answer)
}

/// Names these settings, whatever their order: other ones have another id. The versions of the functions have it as their
/// description, so that changed settings make new versions.
fn settings_id(settings: &Value) -> String {
    let sorted: BTreeMap<&String, &Value> = settings.as_object().into_iter().flatten().collect();
    store::sha256(json!(sorted).to_string().as_bytes())[..16].to_owned()
}

/// Keys, and when the stack is created the first administrator; what became of the rotation.
async fn bootstrap(app: &App, event: &Value) -> Result<String, Failure> {
    let created = match event["RequestType"].as_str() {
        // Removing the stack removes the secrets and, if it is not retained, the table.
        Some("Delete") => return Ok(String::new()),
        Some(kind) => kind == "Create",
        None => return Err(Failure::Nonsense("not a custom resource event".into())),
    };
    let rotation = |properties: &'static str| event[properties]["Rotation"].as_str();
    let wanted =
        Wanted { rotation: rotation("ResourceProperties"), before: rotation("OldResourceProperties"), access_seconds: app.config.access_seconds };
    if let Some(value) = wanted.rotation {
        check_rotation(value)?;
    }
    let stack = event["ResourceProperties"]["Stack"].as_str().unwrap_or_default();
    if stack.len() > LONGEST_STACK {
        return Err(Failure::Nonsense(format!("the stack's name {stack} is too long: {LONGEST_STACK} characters at most")));
    }
    check_table(app, event, created).await?;
    let admin = match app.first_admin().filter(|_| created) {
        Some(secret) if !app.unscoped().has_admin().await? => Some(FirstAdmin::read(secret).await?),
        _ => None,
    };
    let rotation = told(wanted.rotation, &settle(app.unscoped(), app.secrets()?, app.clock.now(), wanted).await?);
    if created {
        // The alarms of jobs that were missed wait from now on, and do not ring because there was no yesterday.
        messaging::JOBS.iter().for_each(|job| Metric::JobDone.count(job.name.as_str()));
    }
    if let Some(admin) = admin {
        // It was drawn, so it is not looked at whether it is hard to guess, which might take ten draws by chance.
        register_first(app, admin.email, &admin.password, true).await?;
    }
    Ok(rotation)
}

/// What became of a rotation, in words. One that was wanted again after another one changes nothing, which whoever
/// fears for a key has to hear.
fn told(wanted: Option<&str>, outcome: &Outcome) -> String {
    let wanted = wanted.unwrap_or_default();
    match outcome {
        Outcome::InForce => format!("the rotation {wanted} is in force"),
        Outcome::Overtaken { by } => {
            let told = format!("the rotation {wanted} was carried out before, and {by} after it: nothing was changed, and {by} stays in force");
            application::log::fault("bootstrap", &told);
            told
        }
    }
}

/// Refuses a table that the CRM cannot work on, and, once there is a deployment, one that has no administrators: nobody
/// could sign in to a table that took the place of another.
async fn check_table(app: &App, event: &Value, created: bool) -> Result<(), Failure> {
    let (properties, store) = (&event["ResourceProperties"], app.unscoped());
    let table = store.table_name();
    // Who tells no stream is no template of this version.
    let Some(stream) = properties["Stream"].as_str() else { return Ok(()) };
    let lacking = patiently(|| store.lacks(Some(stream))).await?;
    if !lacking.is_empty() {
        return Err(Failure::Nonsense(format!("the table {table} is none of the CRM: {}", lacking.join("; "))));
    }
    let before = &event["OldResourceProperties"]["Table"];
    if created || before == &properties["Table"] {
        return Ok(());
    }
    let before = before.as_str().unwrap_or_default();
    // Roles let go of the table before the last calls of the old version end, which a canary counts as its failures.
    if let Some(preference) = properties["Preference"].as_str().filter(|preference| *preference != ALL_AT_ONCE) {
        let told = format!("the table {table} takes the place of {before} with DeploymentPreference={ALL_AT_ONCE} alone; here it is {preference}");
        return Err(Failure::Nonsense(told));
    }
    match store.has_admin().await? {
        true => Ok(()),
        false => Err(Failure::Nonsense(format!("the table {table} has no administrator and cannot take the place of {before}"))),
    }
}

/// The deployment of which no part waits.
const ALL_AT_ONCE: &str = "AllAtOnce";

/// How often, and after which pause, a call is repeated that may be refused only because a policy is new: IAM takes some
/// seconds until it is known everywhere.
const REPEATS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);

/// The outcome of a call, which is repeated while it fails.
async fn patiently<T, Fut: Future<Output = Result<T, store::Error>>>(call: impl Fn() -> Fut) -> Result<T, store::Error> {
    for _ in 0..REPEATS {
        match call().await {
            Err(store::Error::Call(_)) => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    call().await
}

/// Whether the table refuses to be deleted, as long as there is a stack that says so.
async fn protection(app: &App, event: &Value) -> Result<(), Failure> {
    if event["RequestType"] == "Delete" {
        return Ok(());
    }
    let enabled = match event["ResourceProperties"]["Enabled"].as_str() {
        Some("true") => true,
        Some("false") => false,
        other => return Err(Failure::Nonsense(format!("Enabled={:?} makes no sense: true or false", other.unwrap_or_default()))),
    };
    Ok(app.unscoped().protect(enabled).await?)
}

/// Who is to be the first administrator, with a password that Secrets Manager drew.
struct FirstAdmin {
    email: Email,
    password: Password,
}

impl FirstAdmin {
    /// Reads the secret. Nothing of it is repeated in an error but the name of what is wrong.
    async fn read(secret: &dyn aws::Secrets) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Drawn {
            email: String,
            password: String,
        }
        let wrong = |why: &str| Failure::Nonsense(format!("the secret of the first administrator: {why}"));
        let text = secret.read().await.map_err(|error| wrong(&error.to_string()))?.ok_or_else(|| wrong("it has no value"))?;
        let drawn: Drawn = serde_json::from_str(&text).map_err(|_| wrong("it is not an object with email and password"))?;
        let invalid = |name: &str, invalid: Invalid| wrong(&format!("{name} {}", invalid.message));
        let email = Email::read(&drawn.email).map_err(|why| invalid("email", why))?;
        let password = Password::new(&drawn.password).map_err(|why| invalid("password", why))?;
        if drawn.password.chars().count() < SHORTEST_DRAWN {
            return Err(wrong(&format!("password must have {SHORTEST_DRAWN} characters or more")));
        }
        Ok(Self { email, password })
    }
}

/// Registers the first administrator with a password that somebody chose, if there is none yet.
pub async fn first_admin(app: &App, email: Email, password: &Password, must_change_password: bool) -> Result<(), Failure> {
    let weak = |invalid: Invalid| Failure::Nonsense(format!("the first administrator: the password {}", invalid.message));
    password.check_strength(&UserData::new(email.clone(), Role::Admin).known_words()).map_err(weak)?;
    register_first(app, email, password, must_change_password).await
}

async fn register_first(app: &App, email: Email, password: &Password, must_change_password: bool) -> Result<(), Failure> {
    let data = UserData { must_change_password, ..UserData::new(email, Role::Admin) };
    let hash = password::hash(password, &random()?).map_err(|e| Failure::Nonsense(e.to_string()))?;
    let (user, sign_in, event) = register(&app.act(), data, UserText::default(), hash);
    let mut tx = Tx::new();
    tx.register_first_admin(&user, &sign_in, &event);
    match app.unscoped().commit(tx).await {
        // Made by another run meanwhile: there already is what was to be made.
        Err(error) if error.is_refused(&FailedCondition::Done) => Ok(()),
        Err(error) if error.is_refused(&FailedCondition::Taken("email")) => {
            Err(Failure::Nonsense("the first administrator: somebody who is none has this e-mail address".into()))
        }
        done => Ok(done?),
    }
}
