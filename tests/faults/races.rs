//! Races for reach: a record leaves the caller's reach after it was loaded and before the change of it is
//! committed. Who lost it is answered 404, and nothing is written. And races for a session: what ends it
//! comes between reading and writing of what would open or prolong it.

use local::{Operation, Table};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tests::Crm;
use tests::crm::{PASSWORD, unique};
use tests::people::{Person, text};

/// What happens at the moment before a route's first transaction is carried out.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// Puts something between a route's reading and its writing, once.
#[derive(Default)]
struct Gap(Mutex<Option<(&'static str, Meanwhile)>>);

impl Gap {
    fn table() -> (Table, Arc<Self>) {
        let gap = Arc::new(Self::default());
        let seen = gap.clone();
        let observer = move |operation: &Operation| {
            if operation.name == "TransactWriteItems" {
                // Taken before it runs, since what it does comes by here as well.
                let due = {
                    let mut slot = seen.0.lock().expect("lock");
                    let mine = slot.as_ref().is_some_and(|(role, _)| operation.role == Some(role));
                    if mine { slot.take() } else { None }
                };
                if let Some((_, meanwhile)) = due {
                    meanwhile();
                }
            }
            Ok(())
        };
        (Table::memory().expect("memory").with_observer(Arc::new(observer)), gap)
    }

    /// Before the next transaction of this route, this person sends this change, and it is done.
    fn before(&self, route: &'static str, person: &Person, path: String, body: Value) {
        let person = person.clone();
        self.meanwhile(route, async move { drop(person.patch(&path, body).await.expect(200)) });
    }

    /// Before the next transaction of this route, this happens.
    fn meanwhile(&self, route: &'static str, change: impl Future<Output = ()> + Send + 'static) {
        let meanwhile = move || {
            let change = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
                runtime.block_on(change);
            });
            change.join().expect("the change is done");
        };
        *self.0.lock().expect("lock") = Some((route, Box::new(meanwhile)));
    }

    fn is_over(&self) -> bool {
        self.0.lock().expect("lock").is_none()
    }
}

