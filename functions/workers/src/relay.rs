//! The relay: publishes event items to the bus. Delivery is at least once; consumers count an event
//! once by its id.

use crate::failure::{Failure, answer, repeated, stream_batch};
use crate::{Interest, Need, Trigger, Worker};
use application::App;
use application::metric::Metric;
use aws_lambda_events::dynamodb::EventRecord;
use domain::event::{Event, EventKind};
use domain::{EventId, Time};
use futures::FutureExt;
use futures::lock::Mutex;
use serde_json::Value;
use store::Action;
use store::Store;

/// New events.
pub const INTEREST: Interest = Interest::Inserted("EVENT#");

/// Its name.
const NAME: &str = "relay";

/// The declaration.
pub const WORKER: Worker = Worker {
    name: NAME,
    about: "Publishes domain events from the table's stream to the bus",
    trigger: Trigger::Stream(INTEREST),
    actions: &[Action::Put],
    needs: &[Need::Bus],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let new = Mutex::new(New::default());
    let now = app.clock.now();
    let seen = |record: EventRecord| async {
        let number = record.change.sequence_number.clone();
        if let Some(event) = event_of(record)?.filter(|event| is_new(event, now)) {
            new.lock().await.push((event, number));
        }
        Ok(())
    };
    let mut failed = stream_batch(app, NAME, event, seen).await?;
    let new = new.into_inner();
    if let Err((left, failure)) = publish(app, new.iter().map(|(event, _)| event.clone()).collect()).await {
        application::log::fault(NAME, &failure.to_string());
        failed.batch_item_failures.extend(new.into_iter().filter(|(event, _)| left.contains(&event.id)).map(|(_, number)| repeated(number)));
    }
    answer(&failed)
}

/// Events of a batch, with their numbers in the stream.
type New = Vec<(Event, Option<String>)>;

/// How old an event may be that the stream brings, seconds: it keeps a record for a day. What is older was put into the table by
/// somebody who restores it, and happened long ago.
const OLDEST: i64 = 2 * 86_400;

fn is_new(event: &Event, now: Time) -> bool {
    let is_new = event.at.plus_seconds(OLDEST) > now;
    if !is_new {
        application::log::fault(NAME, &format!("event {} is of {} and was not published again", event.id, event.at));
    }
    is_new
}

/// How often events are published that the bus did not take, before the batch is repeated.
const TRIES: u32 = 3;
/// How long the first pause before that is at most, milliseconds.
const FIRST_PAUSE: u64 = 50;

/// Publishes events, those that the bus did not take alone once more; gives those that are left, and why.
pub(crate) async fn publish(app: &App, mut events: Vec<Event>) -> Result<(), (Vec<EventId>, Failure)> {
    let ids = |events: &[Event]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    for attempt in 0..TRIES {
        if events.is_empty() {
            break;
        }
        if attempt > 0 {
            store::pause(FIRST_PAUSE, attempt).await;
        }
        let bus = app.bus().map_err(|failure| (ids(&events), failure.into()))?;
        let left = bus.publish(&events).await.map_err(|failure| (ids(&events), failure.into()))?;
        let refused = ids(&left);
        for event in events.iter().filter(|event| COUNTED.contains(&event.kind) && !refused.contains(&event.id)) {
            Metric::Events.count(event.kind.as_str());
        }
        events = left;
    }
    if events.is_empty() {
        return Ok(());
    }
    let why = format!("the bus did not take {} events", events.len());
    Err((ids(&events), Failure::Messaging(messaging::MessagingError(why))))
}

/// What is counted for the business. An event that is published twice counts twice.
pub const COUNTED: &[EventKind] = &[EventKind::LeadCreated, EventKind::LeadConverted, EventKind::CustomerCreated];

/// Publishes the event of one stream record, however old it is.
pub async fn relay(app: &App, record: EventRecord) -> Result<(), Failure> {
    let events = event_of(record)?.into_iter().collect();
    publish(app, events).await.map_err(|(_, failure)| failure)
}

/// The event of a stream record.
fn event_of(record: EventRecord) -> Result<Option<Event>, Failure> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    // An event that is not seen would be lost for good.
    if record.change.new_image.is_empty() {
        return Err(Failure::Nonsense("the stream brought no image of a new item".into()));
    }
    Ok(Store::event_of_image(record.change.new_image)?)
}
