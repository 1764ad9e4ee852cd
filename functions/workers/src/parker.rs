//! The parker: turns dead letters into items, which can be listed and sent again. Consumers park
//! what they gave up on themselves; what comes here crashed its function, ran out of time or waited too long for the
//! table, on a queue or in the table's stream, whose mappings put the batches that they give up on into a bucket.

use crate::failure::{Failure, answer, kept, not, park, read, repeat};
use crate::{Need, Trigger, Worker};
use application::App;
use domain::ParkedId;
use futures::FutureExt;
use messaging::batch::{Message, messages, run_messages};
use messaging::{Queue, STREAM};
use serde::Deserialize;
use serde_json::Value;
use store::Action;
use uuid::Uuid;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "parker",
    about: "Turns dead letters into parked items",
    trigger: Trigger::DeadLetters,
    actions: &[Action::Put],
    needs: &[Need::Undelivered],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let messages = messages(event).map_err(|error| not("a queue's event", &error))?;
    let log = |message: &Message, cause: &str| application::log::fault("parker", &format!("{}: {cause}", message.id));
    answer(&run_messages(messages, log, |message| park_dead_letter(app, message)).await)
}

async fn park_dead_letter(app: &App, message: Message) -> Result<(), Failure> {
    // `crm-prod-automation-dead` came from the queue `automation`.
    let source = message.source.trim_end_matches("-dead");
    let Some(queue) = Queue::ALL.into_iter().find(|queue| source.ends_with(queue.name())) else { return park_batches(app, message).await };
    let attribute = |name: &str| message.attributes.get(name).cloned();
    let attempts = attribute("ReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(queue.max_receives());
    // What the bus and the scheduler say of what they could not deliver
    // (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>).
    let undelivered = attribute("ERROR_CODE").map(|code| format!("not delivered: {code}, {}", attribute("ERROR_MESSAGE").unwrap_or_default()));
    let cause = undelivered.or(attribute("LastError")).unwrap_or_else(|| {
        format!(
            "received {attempts} times without success: its consumer crashed, ran out of time or found nothing to work on; its log has the details"
        )
    });
    park(app, queue.name(), Some(&message.id), cause, attempts, message.body).await
}

/// What S3 says of objects that it was given
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
#[derive(Deserialize)]
struct Given {
    #[serde(rename = "Records", default)]
    records: Vec<GivenOne>,
    /// What it sends once, when it is told where to.
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct GivenOne {
    s3: InBucket,
}

#[derive(Deserialize)]
struct InBucket {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// What a mapping of the stream puts into the bucket of a batch that it gave up on
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    request_context: GivenUpBy,
    payload: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUpBy {
    function_arn: String,
    condition: String,
    approximate_invoke_count: u32,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// Parks the records of the batches that a message tells of, each as the work that does it again.
async fn park_batches(app: &App, message: Message) -> Result<(), Failure> {
    let told: Result<Given, _> = read("what S3 says of objects", &message.body);
    let given = match told {
        Ok(given) if !given.records.is_empty() => given,
        Ok(Given { event: Some(event), .. }) if event == "s3:TestEvent" => return Ok(()),
        Ok(_) => return park(app, STREAM, Some(&message.id), "it tells of no object".to_owned(), 1, message.body).await,
        Err(unreadable) => return park(app, STREAM, Some(&message.id), unreadable.to_string(), 1, message.body).await,
    };
    for GivenOne { s3: InBucket { object: Object { key } } } in given.records {
        let found = app.undelivered()?.read(&key).await.map_err(|error| Failure::Messaging(messaging::MessagingError(error.to_string())))?;
        let batch = found.ok_or_else(|| Failure::Nonsense("it is not there any more".to_owned())).and_then(|text| batch(&text));
        let (worker, about, records) = match batch {
            Ok(batch) => batch,
            Err(cause) => {
                park(app, STREAM, None, format!("the batch {key} cannot be read: {cause}"), 1, message.body.clone()).await?;
                continue;
            }
        };
        for (number, record) in records.into_iter().enumerate() {
            let work = repeat(worker, record);
            let cause = format!("{worker}: its batch was given up on, {}", about.condition);
            // The same object gives the same items, however often it is told of.
            let id = ParkedId::new(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{key}#{number}").as_bytes()));
            kept(app, &work, Some(id), cause, about.approximate_invoke_count).await?;
        }
    }
    Ok(())
}

/// The worker that a batch was for, why it was given up on, and its records.
fn batch(text: &str) -> Result<(&'static str, GivenUpBy, Vec<Value>), Failure> {
    let GivenUp { request_context: about, payload } = read("a batch that was given up on", text)?;
    let workers = [crate::projector::WORKER.name, crate::relay::WORKER.name];
    // `arn:aws:lambda:eu-central-1:123456789012:function:crm-prod-relay:live`
    let function = about.function_arn.split(':').nth(6).unwrap_or_default();
    let worker = workers.into_iter().find(|worker| function.ends_with(&format!("-{worker}")));
    let worker = worker.ok_or_else(|| Failure::Nonsense(format!("{function} reads no stream")))?;
    let Batch { records } = match &payload {
        Value::String(text) => read("the payload of a batch", text)?,
        payload => Batch::deserialize(payload).map_err(|error| not("the payload of a batch", &error))?,
    };
    Ok((worker, about, records))
}
