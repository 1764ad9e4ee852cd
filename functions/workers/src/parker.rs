//! The parker: turns dead letters into items, which can be listed and sent again. Consumers park
//! what they gave up on themselves; what comes here crashed its function or ran out of time.

use crate::failure::{Failure, answer, not, park};
use crate::{Trigger, Worker};
use application::App;
use futures::FutureExt;
use messaging::batch::{Message, messages, run_messages};
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

async fn park_dead_letter(app: &App, message: Message) -> Result<(), Failure> {
    // `crm-prod-automation-dead` came from the queue `automation`.
    let source = message.source.trim_end_matches("-dead");
    let known = messaging::Queue::ALL.into_iter().find(|queue| source.ends_with(queue.name()));
    let queue = known.map_or_else(|| source.to_owned(), |queue| queue.name().to_owned());
    let attribute = |name: &str| message.attributes.get(name).cloned();
    let attempts = attribute("ReceiveCount").and_then(|count| count.parse().ok()).or(known.map(messaging::Queue::max_receives)).unwrap_or(1);
    let cause = attribute("LastError").unwrap_or_else(|| "the consumer crashed or ran out of time; its log has the details".to_owned());
    park(app, &queue, Some(&message.id), cause, attempts, message.body).await
}
