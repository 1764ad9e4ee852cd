//! What starts the workers, recorded from the story: the table's stream as it is, and what one
//! worker's work puts before the next.
//!
//! The embedded run's envelopes differ from AWS's in names and numbers that are nobody's business: those
//! are put in as AWS has them, always the same, so that the samples can be compared.

use super::story::Story;
use crate::embedded::SHORT_PAUSES;
use crate::{StreamReader, TABLE};
use domain::job::{JobName, Start};
use messaging::{Queue, Timed, Work};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use uuid::Builder;
use workers::{Interest, Trigger, WORKERS, Worker, projector, relay};

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "123456789012";

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[error("the samples of the workers: {0}")]
pub struct NotRecorded(String);

fn failed(error: impl std::fmt::Display) -> NotRecorded {
    NotRecorded(error.to_string())
}

/// The event that starts each worker, by the worker's name. They follow from one another: the relay
/// publishes that a lead was converted, automation makes work of it, and when the worker crashes the
/// message comes to the parker.
pub(super) async fn events(story: &Story) -> Result<Vec<(&'static str, Value)>, NotRecorded> {
    let mut events = Vec::new();
    for worker in WORKERS {
        let event = match worker.trigger {
            Trigger::Stream(interest) => stream(story, interest, "lead.converted").await?,
            // Of that a lead was given to somebody.
            Trigger::Queue(queue @ Queue::Notifications) => {
                let given = stream(story, relay::INTEREST, "lead.assigned").await?;
                run(story, &relay::WORKER, given).await?;
                message(story, queue.name(), None).await?
            }
            // Of that somebody became a customer.
            Trigger::Queue(queue @ Queue::Messages) => {
                let became = stream(story, relay::INTEREST, "customer.lifecycle_changed").await?;
                run(story, &relay::WORKER, became).await?;
                message(story, queue.name(), None).await?
            }
            // As the clock does it.
            Trigger::Queue(queue @ Queue::Jobs) => {
                let start = Timed::Start(Start::scheduled(JobName::FollowUpsDue));
                let body = serde_json::to_string(&start).map_err(failed)?;
                story.crm.queues.send(queue.name(), vec![body], Duration::ZERO).await.map_err(failed)?;
                message(story, queue.name(), None).await?
            }
            // What the projector was given, as it is done again.
            Trigger::Queue(Queue::Repair) => {
                let record = stream(story, projector::INTEREST, "").await?["Records"][0].clone();
                work(story, Work::Project { record }).await?
            }
            Trigger::Queue(Queue::Redrive) => {
                let before = story.crm.app().clock.now();
                work(story, Work::Redrive { queue: Some(Queue::Work.name().to_owned()), cause: None, before, from: None }).await?
            }
            Trigger::Queue(queue @ Queue::Bounces) => {
                let user = story.send("GET", &format!("/users/{}", story.ids["/users"]), None).await.map_err(failed)?;
                story.crm.queues.send(queue.name(), vec![bounce(&user["email"])], Duration::ZERO).await.map_err(failed)?;
                message(story, queue.name(), None).await?
            }
            Trigger::Queue(queue) => message(story, queue.name(), None).await?,
            Trigger::DeadLetters => dead_letter(story, Queue::Work).await?,
            Trigger::CustomResource => custom_resource(),
        };
        // What this one sends is what the next one gets. The work itself is left undone, to be a dead letter.
        if matches!(worker.name, "relay" | "automation") {
            run(story, worker, event.clone()).await?;
        }
        events.push((worker.name, event));
    }
    Ok(events)
}

/// The message of a piece of work.
async fn work(story: &Story, work: Work) -> Result<Value, NotRecorded> {
    let (queue, body) = (work.queue().name(), serde_json::to_string(&work).map_err(failed)?);
    story.crm.queues.send(queue, vec![body], Duration::ZERO).await.map_err(failed)?;
    message(story, queue, None).await
}

/// What SES publishes where a mail came back from an address
/// (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html>).
fn bounce(address: &Value) -> String {
    let recipient = json!({"emailAddress": address, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"});
    json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [recipient],
            "timestamp": "2025-09-01T10:31:00.000Z",
            "feedbackId": "0100017c0a1b2c3d-00000000-0000-0000-0000-000000000000-000000",
            "reportingMTA": "dsn; mx.example.com",
        },
        "mail": {
            "timestamp": "2025-09-01T10:30:59.000Z",
            "source": "crm@example.com",
            "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/crm@example.com"),
            "sendingAccountId": ACCOUNT,
            "messageId": "0100017c0a1b2c3d-00000000-0000-0000-0000-000000000000-000000",
            "destination": [address],
            "headersTruncated": false,
        },
    })
    .to_string()
}

async fn run(story: &Story, worker: &Worker, event: Value) -> Result<(), NotRecorded> {
    let answer = (worker.handle)(&story.crm.worker_app(worker), event).await.map_err(failed)?;
    if answer == json!({"batchItemFailures": []}) { Ok(()) } else { Err(NotRecorded(format!("{} could not: {answer}", worker.name))) }
}

