//! What happens to a message or record that failed: retried while that can help, parked with its cause when
//! it cannot. A poison message never harms its neighbours in the batch.

use application::keys::{KeyError, KeyFailure};
use application::metric::Metric;
use application::{App, NotGiven, NotSent};
use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::ParkedId;
use domain::text::TextValue;
use futures::future::join_all;
use messaging::batch::{Message, guarded, messages, run_messages};
use messaging::{ItemKey, Queue, Work};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use store::{FailedCondition, Parked};

/// Why a worker gave up on something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The application said no, or the table failed.
    #[error(transparent)]
    Application(#[from] application::Error),
    /// The bus or a queue.
    #[error(transparent)]
    Messaging(#[from] messaging::MessagingError),
    /// Something could not be sent, but may be yet.
    #[error(transparent)]
    Sending(messaging::SendError),
    /// Something was given up on that could not be sent.
    #[error("not sent: {0}")]
    Unsent(String),
    /// A template.
    #[error(transparent)]
    Template(#[from] domain::message_template::Unfilled),
    /// Keys or the secret.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A message that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// The application was not given something that the worker does not declare.
    #[error(transparent)]
    NotGiven(#[from] NotGiven),
}

impl From<KeyFailure> for Failure {
    fn from(error: KeyFailure) -> Self {
        match error {
            KeyFailure::Keys(error) => error.into(),
            KeyFailure::Store(error) => error.into(),
        }
    }
}

impl From<NotSent> for Failure {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::NoQueue(_) => Self::Nonsense(error.to_string()),
            NotSent::NotGiven(error) => error.into(),
            NotSent::Queue(error) => error.into(),
            NotSent::Store(error) => error.into(),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Application(error.into())
    }
}

impl Failure {
    /// Whether trying again can help. What cannot be read stays unreadable, and what the table finds
    /// invalid stays invalid.
    pub fn may_pass(&self) -> bool {
        use application::Error::Store;
        let permanent = matches!(self, Self::Application(Store(store::Error::Unreadable { .. } | store::Error::Invalid(_))));
        !permanent && !matches!(self, Self::Nonsense(_) | Self::Unsent(_) | Self::Template(_))
    }

    /// Whether it is that a customer was told of something before.
    pub(crate) fn was_told(&self) -> bool {
        let told = FailedCondition::Taken(store::records::TOLD);
        matches!(self, Self::Application(application::Error::Store(error)) if error.is_refused(&told))
    }

    /// Whether what the worker works on is busy or out of reach: no fault of the message, which waits until that is over.
    pub fn is_outage(&self) -> bool {
        use application::Error::Store;
        matches!(self, Self::Application(Store(store::Error::Busy(_) | store::Error::Unreached(_))) | Self::Messaging(_))
    }
}

/// Parks a message under the id of its queue message, or a fresh one.
pub(crate) async fn park(app: &App, queue: &str, id: Option<&str>, cause: String, attempts: u32, body: String) -> Result<(), Failure> {
    park_as(app, queue, id.and_then(|id| ParkedId::read(id).ok()), cause, attempts, body).await
}

async fn park_as(app: &App, queue: &str, id: Option<ParkedId>, cause: String, attempts: u32, body: String) -> Result<(), Failure> {
    let act = app.act();
    let id = id.unwrap_or_else(|| act.id());
    // DynamoDB items end at 400 KB; queue messages at 256 KB.
    let cause = domain::value::cut(&cause, 2000);
    app.unscoped().park(&Parked { id, queue: queue.to_owned(), cause, attempts, failed_at: act.at, body }).await?;
    Metric::Parked.count("");
    Ok(())
}

/// Parks what a worker of the stream could not do, as the work that does it again.
pub(crate) async fn park_work(app: &App, worker: &'static str, cause: String, work: &Work) -> Result<(), Failure> {
    application::log::fault(worker, &format!("parked: {cause}"));
    kept(app, work, None, format!("{worker}: {cause}"), 1).await
}

/// Parks a piece of work.
pub(crate) async fn kept(app: &App, work: &Work, id: Option<ParkedId>, cause: String, attempts: u32) -> Result<(), Failure> {
    let body = serde_json::to_string(work).map_err(|error| not("a piece of work", &error))?;
    park_as(app, work.queue().name(), id, cause, attempts, body).await
}

/// How long a record of the stream may be to be parked as it is, bytes: with its envelope it has to fit into an item of the table (400 KB)
/// and a message of a queue (256 KB).
const LARGEST_RECORD: usize = 200_000;

/// The work that does for a record of the stream again what a worker did not do. Of one that is too large its key is kept, and what is
/// there by then is gone by.
pub(crate) fn repeat(worker: &str, record: Value) -> Work {
    let is_relay = worker == crate::relay::WORKER.name;
    let key = || {
        let keys = &record["dynamodb"]["Keys"];
        let text = |name: &str| keys[name]["S"].as_str().map(str::to_owned);
        Some(ItemKey { pk: text("pk")?, sk: text("sk")? })
    };
    let key = if record.to_string().len() > LARGEST_RECORD { key() } else { None };
    match (key, is_relay) {
        (Some(key), true) => Work::Republish { events: vec![key] },
        (Some(key), false) => Work::Reproject { records: vec![key] },
        (None, true) => Work::Relay { record },
        (None, false) => Work::Project { record },
    }
}

/// Reads the body of a message. The cause says where it cannot be read but repeats none of its words:
/// it is logged, and they may be personal.
pub(crate) fn read<T: DeserializeOwned>(what: &str, body: &str) -> Result<T, Failure> {
    serde_json::from_str(body).map_err(|error| {
        let wrong = if error.is_data() { "a member is missing or wrong" } else { "broken JSON" };
        Failure::Nonsense(format!("not {what}: {wrong} at line {} column {}", error.line(), error.column()))
    })
}

/// Something that AWS or this code wrote has not the form it should have.
pub(crate) fn not(what: &str, error: &serde_json::Error) -> Failure {
    Failure::Nonsense(format!("not {what}: {}", store::cause_of(error)))
}

/// What is answered to Lambda.
pub(crate) fn answer(answer: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(answer).map_err(|error| not("an answer", &error))
}

/// Runs a queue's messages one by one. One that fails comes again; at its last try, or when another
/// try cannot help, it is parked with its cause. An outage counts as no try: a message that meets
/// nothing else becomes a dead letter in the end.
pub(crate) async fn queue_batch<'a, F, Fut>(app: &'a App, queue: Queue, event: Value, handle: F) -> Result<Value, Failure>
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), Failure>> + 'a,
{
    let handle = &handle;
    let run = |message: Message| {
        application::log::of_request(cause(&message), None, async move {
            let started = Instant::now();
            let outcome = guarded(async { Ok::<_, String>(handle(message.clone()).await) }).await;
            let (cause, tries) = match outcome {
                Ok(Ok(())) => {
                    application::log::handled(queue.name(), &message.id, message.receives, started);
                    return Ok(());
                }
                Ok(Err(failure)) if !failure.may_pass() => (failure.to_string(), 1),
                Ok(Err(failure)) if failure.is_outage() => {
                    // SQS leaves messages that were received often out of the age of the oldest one.
                    if message.receives >= queue.tries() {
                        Metric::Waiting.count("");
                    }
                    (failure.to_string(), u32::MAX)
                }
                Ok(Err(failure)) => (failure.to_string(), queue.tries()),
                Err(panic) => (panic, queue.tries()),
            };
            if message.receives >= tries {
                application::log::fault(queue.name(), &format!("parked: {cause}"));
                return park(app, queue.name(), Some(&message.id), cause, message.receives, message.body).await;
            }
            Err(Failure::Nonsense(cause))
        })
    };
    let log = |message: &Message, cause: &str| application::log::fault(queue.name(), &format!("try {} of {}: {cause}", message.receives, message.id));
    let messages = messages(event).map_err(|error| not("a queue's event", &error))?;
    answer(&run_messages(messages, log, run).await)
}