/// The records of the table, without what notes an attempt.
async fn stored(crm: &Crm, kind: &str) -> Vec<Value> {
    let items = crm.items().await;
    items.iter().filter(|item| item.text("type") == kind).map(|item| item.at("data").clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_leaves_reach_while_it_is_converted_is_not_converted() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let (rep, stranger) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let lead = text(&rep.lead(json!({"lastName": "Moving", "email": format!("{}@race.example", unique())})).await["id"]);
    gap.before("convert_lead", &admin, format!("/leads/{lead}/assign"), json!({"ownerId": stranger.id}));
    let reply = rep.post(&format!("/leads/{lead}/convert"), json!({})).await;
    assert!(gap.is_over(), "it was given away in between");
    assert_eq!((reply.status, reply.code()), (404, "NOT_FOUND"), "{}", reply.text);
    assert_eq!(stored(&crm, "CUSTOMER").await, Vec::<Value>::new());
    assert_eq!(stranger.get(&format!("/leads/{lead}")).await.data()["status"], "NEW");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_that_leaves_reach_while_a_lead_is_linked_to_it_is_not_linked() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let (rep, stranger) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let customer = text(&admin.customer(json!({"name": "Theirs", "ownerId": rep.id})).await["id"]);
    let lead = text(&rep.lead(json!({"lastName": "Linked", "email": format!("{}@race.example", unique())})).await["id"]);
    gap.before("convert_lead", &admin, format!("/customers/{customer}/assign"), json!({"ownerId": stranger.id}));
    let reply = rep.post(&format!("/leads/{lead}/convert"), json!({"customerId": customer})).await;
    assert!(gap.is_over(), "it was given away in between");
    assert_eq!((reply.status, reply.code()), (404, "NOT_FOUND"), "{}", reply.text);
    assert_eq!(rep.get(&format!("/leads/{lead}")).await.data()["status"], "NEW");
    assert_eq!(stored(&crm, "CUSTOMER").await[0]["convertedFromLeadId"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_gets_a_lead_which_is_converted_in_that_moment_is_refused_as_that() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let rep = crm.person("SALES_REP", None).await;
    let task = format!("/tasks/{}", text(&rep.make("/tasks", json!({"title": "Linked"})).await["id"]));
    for route in ["create_task", "update_task"] {
        let lead = rep.lead(json!({"title": "Converted"})).await["id"].clone();
        let (person, convert) = (rep.clone(), format!("/leads/{}/convert", text(&lead)));
        gap.meanwhile(route, async move { drop(person.post(&convert, json!({})).await.expect(200)) });
        let reply = match route {
            "create_task" => rep.post("/tasks", json!({"title": "New", "leadId": lead})).await,
            _ => rep.patch(&task, json!({"leadId": lead})).await,
        };
        assert!(gap.is_over(), "{route}: it was converted in between");
        assert_eq!((reply.status, reply.code()), (409, "LEAD_CONVERTED"), "{route}: {}", reply.text);
    }
    assert_eq!(rep.get(&task).await.data()["leadId"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn referrers_that_are_set_at_one_moment_make_no_circle() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(text(&admin.customer(json!({})).await["id"]));
    }
    let [first, second, third] = <[String; 3]>::try_from(made).expect("three");
    let path = |id: &str| format!("/customers/{id}");
    // The first is brought by the second, and the second by the third, which the first brought.
    admin.patch(&path(&third), json!({"referredById": first})).await.expect(200);
    gap.before("update_customer", &admin, path(&second), json!({"referredById": third}));
    let reply = admin.patch(&path(&first), json!({"referredById": second})).await;
    assert!(gap.is_over(), "it was set in between");
    assert_eq!((reply.status, reply.pointers()), (422, vec!["/referredById"]), "{}", reply.text);
    assert_eq!(admin.get(&path(&first)).await.data()["referredById"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_reach_while_it_is_deleted_stays() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let (rep, stranger) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let team = text(&admin.make("/teams", json!({"name": unique()})).await["id"]);
    let manager = crm.person("MANAGER", Some(&team)).await;
    let customer = text(&admin.customer(json!({"name": "Theirs", "ownerId": manager.id})).await["id"]);
    let lead = text(&rep.lead(json!({"title": "Theirs"})).await["id"]);
    let task = text(&rep.make("/tasks", json!({"title": "Theirs"})).await["id"]);
    let given = json!({"ownerId": stranger.id});
    for (person, route, path, giving) in [
        (&manager, "delete_customer", format!("/customers/{customer}"), format!("/customers/{customer}/assign")),
        (&rep, "delete_lead", format!("/leads/{lead}"), format!("/leads/{lead}/assign")),
        (&rep, "delete_task", format!("/tasks/{task}"), format!("/tasks/{task}")),
    ] {
        gap.before(route, &admin, giving, given.clone());
        let reply = person.delete(&path).await;
        assert!(gap.is_over(), "{route}: it was given away in between");
        assert_eq!((reply.status, reply.code()), (404, "NOT_FOUND"), "{route}: {}", reply.text);
        let found = stranger.get(&path).await.expect(200);
        assert!(found.data()["archived"] != json!(true), "{route}: {}", found.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_opened_while_the_password_is_reset_ends() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    // Nothing but the password changes: there is no session to end, and a new password is due already.
    let email = format!("{}@race.example", unique());
    let user = json!({"email": email, "password": PASSWORD, "mustChangePassword": true});
    let path = format!("/users/{}", text(&admin.make("/users", user).await["id"]));
    let opened = Arc::new(Mutex::new(None));
    let (crm_too, email_too, kept) = (crm.clone(), email.clone(), opened.clone());
    gap.meanwhile("update_user", async move {
        let person = crm_too.sign_in(&email_too, PASSWORD).await;
        *kept.lock().expect("lock") = Some(person);
    });
    admin.patch(&path, json!({"password": "set by somebody"})).await.expect(200);
    let person = opened.lock().expect("lock").take().expect("somebody signed in between");
    person.get("/auth/me").await.expect(401);
    crm.nobody().post("/auth/refresh", json!({"refreshToken": person.refresh})).await.expect(401);
    crm.nobody().post("/auth/login", json!({"email": email, "password": PASSWORD})).await.expect(401);
    crm.sign_in(&email, "set by somebody").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_sessions_is_not_undone_by_a_refresh_or_a_new_password_or_a_sign_in_at_that_moment() {
    let (table, gap) = Gap::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    for route in ["refresh", "password", "login"] {
        for ending in ["logout", "reset", "disable"] {
            if (route, ending) == ("login", "logout") {
                continue;
            }
            let rep = crm.person("SALES_REP", None).await;
            let (admin, other) = (admin.clone(), rep.clone());
            gap.meanwhile(route, async move {
                let path = format!("/users/{}", other.id);
                match ending {
                    "logout" => drop(other.post("/auth/logout", json!({"all": true})).await.expect(204)),
                    "reset" => drop(admin.patch(&path, json!({"password": "set by somebody"})).await.expect(200)),
                    _ => drop(admin.delete(&path).await.expect(204)),
                }
            });
            let reply = match route {
                "refresh" => crm.nobody().post("/auth/refresh", json!({"refreshToken": rep.refresh})).await,
                "password" => rep.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "another long one"})).await,
                _ => crm.nobody().post("/auth/login", json!({"email": rep.email, "password": PASSWORD})).await,
            };
            assert!(gap.is_over(), "{route}: {ending} came in between");
            // Whose current password became another is told so, although the session ended too.
            let status = if (route, ending) == ("password", "reset") { 422 } else { 401 };
            assert_eq!(reply.status, status, "{route}, {ending}: {}", reply.text);
            rep.get("/auth/me").await.expect(401);
            crm.nobody().post("/auth/login", json!({"email": rep.email, "password": "another long one"})).await.expect(401);
        }
    }
}
