//! `/dev/events`: what it shows, and that nobody but the page itself presses its buttons.

use crate::faults::dead_letters::left_behind;
use http::{HeaderMap, Method, StatusCode};
use local::Table;
use serde_json::{Value, json};
use std::time::Duration;
use tests::background::{Post, settle};
use tests::people::text;
use tests::{Crm, Person};

const HOST: &str = "127.0.0.1:9000";
const OWN: &[(&str, &str)] = &[("host", HOST), ("origin", "http://127.0.0.1:9000")];

/// An answer: status, headers, text.
type Answered = (StatusCode, HeaderMap, String);

async fn ask(crm: &Crm, method: Method, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = crm.embedded().call(request.body(bytes::Bytes::new()).expect("a request")).await.into_parts();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

async fn press(crm: &Crm, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let (status, _, words) = ask(crm, Method::POST, path, headers).await;
    (status.as_u16(), words)
}

async fn shown(crm: &Crm) -> Value {
    let (status, _, text) = ask(crm, Method::GET, "/dev/events.json", &[("host", HOST)]).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// A CRM in which a message was parked that nobody can read, and the workers, who work when they are told to.
async fn poisoned() -> (Crm, Person, Vec<Post>) {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let mut posts = crm.posts().await;
    crm.embedded().queues.send("automation", vec!["<script>no event</script>".to_owned()], Duration::ZERO).await.expect("sent");
    settle(&mut posts).await;
    (crm, admin, posts)
}

fn queue<'a>(shown: &'a Value, name: &str) -> &'a Value {
    shown["queues"].as_array().expect("queues").iter().find(|queue| queue["name"] == name).expect("the queue")
}

