//! The parker: turns dead letters into items, which can be listed and sent again. Consumers park
//! what they gave up on themselves; what comes here crashed its function, ran out of time or waited too long for the
//! table.

use crate::failure::{Failure, answer, not, park};
use crate::{Trigger, Worker};
use application::App;
use futures::FutureExt;
use messaging::batch::{Message, messages, run_messages};
use messaging::{Queue, STREAM};
use serde::Deserialize;
use serde_json::Value;
use store::Action;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "parker",
    about: "Turns dead letters into parked items",
    trigger: Trigger::DeadLetters,
    actions: &[Action::Put],
    needs: &[],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let messages = messages(event).map_err(|error| not("a queue's event", &error))?;
    let log = |message: &Message, cause: &str| application::log::fault("parker", &format!("{}: {cause}", message.id));
    answer(&run_messages(messages, log, |message| park_dead_letter(app, message)).await)
}

/// What a mapping of the stream says of a batch that it gave up on
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    request_context: GivenUpBy,
    #[serde(rename = "DDBStreamBatchInfo")]
    batch: Batch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUpBy {
    function_arn: String,
    condition: String,
    approximate_invoke_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    approximate_arrival_of_first_record: String,
    batch_size: u32,
}

impl std::fmt::Display for GivenUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { request_context: by, batch } = self;
        write!(
            f,
            "{} was not done with {} records from {} on, {}: shard {}, {} to {}",
            by.function_arn,
            batch.batch_size,
            batch.approximate_arrival_of_first_record,
            by.condition,
            batch.shard_id,
            batch.start_sequence_number,
            batch.end_sequence_number
        )
    }
}

async fn park_dead_letter(app: &App, message: Message) -> Result<(), Failure> {
    // `crm-prod-automation-dead` came from the queue `automation`.
    let source = message.source.trim_end_matches("-dead");
    let known = Queue::ALL.into_iter().find(|queue| source.ends_with(queue.name()));
    let queue = known.map_or(STREAM, Queue::name);
    let given_up: Option<GivenUp> = if known.is_none() { serde_json::from_str(&message.body).ok() } else { None };
    let (cause, attempts) = if let Some(about) = given_up {
        (about.to_string(), about.request_context.approximate_invoke_count)
    } else {
        let attribute = |name: &str| message.attributes.get(name).cloned();
        let attempts = attribute("ReceiveCount").and_then(|count| count.parse().ok()).or(known.map(Queue::max_receives)).unwrap_or(1);
        // What the bus and the scheduler say of what they could not deliver
        // (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>).
        let undelivered = attribute("ERROR_CODE").map(|code| format!("not delivered: {code}, {}", attribute("ERROR_MESSAGE").unwrap_or_default()));
        let cause = undelivered.or(attribute("LastError")).unwrap_or_else(|| {
            format!("received {attempts} times without success: its consumer crashed, ran out of time or found nothing to work on; its log has the details")
        });
        (cause, attempts)
    };
    park(app, queue, Some(&message.id), cause, attempts, message.body).await
}
