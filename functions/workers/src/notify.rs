//! Notifications: tells users what concerns them when something happened.

use crate::automation::id;
use crate::failure::{Failure, queue_batch, read};
use crate::{Trigger, Worker};
use application::App;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::customer::Customer;
use domain::event::Envelope;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::notification::{Channel, NotificationKind, concerned, due, given, wants};
use domain::reminder::Dated;
use domain::task::Task;
use domain::time::Day;
use domain::user::{User, UserStatus};
use domain::{Entity, PartyId, Record, Time, UserId};
use futures::FutureExt;
use messaging::Queue;
use messaging::batch::Message;
use store::{Action, FailedCondition, Stored, Tx};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "notify",
    about: "Tells users in the application what others gave them, and what is due",
    trigger: Trigger::Queue(Queue::Notifications),
    actions: &[Action::Get, Action::Put, Action::Update],
    needs: &[],
    handle: |app, event| async move { queue_batch(app, Queue::Notifications, event, |message| tell(app, message)).await }.boxed(),
};

async fn tell(app: &App, message: Message) -> Result<(), Failure> {
    let event: Envelope = read::<EventBridgeEvent<Envelope>>("an event", &message.body)?.detail;
    let Some((kind, concerned)) = concerned(&event) else { return Ok(()) };
    let Some(about) = about(app, &event, kind, concerned).await? else { return Ok(()) };
    let (user, giver) = tokio::try_join!(user(app, Some(about.recipient)), user(app, event.actor))?;
    // Who was disabled meanwhile has no inbox.
    let Some(user) = user.filter(|user| user.data.status == UserStatus::Active) else { return Ok(()) };
    if !wants(&user.text.notification_prefs, kind, Channel::InApp) {
        return Ok(());
    }
    let act = app.act();
    let made = match about.due {
        Some(at) => {
            let day = |time: Time| Day(time.date_in(&app.config.zone));
            due(&event, kind, about.recipient, &act, &about.name, (day(at), day(act.at)))
        }
        None => {
            let giver = giver.map_or_else(|| "Somebody".to_owned(), |giver| giver.data.name());
            given(&event, kind, about.recipient, &act, &giver, &about.name)
        }
    };
    let made = made.ok_or_else(|| Failure::Nonsense("the event is of no kind of record that is known".into()))?;
    let mut tx = Tx::new();
    tx.create(&made);
    match app.unscoped().commit(tx).await {
        // The event came twice.
        Err(error) if error.is_refused(&FailedCondition::Exists) => Ok(()),
        done => Ok(done?),
    }
}

async fn user(app: &App, id: Option<UserId>) -> Result<Option<Record<User>>, Failure> {
    match id {
        Some(id) => Ok(app.unscoped().get_latest::<User>(id).await?),
        None => Ok(None),
    }
}

/// What is told of, as it is now: personal values are not on the bus.
struct About {
    recipient: UserId,
    name: String,
    /// When it is due, where that is what is told.
    due: Option<Time>,
}

/// What an event is about; `None` where there is nothing left to tell: it is gone, done, another's, or due another day.
async fn about(app: &App, event: &Envelope, kind: NotificationKind, concerned: UserId) -> Result<Option<About>, Failure> {
    let day = |time: Time| Day(time.date_in(&app.config.zone));
    let today = day(app.clock.now());
    let is_today = day(event.at) == today;
    Ok(match kind {
        NotificationKind::LeadAssigned => still_theirs(record::<Lead>(app, event).await?, concerned),
        NotificationKind::CustomerAssigned => still_theirs(record::<Customer>(app, event).await?, concerned),
        NotificationKind::FollowUpDue if is_today => match record::<FollowUp>(app, event).await? {
            Some(follow_up) => {
                let name = match follow_up.party() {
                    Some(party) => party_name(app, party).await?,
                    None => None,
                };
                still_due(&follow_up, name, |due| day(due) <= today)
            }
            None => None,
        },
        NotificationKind::TaskDue if is_today => {
            record::<Task>(app, event).await?.and_then(|task| still_due(&task, Some(Task::label(&task)), |due| day(due) <= today))
        }
        // The next day has a reminder of its own.
        NotificationKind::FollowUpDue | NotificationKind::TaskDue => None,
        _ => still_theirs(record::<Task>(app, event).await?, concerned),
    })
}

/// What was given to somebody who has it still: nobody learns the name of what is another's by now.
fn still_theirs<E: Entity>(record: Option<Record<E>>, given: UserId) -> Option<About> {
    let record = record.filter(|record| E::owner(record) == Some(given))?;
    Some(About { recipient: given, name: E::label(&record), due: None })
}

/// Whoever holds it now is told, while it is still to be done and due.
fn still_due<E: Dated>(record: &Record<E>, name: Option<String>, is_due: impl Fn(Time) -> bool) -> Option<About> {
    let due = E::due(record).filter(|due| is_due(*due))?;
    Some(About { recipient: E::owner(record)?, name: name?, due: Some(due) })
}

async fn party_name(app: &App, party: PartyId) -> Result<Option<String>, Failure> {
    Ok(match party {
        PartyId::Lead(id) => app.unscoped().get::<Lead>(id).await?.map(|lead| Lead::label(&lead)),
        PartyId::Customer(id) => app.unscoped().get::<Customer>(id).await?.map(|customer| Customer::label(&customer)),
    })
}

/// The record that an event is about.
async fn record<E: Stored>(app: &App, event: &Envelope) -> Result<Option<Record<E>>, Failure> {
    Ok(app.unscoped().get_latest::<E>(id(&event.entity)?).await?)
}