#[tokio::test]
async fn the_page_shows_events_queues_dead_letters_and_jobs() {
    let (crm, admin, mut posts) = poisoned().await;
    let (status, headers, page) = ask(&crm, Method::GET, "/dev/events", &[("host", HOST)]).await;
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(status == 200 && policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(page.contains("Dead letters"));
    let rep = crm.person("SALES_REP", None).await;
    let lead = admin.lead(json!({"ownerId": rep.id})).await;
    settle(&mut posts).await;
    let all = shown(&crm).await;
    let given = all["events"].as_array().expect("events").iter().find(|passed| passed["event"]["type"] == "lead.assigned").expect("it passed");
    assert_eq!((&given["event"]["entity"]["id"], &given["queues"]), (&lead["id"], &json!(["automation", "notifications"])));
    assert_eq!(*queue(&all, "automation"), json!({"name": "automation", "waiting": 0, "delayed": 0, "inFlight": 0, "dead": 1}));
    let letter = &all["letters"][0];
    assert_eq!((&letter["queue"], &letter["attempts"], &letter["body"]), (&json!("automation"), &json!(1), &json!("25 bytes that are not JSON")));
    assert!(letter["cause"].is_string() && letter["failedAt"].is_string());
    assert_eq!(all["jobs"].as_array().map(Vec::len), Some(messaging::JOBS.len()));
    assert!(all["jobs"][0]["nextRunAt"].is_string());
}

#[tokio::test]
async fn a_button_is_pressed_by_the_page_itself_and_nobody_else() {
    let (crm, _, mut posts) = poisoned().await;
    let path = format!("/dev/events/redrive/{}", text(&shown(&crm).await["letters"][0]["id"]));
    let foreign: [(&str, &[(&str, &str)]); 8] = [
        ("a foreign host", &[("host", "evil.example"), ("origin", "http://evil.example")]),
        ("a foreign host with this origin", &[("host", "evil.example"), ("origin", "http://127.0.0.1:9000")]),
        ("a foreign origin", &[("host", HOST), ("origin", "https://evil.example")]),
        ("another port", &[("host", HOST), ("origin", "http://127.0.0.1:3000")]),
        ("no origin", &[("host", HOST)]),
        ("an origin that is kept back", &[("host", HOST), ("origin", "null")]),
        ("another site", &[("host", HOST), ("sec-fetch-site", "cross-site")]),
        ("two that disagree", &[("host", HOST), ("origin", "http://127.0.0.1:9000"), ("sec-fetch-site", "same-site")]),
    ];
    for (what, headers) in foreign {
        for path in [path.as_str(), "/dev/events/redrive", "/dev/events/jobs/tasks-due/run"] {
            assert_eq!(press(&crm, path, headers).await.0, 403, "{what}: {path}");
        }
    }
    for path in [path.as_str(), "/dev/events/redrive", "/dev/events/jobs/tasks-due/run"] {
        assert_eq!(ask(&crm, Method::GET, path, OWN).await.0, 404, "a GET changes nothing: {path}");
        assert_eq!(ask(&crm, Method::DELETE, path, OWN).await.0, 405, "{path}");
    }
    assert_eq!(press(&crm, "/dev/mailbox", OWN).await.0, 404);
    settle(&mut posts).await;
    let all = shown(&crm).await;
    assert_eq!((all["letters"].as_array().map(Vec::len), queue(&all, "jobs")["waiting"].as_u64()), (Some(1), Some(0)));
    assert!(all["jobs"].as_array().expect("jobs").iter().all(|job| job["lastRuns"] == json!([])), "nothing was started");
    assert_eq!(press(&crm, &path, &[("host", "localhost:9000"), ("sec-fetch-site", "same-origin")]).await.0, 202);
}

#[tokio::test]
async fn what_is_redriven_through_the_page_is_done_once() {
    let (crm, admin, mut posts) = poisoned().await;
    let (work, customer) = left_behind(&crm, &admin).await;
    let parked = store::Parked {
        id: crm.embedded().app().act().id(),
        queue: "work".to_owned(),
        cause: "the table was busy".to_owned(),
        attempts: 3,
        failed_at: crm.embedded().app().clock.now(),
        body: work.to_string(),
    };
    crm.embedded().app().unscoped().park(&parked).await.expect("parked");
    let path = format!("/dev/events/redrive/{}", parked.id);
    assert_eq!(press(&crm, &path, OWN).await, (202, "Sent again to work.\n".to_owned()));
    assert_eq!(press(&crm, &path, OWN).await.0, 404, "it is on its way already");
    assert_eq!(queue(&shown(&crm).await, "work")["waiting"], json!(1), "once");
    settle(&mut posts).await;
    let moved = admin.get(&customer).await.expect(200).data().clone();
    assert_eq!(moved["ownerId"], Value::Null);
    // All of them: what nobody can read comes back.
    assert_eq!(press(&crm, "/dev/events/redrive", OWN).await.0, 202);
    settle(&mut posts).await;
    let all = shown(&crm).await;
    assert_eq!(all["letters"].as_array().map(Vec::len), Some(1));
    assert_eq!(admin.get(&customer).await.data()["version"], moved["version"], "the work was done once");
    // What belongs to no queue stays.
    let batch = store::Parked { id: crm.embedded().app().act().id(), queue: messaging::STREAM.to_owned(), ..parked };
    crm.embedded().app().unscoped().park(&batch).await.expect("parked");
    assert_eq!(press(&crm, &format!("/dev/events/redrive/{}", batch.id), OWN).await.0, 409);
}

#[tokio::test]
async fn a_job_is_started_and_counted_through_the_page_by_the_system() {
    let (crm, _, mut posts) = poisoned().await;
    assert_eq!(press(&crm, "/dev/events/jobs/tasks-due/dry-run", OWN).await.0, 202);
    settle(&mut posts).await;
    assert_eq!(press(&crm, "/dev/events/jobs/tasks-due/run", OWN).await.0, 202);
    settle(&mut posts).await;
    assert_eq!(press(&crm, "/dev/events/jobs/no-such-job/run", OWN).await.0, 404);
    let all = shown(&crm).await;
    let job = all["jobs"].as_array().expect("jobs").iter().find(|job| job["name"] == "tasks-due").expect("the job").clone();
    let runs: Vec<_> =
        job["lastRuns"].as_array().expect("runs").iter().map(|run| (&run["state"], &run["trigger"], &run["startedBy"], &run["dryRun"])).collect();
    let (done, by_hand, nobody) = (&json!("SUCCEEDED"), &json!("MANUAL"), &Value::Null);
    assert_eq!(runs, [(done, by_hand, nobody, &json!(false)), (done, by_hand, nobody, &json!(true))]);
}