/// The batch of one record that the worker is interested in: the customer that was made, the event
/// of what happened.
async fn stream(story: &Story, interest: Interest, happened: &str) -> Result<Value, NotRecorded> {
    let wanted = |record: &Value| {
        let (pk, image) = (record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default(), &record["dynamodb"]["NewImage"]);
        let of = |collection: &str| pk.ends_with(story.ids.get(collection).map_or("?", String::as_str));
        record["eventName"] == "INSERT"
            && match interest {
                Interest::Inserted(_) => image["data"]["M"]["type"]["S"] == happened,
                Interest::Records(_) => of("/customers"),
            }
    };
    let mut reader = StreamReader::open(story.crm.table.clone(), TABLE, None).await.map_err(failed)?.of(interest);
    while let Some(batch) = reader.peek(100).await.map_err(failed)? {
        let records = batch.event["Records"].as_array().cloned().unwrap_or_default();
        if let Some(record) = records.into_iter().find(|record| wanted(record)) {
            return Ok(json!({"Records": [as_streamed(record)]}));
        }
        reader.advance(batch.last);
    }
    Err(NotRecorded(format!("nothing in the stream for {interest:?}")))
}

fn as_streamed(mut record: Value) -> Value {
    record["eventID"] = json!(format!("{:x}", md5::compute(record["dynamodb"]["Keys"].to_string())));
    record["awsRegion"] = json!(REGION);
    record["eventSourceARN"] = json!(format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/crm/stream/2025-09-01T00:00:00.000"));
    record["dynamodb"]["SequenceNumber"] = json!("111100000000007550021801115");
    record
}

/// Takes the next message of a queue, as the function behind it would get it.
async fn message(story: &Story, queue: &str, dead_from: Option<Queue>) -> Result<Value, NotRecorded> {
    let taken = Mutex::new(Value::Null);
    let take = |event: Value| {
        if let Ok(mut taken) = taken.lock() {
            *taken = event;
        }
        async { Ok::<_, String>(json!({"batchItemFailures": []})) }
    };
    story.crm.queues.run_once(queue, 1, &take).await.map_err(failed)?;
    let event = taken.into_inner().map_err(failed)?;
    match event["Records"].get(0) {
        Some(record) => Ok(json!({"Records": [as_queued(record, queue, dead_from)]})),
        None => Err(NotRecorded(format!("nothing came to {queue}"))),
    }
}

/// Lets the function behind a queue crash until the message is a dead letter.
async fn dead_letter(story: &Story, queue: Queue) -> Result<Value, NotRecorded> {
    let crash = |_: Value| async { Err::<Value, _>("out of time") };
    for _ in 0..queue.max_receives() + SHORT_PAUSES {
        story.clock.advance(Duration::from_secs(3600));
        story.crm.queues.run_once(queue.name(), 1, &crash).await.map_err(failed)?;
    }
    message(story, &queue.dead_name(), Some(queue)).await
}

fn as_queued(record: &Value, queue: &str, dead_from: Option<Queue>) -> Value {
    let body = published(record["body"].as_str().unwrap_or_default());
    let arn = |queue: &str| format!("arn:aws:sqs:{REGION}:{ACCOUNT}:crm-{queue}");
    let mut attributes = json!({
        "ApproximateReceiveCount": dead_from.map_or(1, |queue| queue.max_receives() + 1).to_string(),
        "SentTimestamp": record["attributes"]["SentTimestamp"],
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": record["attributes"]["ApproximateFirstReceiveTimestamp"],
    });
    if let Some(queue) = dead_from {
        attributes["DeadLetterQueueSourceArn"] = json!(arn(queue.name()));
    }
    json!({
        "messageId": drawn(&body),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": format!("{:x}", md5::compute(&body)),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn(queue),
        "awsRegion": REGION,
    })
}

/// A body as EventBridge has it where it was published: with an id of its own and times in seconds.
fn published(body: &str) -> String {
    let Ok(mut event) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    if event["detail-type"].is_null() {
        return body.to_owned();
    }
    event["id"] = json!(drawn(&event["detail"].to_string()));
    event["account"] = json!(ACCOUNT);
    event["region"] = json!(REGION);
    event["time"] = json!(event["time"].as_str().map(|time| format!("{}Z", time.get(..19).unwrap_or(time))));
    event.to_string()
}

/// An id as AWS draws them, but the same for the same text.
fn drawn(text: &str) -> String {
    Builder::from_random_bytes(md5::compute(text).0).into_uuid().to_string()
}

/// What CloudFormation sends when the stack is made
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requesttypes-create.html>). It
/// waits for the answer at its own address; here that is one where nobody listens.
fn custom_resource() -> Value {
    let token = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:crm-bootstrap");
    json!({
        "RequestType": "Create",
        "ServiceToken": token,
        "ResponseURL": "http://127.0.0.1:9002/cloudformation",
        "StackId": format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/crm/5b918d10-cd98-11ea-90d5-0a9cd3354c10"),
        "RequestId": drawn("Create"),
        "LogicalResourceId": "Bootstrap",
        "ResourceType": "Custom::Bootstrap",
        "ResourceProperties": {"ServiceToken": token, "ServiceTimeout": "60", "Rotation": "1"},
    })
}
