//! The samples of the workers: each goes through its worker, and what the worker is for has happened.

use crate::samples::event;
use local::adapters::MemorySecret;
use local::generate::story::Story;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tests::background::worker;
use tests::items::plain;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use workers::WORKERS;

/// Plays a worker's sample to it; all of the batch is done.
async fn replay(story: &Story, name: &str) {
    let answer = (worker(name).handle)(&story.crm.worker_app(worker(name)), event("workers", name)).await.expect("answers");
    assert_eq!(answer, json!({"batchItemFailures": []}), "{name}");
}

/// The body of the one message in a sample.
fn body(name: &str) -> Value {
    serde_json::from_str(event("workers", name)["Records"][0]["body"].as_str().expect("a body")).expect("JSON")
}

/// The bodies that wait in a queue.
async fn waiting(story: &Story, queue: &str) -> Vec<Value> {
    let messages = story.crm.queues.peek(queue, 100).await.expect("peeks");
    messages.iter().map(|message| serde_json::from_str(message["body"].as_str().expect("a body")).expect("JSON")).collect()
}

/// The items of a type.
async fn items(story: &Story, wanted: impl Fn(&Value) -> bool) -> usize {
    story.crm.table.items(local::TABLE).await.expect("items").iter().filter(|item| wanted(item)).count()
}

async fn get(story: &Story, path: &str) -> Value {
    story.send("GET", path, None).await.expect("answers")
}

async fn the_projector_makes_search_words() {
    let story = Story::tell().await.expect("told");
    let found = async || get(&story, "/customers?q=babbage").await.as_array().map_or(0, Vec::len);
    assert_eq!(found().await, 0, "nothing runs in the background of the story");
    replay(&story, "projector").await;
    assert_eq!(found().await, 1);
    replay(&story, "projector").await;
    assert_eq!(found().await, 1, "a repeated delivery changes nothing");
}

async fn the_relay_publishes_one_event() {
    let story = Story::tell().await.expect("told");
    replay(&story, "relay").await;
    let published = waiting(&story, "automation").await;
    assert_eq!(published.len(), 1, "{published:?}");
    let image = plain(&json!({"M": event("workers", "relay")["Records"][0]["dynamodb"]["NewImage"]}));
    assert_eq!((&published[0]["detail-type"], &published[0]["detail"]["id"]), (&json!("lead.converted"), &image["data"]["id"]));
    assert_eq!(published[0]["detail"], body("automation")["detail"], "automation's sample is what the relay published");
}

async fn automation_sends_work() {
    let story = Story::tell().await.expect("told");
    replay(&story, "automation").await;
    // At once, and a second look.
    assert_eq!(waiting(&story, "work").await, [body("work"), body("work")]);
}

async fn the_work_is_done() {
    let story = Story::tell().await.expect("told");
    let task = format!("/tasks/{}", story.converted.task);
    assert_eq!(get(&story, &task).await["leadId"], json!(story.converted.lead));
    replay(&story, "work").await;
    let moved = get(&story, &task).await;
    assert_eq!((&moved["leadId"], &moved["customerId"]), (&Value::Null, &json!(story.converted.customer)));
}

async fn the_inbox_is_told() {
    let story = Story::tell().await.expect("told");
    let inbox = format!("/notifications?recipientId={}", story.ids["/users"]);
    assert_eq!(get(&story, &inbox).await, json!([]), "nothing runs in the background of the story");
    for _ in 0..2 {
        replay(&story, "notify").await;
        let told = get(&story, &inbox).await;
        assert_eq!((told.as_array().map(Vec::len), &told[0]["title"]), (Some(1), &json!("You were given a lead: A mill for the post office")));
    }
}

async fn the_job_reminds_of_what_is_due() {
    let story = Story::tell().await.expect("told");
    for _ in 0..2 {
        replay(&story, "jobs").await;
        let jobs = get(&story, "/admin/jobs").await;
        let job = jobs.as_array().and_then(|jobs| jobs.iter().find(|job| job["name"] == "followups-due")).expect("listed");
        let runs = job["lastRuns"].as_array().expect("a list");
        assert_eq!((runs.len(), &runs[0]["state"], &runs[0]["trigger"]), (1, &json!("SUCCEEDED"), &json!("SCHEDULE")));
    }
}

