//! Batches that a mapping of the stream gave up on: they come whole into a bucket, are parked record by record, and done when they
//! are sent again.

use aws::{Objects, ObjectsError};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tests::Crm;
use tests::background::{stream, worker};
use tests::people::text;
use tests::recount::{Look, disagreements};

/// A bucket in memory; without its objects it is out of reach.
#[derive(Default)]
struct Bucket(Mutex<Option<HashMap<String, String>>>);

impl Objects for Bucket {
    fn read<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = Result<Option<String>, ObjectsError>> + Send + 'a>> {
        let found = self.0.lock().expect("lock").as_ref().map(|objects| objects.get(key).cloned());
        Box::pin(async { found.ok_or_else(|| ObjectsError("no answer".to_owned())) })
    }
}

const ID: &str = "019a0000-0000-7000-8000-000000000001";

/// What a mapping puts into the bucket.
fn given_up(worker: &str, payload: Value) -> String {
    json!({
        "requestContext": {"requestId": "1", "functionArn": format!("arn:aws:lambda:eu-central-1:1:function:crm-dev-{worker}:live"), "condition": "MaximumRecordAgeExceeded",
            "approximateInvokeCount": 1200},
        "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
        "version": "1.0",
        "DDBStreamBatchInfo": {"shardId": "shardId-7", "startSequenceNumber": "800", "endSequenceNumber": "801", "batchSize": 2, "streamArn": "arn"},
        "payload": payload,
    })
    .to_string()
}

/// The message in which S3 tells of it.
fn told(body: &Value) -> Value {
    let arn = "arn:aws:sqs:eu-central-1:1:crm-dev-stream-dead";
    json!({"Records": [{"messageId": ID, "body": body.to_string(), "eventSourceARN": arn}]})
}

fn of_objects(keys: &[&str]) -> Value {
    let of = |key: &&str| json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "crm-dev-undelivered"}, "object": {"key": key, "size": 1}}});
    json!({"Records": keys.iter().map(of).collect::<Vec<_>>()})
}

async fn park(crm: &Crm, bucket: &Arc<Bucket>, body: &Value) -> Value {
    let parker = worker("parker");
    let app = crm.embedded().worker_app(parker).with_undelivered(bucket.clone());
    (parker.handle)(&app, told(body)).await.expect("answers")
}

fn bucket(objects: Vec<(&str, String)>) -> Arc<Bucket> {
    Arc::new(Bucket(Mutex::new(Some(objects.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()))))
}

fn done() -> Value {
    json!({"batchItemFailures": []})
}

async fn causes(crm: &Crm) -> Vec<(String, String)> {
    crm.items_of("PARKED").await.iter().map(|item| (text(&item.at("data")["queue"]), text(&item.at("data")["cause"]))).collect()
}

