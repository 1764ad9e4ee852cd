//! Automation: what the CRM does by itself when something happened. Larger work goes on to the work
//! queue.

mod give;

use crate::failure::{Failure, not, queue_batch, read};
use crate::work::send;
use crate::{Need, Trigger, Worker};
use application::App;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::customer::LevelCode;
use domain::event::{EntityRef, Envelope, EventKind};
use domain::job::{JobName, Start};
use domain::text::TextValue;
use domain::{CustomerId, EventId, PartyId, Time, UserId};
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Queue, Timed, Work};
use serde::Deserialize;
use store::Action;

/// How long after a move the second look, for records made meanwhile, is taken, seconds.
const SECOND_LOOK_SECONDS: u32 = 60;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "automation",
    about: "Acts on domain events: moves and re-stamps records, cleans up after deletions and conversions, gives promotions, has customers scored and campaigns carried out",
    trigger: Trigger::Queue(Queue::Automation),
    actions: &[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check],
    needs: &[Need::Send(Queue::Work), Need::Send(Queue::Jobs)],
    handle: |app, event| async move { queue_batch(app, Queue::Automation, event, |message| act_on(app, message)).await }.boxed(),
};

/// The details that automation acts on; which of them an event has goes by its kind.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    reassign_to: Option<UserId>,
    name_changed: bool,
    rfm_changed: bool,
    min_score_changed: bool,
    customer_id: Option<CustomerId>,
    /// Who owned what was given away.
    old: Option<UserId>,
    /// Who owns it since.
    new: Option<UserId>,
}

/// The level that a customer came to.
#[derive(Deserialize)]
struct Level {
    new: LevelCode,
}

async fn act_on(app: &App, message: Message) -> Result<(), Failure> {
    let event: EventBridgeEvent<Envelope> = read("an event", &message.body)?;
    let Envelope { id: event, kind, at, actor, entity, data, changes, .. } = event.detail;
    let details = || Option::<Details>::deserialize(&data).map(Option::unwrap_or_default).map_err(|error| not("the details of an event", &error));
    // Indexes lag a little behind the table, so what they may not have shown is looked for again.
    let twice = |work: Work| async move {
        send(app, work.clone(), 0).await?;
        send(app, work, SECOND_LOOK_SECONDS).await
    };
    match kind {
        EventKind::UserDeleted => twice(Work::MoveRecords { user: id(&entity)?, to: details()?.reassign_to, by: actor, from: None }).await,
        EventKind::UserTeamChanged => twice(Work::Restamp { user: id(&entity)?, from: None }).await,
        EventKind::UserUpdated if details()?.name_changed => twice(Work::Restamp { user: id(&entity)?, from: None }).await,
        EventKind::LeadConverted => {
            let customer = details()?.customer_id.ok_or_else(|| Failure::Nonsense("the event names no customer".into()))?;
            twice(Work::MoveOpenWork { lead: id(&entity)?, customer, from: None }).await
        }
        EventKind::LeadDeleted => twice(Work::PurgeLead { lead: id(&entity)?, from: None }).await,
        EventKind::LeadAssigned => match follow_owner(PartyId::Lead(id(&entity)?), &details()?, at) {
            Some(work) => twice(work).await,
            None => Ok(()),
        },
        EventKind::CustomerAssigned => {
            let customer = id(&entity)?;
            if let Some(work) = follow_owner(PartyId::Customer(customer), &details()?, at) {
                twice(work).await?;
            }
            twice(Work::FollowCustomer { customer, from: None }).await
        }
        EventKind::CustomerCreated if !data["referredById"].is_null() => give::for_referral(app, id(&entity)?, at).await,
        EventKind::CustomerUpdated if changes.contains_key("referredById") => give::for_referral(app, id(&entity)?, at).await,
        EventKind::CustomerLevelChanged => {
            let Level { new } = Level::deserialize(&data).map_err(|error| not("the details of an event", &error))?;
            give::for_level(app, id(&entity)?, new, event, at).await
        }
        EventKind::CampaignStarted => send(app, Work::ResolveCampaign { campaign: id(&entity)?, from: None }, 0).await,
        EventKind::SettingsUpdated if details()?.rfm_changed => score_everyone(app, event).await,
        EventKind::LevelUpdated if details()?.min_score_changed => score_everyone(app, event).await,
        _ => Ok(()),
    }
}

/// Has everyone scored by the thresholds and floors as they are since a change.
async fn score_everyone(app: &App, change: EventId) -> Result<(), Failure> {
    crate::jobs::send(app, Timed::Start(Start::of_everyone(JobName::RfmScoring, change))).await
}

/// What the former owner had to do on a lead or customer goes to the new one, where there was and is one.
fn follow_owner(of: PartyId, details: &Details, given: Time) -> Option<Work> {
    details.old.filter(|_| details.new.is_some()).map(|former| Work::FollowOwner { of, former, given, from: None })
}

/// The id of the record that an event is about.
pub(crate) fn id<T: TextValue>(entity: &EntityRef) -> Result<T, Failure> {
    T::read(&entity.id).map_err(|invalid| Failure::Nonsense(format!("the event names no {} by its id: {}", entity.kind, invalid.message)))
}