async fn who_became_a_customer_is_welcomed() {
    let story = Story::tell().await.expect("told");
    for _ in 0..2 {
        replay(&story, "messenger").await;
        let messages = get(&story, &format!("/messages?kind=WELCOME&customerId={}", story.ids["/customers"])).await;
        assert_eq!((messages.as_array().map(Vec::len), &messages[0]["kind"], &messages[0]["status"]), (Some(1), &json!("WELCOME"), &json!("QUEUED")));
    }
}

async fn the_address_is_marked() {
    let story = Story::tell().await.expect("told");
    let user = format!("/users/{}", story.ids["/users"]);
    assert_eq!(get(&story, &user).await["emailStatus"], "OK");
    replay(&story, "bounces").await;
    let marked = get(&story, &user).await;
    assert_eq!((&marked["emailStatus"], &marked["version"]), (&json!("BOUNCED"), &json!(1)), "no person's change");
    replay(&story, "bounces").await;
}

async fn the_parker_keeps_the_dead_letter() {
    let story = Story::tell().await.expect("told");
    let parked = |item: &Value| item["type"]["S"] == "PARKED";
    let before = items(&story, parked).await;
    replay(&story, "parker").await;
    assert_eq!(items(&story, parked).await, before + 1);
    let letters = get(&story, "/admin/dead-letters").await;
    let id = &event("workers", "parker")["Records"][0]["messageId"];
    let letter = letters.as_array().expect("a list").iter().find(|letter| letter["id"] == *id).expect("listed");
    assert_eq!(letter["queue"], "work");
}

async fn what_the_projector_did_not_do_is_done() {
    let story = Story::tell().await.expect("told");
    replay(&story, "repair").await;
    assert_eq!(get(&story, "/customers?q=babbage").await.as_array().map_or(0, Vec::len), 1);
}

async fn what_is_parked_goes_back() {
    let story = Story::tell().await.expect("told");
    replay(&story, "parker").await;
    let parked = |item: &Value| item["type"]["S"] == "PARKED" && item["data"]["M"]["queue"]["S"] == "work";
    assert_eq!(items(&story, parked).await, 1);
    replay(&story, "redrive").await;
    assert_eq!(items(&story, parked).await, 0);
}

/// Takes one request, answers it and gives its body.
async fn listen(listener: TcpListener) -> Value {
    let (mut stream, _) = listener.accept().await.expect("accepts");
    let mut text = String::new();
    loop {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.expect("reads");
        assert!(count > 0, "cut short: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        if let Ok(body) = serde_json::from_str(body) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.expect("answers");
            return body;
        }
    }
}

async fn the_bootstrap_makes_keys_and_answers_cloudformation() {
    let story = Story::tell().await.expect("told");
    let secret = Arc::new(MemorySecret::default());
    let ports = story.crm.worker_app(worker("bootstrap")).with_secrets(secret.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut event = event("workers", "bootstrap");
    event["ResponseURL"] = json!(format!("http://{}/cloudformation", listener.local_addr().expect("an address")));
    let told = Mutex::new(Value::Null);
    let listening = async { *told.lock().expect("lock") = listen(listener).await };
    let (answer, ()) = tokio::join!((worker("bootstrap").handle)(&ports, event.clone()), listening);
    assert_eq!(answer.expect("answers"), *told.lock().expect("lock"));
    let told = told.into_inner().expect("lock");
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    for member in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(told[member], event[member]);
    }
    assert!(aws::Secrets::read(&*secret).await.expect("secret").is_some_and(|secret| secret.contains("pkcs8")), "there are signing keys");
}

#[tokio::test]
async fn every_worker_does_with_its_sample_what_it_is_for() {
    for worker in WORKERS {
        match worker.name {
            "projector" => the_projector_makes_search_words().await,
            "relay" => the_relay_publishes_one_event().await,
            "automation" => automation_sends_work().await,
            "notify" => the_inbox_is_told().await,
            "messenger" => who_became_a_customer_is_welcomed().await,
            "bounces" => the_address_is_marked().await,
            "work" => the_work_is_done().await,
            "repair" => what_the_projector_did_not_do_is_done().await,
            "redrive" => what_is_parked_goes_back().await,
            "jobs" => the_job_reminds_of_what_is_due().await,
            "parker" => the_parker_keeps_the_dead_letter().await,
            "bootstrap" => the_bootstrap_makes_keys_and_answers_cloudformation().await,
            name => panic!("the sample of {name} is not played to it: add what it has to do to tests/samples/workers.rs"),
        }
    }
}