/// The id of the request that a message came of; its own where there is none, as of what the clock started.
fn cause(message: &Message) -> Arc<str> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cause {
        request_id: Option<String>,
        detail: Option<Box<Cause>>,
    }
    let cause = serde_json::from_str::<Cause>(&message.body).ok();
    let id = cause.and_then(|cause| cause.request_id.or_else(|| cause.detail?.request_id));
    id.unwrap_or_else(|| message.id.clone()).into()
}

/// A stream's event with its records still unread: each is read by itself, so that one that cannot be
/// read harms none of its neighbours.
#[derive(Deserialize)]
struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// Reads a record of the stream.
pub(crate) fn stream_record(record: &Value) -> Result<EventRecord, Failure> {
    EventRecord::deserialize(record).map_err(|error| not("a stream record", &error))
}

/// How many partitions' records are handled side by side: a round trip takes milliseconds, and a shard has up to a thousand records a
/// second.
const SIDE_BY_SIDE: usize = 50;

/// A record that was not handled: its place in the batch, its number in the stream, and why.
struct Unhandled {
    position: usize,
    number: Option<String>,
    cause: String,
    /// The record, where trying again cannot help.
    lost: Option<Value>,
}

/// A record of this number that Lambda is to repeat. Without one, it repeats the whole batch.
pub(crate) fn repeated(number: Option<String>) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = number;
    failure
}