#[tokio::test]
async fn what_the_stream_gave_up_on_is_parked_record_by_record_and_done_when_it_is_sent_again() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let id = text(&admin.customer(json!({"name": "Undelivered"})).await["id"]);
    let records = stream(&crm).await;
    let of = |kind: &str| -> Vec<Value> {
        let is = |record: &&Value| {
            text(&record["dynamodb"]["Keys"]["sk"]["S"]).starts_with(kind) && text(&record["dynamodb"]["Keys"]["pk"]["S"]).ends_with(&id)
        };
        records.iter().filter(is).cloned().collect()
    };
    let (customers, events) = (of("CUSTOMER"), of("EVENT#"));
    assert_eq!((customers.len(), events.len()), (1, 1));
    // One with its payload as text, as S3 has it, and one as JSON.
    let bucket = bucket(vec![
        ("aws/lambda/1/shardId-7/2026/one", given_up("projector", json!(json!({"Records": customers}).to_string()))),
        ("aws/lambda/2/shardId-7/2026/two", given_up("relay", json!({"Records": events}))),
    ]);
    let both = of_objects(&["aws/lambda/1/shardId-7/2026/one", "aws/lambda/2/shardId-7/2026/two"]);
    for _ in 0..2 {
        assert_eq!(park(&crm, &bucket, &both).await, done());
        assert_eq!(crm.items_of("PARKED").await.len(), 2, "however often the message comes");
    }
    let letters = admin.all("/admin/dead-letters?queue=repair").await;
    assert_eq!(letters.len(), 2);
    assert!(
        letters
            .iter()
            .all(|letter| text(&letter["cause"]).ends_with("its batch was given up on, MaximumRecordAgeExceeded") && letter["attempts"] == 1200),
        "{letters:?}"
    );
    assert_eq!(admin.ids("/customers?q=undelivered").await, Vec::<String>::new());
    admin.post("/admin/dead-letters/redrive", json!({"queue": "repair"})).await.expect(202);
    let mut posts = crm.posts().await;
    tests::background::settle(&mut posts).await;
    assert_eq!(admin.ids("/customers?q=undelivered").await, [id]);
    assert_eq!(crm.items_of("PARKED").await.len(), 0);
    let queues = &crm.embedded().queues;
    assert_eq!(queues.depths()["repair"].visible, 0);
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_asked_again_and_what_is_not_there_is_shown() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let gone = of_objects(&["gone"]);
    let silent = Arc::new(Bucket::default());
    assert_eq!(park(&crm, &silent, &gone).await, json!({"batchItemFailures": [{"itemIdentifier": ID}]}), "it comes again");
    assert_eq!(causes(&crm).await, Vec::new());
    assert_eq!(park(&crm, &silent, &json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})).await, done());
    assert_eq!(causes(&crm).await, Vec::new(), "what S3 sends to try the way is no letter");
    let odd = bucket(vec![
        ("odd", "{\"Ada\":1}".to_owned()),
        ("foreign", given_up("login", json!({"Records": []}))),
        ("empty", given_up("relay", json!(7))),
    ]);
    for (body, cause) in [
        (gone, "the batch gone cannot be read: it is not there any more"),
        (of_objects(&["odd"]), "the batch odd cannot be read: not a batch that was given up on"),
        (of_objects(&["foreign"]), "the batch foreign cannot be read: crm-dev-login reads no stream"),
        (of_objects(&["empty"]), "the batch empty cannot be read: not the payload of a batch"),
        (json!({"Records": []}), "it tells of no object"),
        (json!({"Records": 7}), "not what S3 says of objects"),
    ] {
        assert_eq!(park(&crm, &odd, &body).await, done());
        let found = causes(&crm).await;
        assert!(found.len() == 1 && found[0].0 == "stream" && found[0].1.starts_with(cause), "{found:?} instead of {cause}");
        let letter = admin.get("/admin/dead-letters?queue=stream").await.expect(200).data()[0].clone();
        let again = admin.post(&format!("/admin/dead-letters/{}/redrive", text(&letter["id"])), json!({})).await;
        assert_eq!((again.status, again.code()), (409, "LIMIT_REACHED"));
        let one = format!("/admin/dead-letters/{}", text(&letter["id"]));
        admin.ask("DELETE", &one, Some(&json!({"reason": "Looked at"})), &[]).await.expect(204);
    }
}

#[tokio::test]
async fn a_record_too_large_to_be_parked_is_kept_by_its_key() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let id = text(&admin.customer(json!({"name": "Voluminous", "metadata": {"notes": "short"}})).await["id"]);
    let mut records = stream(&crm).await;
    records.retain(|record| text(&record["dynamodb"]["Keys"]["pk"]["S"]).ends_with(&id));
    for record in &mut records {
        record["dynamodb"]["OldImage"] = json!({"filler": {"S": "x".repeat(500_000)}});
    }
    let object = |worker: &str| given_up(worker, json!({"Records": records}));
    let bucket = bucket(vec![("p", object("projector")), ("r", object("relay"))]);
    assert_eq!(park(&crm, &bucket, &of_objects(&["p", "r"])).await, done());
    assert!(crm.items_of("PARKED").await.iter().all(|item| text(&item.at("data")["body"]).len() < 1000));
    admin.post("/admin/dead-letters/redrive", json!({})).await.expect(202);
    tests::background::settle(&mut crm.posts().await).await;
    assert_eq!(admin.ids("/customers?q=voluminous").await, [id]);
    assert_eq!(causes(&crm).await, Vec::new());
    assert_eq!(disagreements(&crm.items().await, Look::AtOnce), Vec::<String>::new());
}
