//! The relay: publishes event items to the bus. Delivery is at least once; consumers count an event
//! once by its id.

use crate::failure::stream_batch;
use crate::ports::{Failure, Ports};
use crate::{Interest, Need, Trigger, Worker};
use api::Action;
use futures::FutureExt;
use serde_json::Value;
use store::Store;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "relay",
    about: "Publishes domain events from the table's stream to the bus",
    trigger: Trigger::Stream(Interest::Inserted("EVENT#")),
    actions: &[Action::Put],
    needs: &[Need::Bus],
    handle: |ports, event| run(ports, event).boxed(),
};

async fn run(ports: &Ports, event: Value) -> Result<Value, Failure> {
    stream_batch(ports, WORKER.name, event, |record| relay(ports, record)).await
}

/// Publishes the event of one stream record.
pub async fn relay(ports: &Ports, record: Value) -> Result<(), Failure> {
    if record["eventName"] != "INSERT" {
        return Ok(());
    }
    let Some(event) = Store::event_of_image(record["dynamodb"]["NewImage"].clone())? else { return Ok(()) };
    let refused = ports.bus()?.publish(&[event]).await?;
    if refused.is_empty() { Ok(()) } else { Err(Failure::Messaging(messaging::MessagingError("the bus did not take the event".into()))) }
}
