//! What happens to what could not be done: tried again while that can help, parked with its cause
//! when it cannot. A bad message never harms its neighbours.

use application::{App, NotGiven};
use domain::ParkedId;
use domain::text::TextValue;
use messaging::Queue;
use messaging::batch::{Message, guarded};
use serde_json::{Value, json};
use store::Parked;

/// Why a worker gave up on something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The application said no, or the table failed.
    #[error(transparent)]
    Application(#[from] application::Error),
    /// The bus or a queue.
    #[error(transparent)]
    Messaging(#[from] messaging::MessagingError),
    /// Keys or the secret.
    #[error(transparent)]
    Keys(#[from] application::tokens::KeyError),
    /// A message that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// A port the function was not given.
    #[error(transparent)]
    NotGiven(#[from] NotGiven),
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
        !permanent && !matches!(self, Self::Nonsense(_))
    }
}

/// Parks a message under the id of its queue message, or a fresh one.
pub(crate) async fn park(app: &App, queue: &str, id: Option<&str>, cause: String, attempts: u32, body: String) -> Result<(), Failure> {
    let act = app.act();
    let id = id.and_then(|id| ParkedId::read(id).ok()).unwrap_or_else(|| act.id());
    // DynamoDB items end at 400 KB; queue messages at 256 KB.
    let cause = domain::value::cut(&cause, 2000);
    Ok(app.unscoped().park(&Parked { id, queue: queue.to_owned(), cause, attempts, failed_at: act.at, body }).await?)
}

/// Runs a queue's messages one by one. One that fails comes again; at its last try, or when another
/// try cannot help, it is parked with its cause.
pub(crate) async fn queue_batch<'a, F, Fut>(app: &'a App, queue: Queue, event: &Value, handle: F) -> Result<Value, Failure>
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), Failure>> + 'a,
{
    let handle = &handle;
    let run = |message: Message| async move {
        let outcome = guarded(async { Ok::<_, String>(handle(message.clone()).await) }).await;
        let (cause, hopeless) = match outcome {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => (failure.to_string(), !failure.may_pass()),
            Err(panic) => (panic, false),
        };
        if hopeless || message.receives >= queue.max_receives() {
            application::log::fault(queue.name(), &format!("parked: {cause}"));
            return park(app, queue.name(), Some(&message.id), cause, message.receives, message.body).await;
        }
        Err(Failure::Nonsense(cause))
    };
    let log = |message: &Message, cause: &str| application::log::fault(queue.name(), &format!("try {} of {}: {cause}", message.receives, message.id));
    Ok(messaging::batch::run_messages(event, log, run).await)
}

/// Runs a stream's records in order. A record that cannot be handled is parked and the rest goes
/// on; where trying again can help, the batch is repeated from that record.
pub(crate) async fn stream_batch<'a, F, Fut>(app: &'a App, worker: &'static str, event: Value, handle: F) -> Result<Value, Failure>
where
    F: Fn(Value) -> Fut,
    Fut: Future<Output = Result<(), Failure>> + 'a,
{
    let Value::Object(mut event) = event else { return Err(Failure::Nonsense("not a stream event".into())) };
    let Some(Value::Array(records)) = event.remove("Records") else { return Err(Failure::Nonsense("no records".into())) };
    for record in records {
        let sequence = record["dynamodb"]["SequenceNumber"].clone();
        let outcome = guarded(async { Ok::<_, String>(handle(record.clone()).await) }).await;
        let cause = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(failure)) if failure.may_pass() => {
                application::log::fault(worker, &failure.to_string());
                return Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence}]}));
            }
            Ok(Err(failure)) => failure.to_string(),
            Err(panic) => panic,
        };
        application::log::fault(worker, &format!("parked: {cause}"));
        let again = json!({"task": if worker == "relay" { "relay" } else { "project" }, "record": record});
        if let Err(failure) = park(app, Queue::Work.name(), None, format!("{worker}: {cause}"), 1, again.to_string()).await {
            application::log::fault(worker, &failure.to_string());
            return Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence}]}));
        }
    }
    Ok(json!({"batchItemFailures": []}))
}
