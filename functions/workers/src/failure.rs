//! What happens to what could not be done: tried again while that can help, parked with its cause
//! when it cannot. A bad message never harms its neighbours.

use crate::ports::{Failure, Ports};
use domain::ParkedId;
use domain::input::TextValue;
use messaging::Queue;
use messaging::batch::{Message, guarded};
use serde_json::{Value, json};
use store::Parked;

/// Parks a message under the id of its queue message, or a fresh one.
pub(crate) async fn park(ports: &Ports, queue: &str, id: Option<&str>, cause: String, attempts: u32, body: String) -> Result<(), Failure> {
    let act = ports.act();
    let id = id.and_then(|id| ParkedId::read(id).ok()).unwrap_or_else(|| act.id());
    // DynamoDB items end at 400 KB; queue messages at 256 KB.
    let cause = domain::value::cut(&cause, 2000);
    Ok(ports.store.park(&Parked { id, queue: queue.to_owned(), cause, attempts, failed_at: act.at, body }).await?)
}

/// Runs a queue's messages one by one. One that fails comes again; at its last try, or when another
/// try cannot help, it is parked with its cause.
pub(crate) async fn queue_batch<'a, F, Fut>(ports: &'a Ports, queue: Queue, event: &Value, handle: F) -> Result<Value, Failure>
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
            api::log::fault(queue.name(), &format!("parked: {cause}"));
            return park(ports, queue.name(), Some(&message.id), cause, message.receives, message.body).await;
        }
        Err(Failure::Nonsense(cause))
    };
    let log = |message: &Message, cause: &str| api::log::fault(queue.name(), &format!("try {} of {}: {cause}", message.receives, message.id));
    Ok(messaging::batch::run_messages(event, log, run).await)
}

/// Runs a stream's records in order. A record that cannot be handled is parked and the rest goes
/// on; where trying again can help, the batch is repeated from that record.
pub(crate) async fn stream_batch<'a, F, Fut>(ports: &'a Ports, worker: &'static str, event: Value, handle: F) -> Result<Value, Failure>
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
                api::log::fault(worker, &failure.to_string());
                return Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence}]}));
            }
            Ok(Err(failure)) => failure.to_string(),
            Err(panic) => panic,
        };
        api::log::fault(worker, &format!("parked: {cause}"));
        let again = json!({"task": if worker == "relay" { "relay" } else { "project" }, "record": record});
        if let Err(failure) = park(ports, Queue::Work.name(), None, format!("{worker}: {cause}"), 1, again.to_string()).await {
            api::log::fault(worker, &failure.to_string());
            return Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence}]}));
        }
    }
    Ok(json!({"batchItemFailures": []}))
}
