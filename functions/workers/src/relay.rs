//! The relay: publishes event items to the bus. Delivery is at least once; consumers count an event
//! once by its id.

use crate::failure::Failure;
use crate::failure::stream_batch;
use crate::{Interest, Need, Trigger, Worker};
use application::App;
use application::metric::Metric;
use aws_lambda_events::dynamodb::EventRecord;
use domain::event::EventKind;
use futures::FutureExt;
use messaging::Work;
use serde_json::Value;
use store::Action;
use store::Store;

/// New events.
pub const INTEREST: Interest = Interest::Inserted("EVENT#");

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "relay",
    about: "Publishes domain events from the table's stream to the bus",
    trigger: Trigger::Stream(INTEREST),
    actions: &[Action::Put],
    needs: &[Need::Bus],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    stream_batch(app, WORKER.name, event, |record| Work::Relay { record }, |record| relay(app, record)).await
}

/// What is counted for the business. An event that is published twice counts twice.
pub const COUNTED: &[EventKind] = &[EventKind::LeadCreated, EventKind::LeadConverted, EventKind::CustomerCreated];

/// Publishes the event of one stream record.
pub async fn relay(app: &App, record: EventRecord) -> Result<(), Failure> {
    if record.event_name != "INSERT" {
        return Ok(());
    }
    // An event that is not seen would be lost for good.
    if record.change.new_image.is_empty() {
        return Err(Failure::Nonsense("the stream brought no image of a new item".into()));
    }
    let Some(event) = Store::event_of_image(record.change.new_image)? else { return Ok(()) };
    let kind = event.kind;
    let refused = app.bus()?.publish(&[event]).await?;
    if !refused.is_empty() {
        return Err(Failure::Messaging(messaging::MessagingError("the bus did not take the event".into())));
    }
    if COUNTED.contains(&kind) {
        Metric::Events.count(kind.as_str());
    }
    Ok(())
}
