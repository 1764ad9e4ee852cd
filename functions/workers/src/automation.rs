//! Automation: what the CRM does by itself when something happened. Larger work goes on to the work
//! queue.

use crate::failure::Failure;
use crate::failure::queue_batch;
use crate::{Need, Trigger, Worker};
use application::App;
use domain::event::EventKind;
use domain::text::TextValue;
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Queue, Work};
use serde_json::Value;
use store::Action;

/// How long after a move the second look, for records made meanwhile, is taken, seconds.
const SECOND_LOOK_SECONDS: u32 = 60;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "automation",
    about: "Acts on domain events: moves and re-stamps records, cleans up after deletions and conversions",
    trigger: Trigger::Queue(Queue::Automation),
    actions: &[Action::Put],
    needs: &[Need::Send(Queue::Work)],
    handle: |app, event| async move { queue_batch(app, Queue::Automation, &event, |message| act_on(app, message)).await }.boxed(),
};

async fn act_on(app: &App, message: Message) -> Result<(), Failure> {
    let event: Value = serde_json::from_str(&message.body).map_err(|e| Failure::Nonsense(format!("not an event: {e}")))?;
    let detail = &event["detail"];
    let kind = event["detail-type"].as_str().map(EventKind::read).and_then(Result::ok);
    let kind = kind.ok_or_else(|| Failure::Nonsense(format!("unknown event {}", event["detail-type"])))?;
    let entity = &detail["entity"]["id"];
    // Indexes lag a little behind the table, so what they may not have shown is looked for again.
    let twice = |work: Work| async move {
        send(app, &work, 0).await?;
        send(app, &work, SECOND_LOOK_SECONDS).await
    };
    match kind {
        EventKind::UserDeleted => {
            let (to, by) = (id(&detail["data"]["reassignTo"]).ok(), id(&detail["actorId"]).ok());
            twice(Work::MoveRecords { user: id(entity)?, to, by, from: None }).await
        }
        EventKind::UserTeamChanged => twice(Work::Restamp { user: id(entity)?, from: None }).await,
        EventKind::UserUpdated if detail["data"]["nameChanged"] == true => twice(Work::Restamp { user: id(entity)?, from: None }).await,
        EventKind::LeadConverted => twice(Work::MoveOpenWork { lead: id(entity)?, customer: id(&detail["data"]["customerId"])?, from: None }).await,
        EventKind::LeadDeleted => twice(Work::PurgeLead { lead: id(entity)?, from: None }).await,
        EventKind::CustomerAssigned => send(app, &Work::FollowCustomer { customer: id(entity)? }, 0).await,
        _ => Ok(()),
    }
}

/// An id in an event.
fn id<T: TextValue>(value: &Value) -> Result<T, Failure> {
    let id = value.as_str().map(T::read).and_then(Result::ok);
    id.ok_or_else(|| Failure::Nonsense(format!("the event names {value} where an id should be")))
}

/// Sends a piece of work.
pub(crate) async fn send(app: &App, work: &Work, delay_seconds: u32) -> Result<(), Failure> {
    let body = serde_json::to_string(work).map_err(|e| Failure::Nonsense(e.to_string()))?;
    Ok(app.queues()?.send(Queue::Work, body, delay_seconds).await?)
}