/// Runs a stream's records: those of one partition in order, the others side by side. A record that cannot be handled is parked,
/// as the work that does it again, and the rest goes on; where trying again can help, the batch is repeated from that record: Lambda begins with the
/// earliest of those that it is given.
pub(crate) async fn stream_batch<'a, F, Fut>(app: &'a App, worker: &'static str, event: Value, handle: F) -> Result<DynamoDbEventResponse, Failure>
where
    F: Fn(EventRecord) -> Fut,
    Fut: Future<Output = Result<(), Failure>> + 'a,
{
    let event = StreamEvent::deserialize(event).map_err(|error| not("a stream's event", &error))?;
    let mut partitions: BTreeMap<String, Vec<(usize, Value)>> = BTreeMap::new();
    for (position, raw) in event.records.into_iter().enumerate() {
        let partition = raw["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default().to_owned();
        partitions.entry(partition).or_default().push((position, raw));
    }
    let handle = &handle;
    let (mut unhandled, mut waiting) = (Vec::new(), partitions.into_values());
    loop {
        let together: Vec<_> = waiting.by_ref().take(SIDE_BY_SIDE).map(|records| in_order(records, handle)).collect();
        if together.is_empty() {
            break;
        }
        unhandled.extend(join_all(together).await.into_iter().flatten());
    }
    unhandled.sort_by_key(|record| record.position);
    let mut failed = DynamoDbEventResponse::default();
    for record in unhandled {
        let parked = match record.lost {
            Some(raw) => park_work(app, worker, record.cause, &repeat(worker, raw)).await.map_err(|failure| failure.to_string()),
            None => Err(record.cause),
        };
        if let Err(cause) = parked {
            // What comes behind it is repeated as well.
            application::log::fault(worker, &cause);
            failed.batch_item_failures.push(repeated(record.number));
            break;
        }
    }
    Ok(failed)
}

/// Handles the records of a partition up to the first for which trying again can help.
async fn in_order<F, Fut>(records: Vec<(usize, Value)>, handle: &F) -> Vec<Unhandled>
where
    F: Fn(EventRecord) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let mut unhandled = Vec::new();
    for (position, raw) in records {
        let record = stream_record(&raw);
        let number = record.as_ref().ok().and_then(|record| record.change.sequence_number.clone());
        let outcome = match record {
            Ok(record) => guarded(async { Ok::<_, String>(handle(record).await) }).await,
            Err(unreadable) => Ok(Err(unreadable)),
        };
        let (cause, passes) = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(failure)) => (failure.to_string(), failure.may_pass()),
            Err(panic) => (panic, false),
        };
        unhandled.push(Unhandled { position, number, cause, lost: (!passes).then_some(raw) });
        if passes {
            break;
        }
    }
    unhandled
}
