//! Notifications: tells users what concerns them when something happened.

use crate::automation::id;
use crate::deliver::{deliver, link};
use crate::failure::{Failure, queue_batch, read};
use crate::{Need, Trigger, Worker};
use application::App;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::event::{EntityType, Envelope, EventKind};
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::message_template::{MessageTemplate, Values, filled, standing};
use domain::notification::{Channel, NotificationKind, Telling, concerned, queued, told, wants};
use domain::reminder::Dated;
use domain::task::Task;
use domain::text::TextValue;
use domain::user::{User, UserStatus};
use domain::{Entity, NotificationId, PartyId, Record, Time, UserId};
use futures::FutureExt;
use messaging::Queue;
use messaging::batch::Message;
use serde_json::Value;
use store::{Action, FailedCondition, Stored, Tx};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "notify",
    about: "Tells users what others gave them, and what is due: in the application, by mail, by text message, on their devices",
    trigger: Trigger::Queue(Queue::Notifications),
    actions: &[Action::Get, Action::Put, Action::Update],
    needs: &[Need::Senders, Need::Pushes],
    handle: |app, event| async move { queue_batch(app, Queue::Notifications, event, |message| take(app, message)).await }.boxed(),
};

async fn take(app: &App, message: Message) -> Result<(), Failure> {
    let event: Envelope = read::<EventBridgeEvent<Envelope>>("an event", &message.body)?.detail;
    match event.kind {
        EventKind::NotificationQueued => deliver(app, message.receives, &event).await,
        _ => tell(app, &event).await,
    }
}

/// How long something is news, seconds: a week. What comes later, since somebody had it published again, nobody is told of.
const NEWS_SECONDS: i64 = 7 * 86_400;

/// Makes a notification for each channel through which somebody wants to be told. What leaves the CRM is sent by a message of its
/// own, which is tried again without the others.
async fn tell(app: &App, event: &Envelope) -> Result<(), Failure> {
    let Some((kind, concerned)) = concerned(event) else { return Ok(()) };
    if event.at.plus_seconds(NEWS_SECONDS) < app.clock.now() {
        return Ok(());
    }
    let Some(about) = about(app, event, kind, concerned).await? else { return Ok(()) };
    let template = app.unscoped().get_latest::<MessageTemplate>(kind.into());
    let (user, giver, template) = tokio::try_join!(user(app, Some(about.recipient)), user(app, event.actor), async { Ok(template.await?) })?;
    // Who was disabled meanwhile has no inbox.
    let Some(user) = user.filter(|user| user.data.status == UserStatus::Active) else { return Ok(()) };
    let act = app.act();
    let template = standing(kind.into(), template.as_ref(), &act);
    let channels = template.data.channels.iter().filter(|channel| wants(&user.text.notification_prefs, kind, **channel));
    let channels: Vec<Channel> = channels.copied().filter(|_| template.data.enabled).collect();
    if channels.is_empty() {
        return Ok(());
    }
    let unknown = |_| Failure::Nonsense("the event is of no kind of record that is known".into());
    let entity = EntityType::read(&event.entity.kind).map_err(unknown)?;
    let (title, message) = filled(&template, &values(app, &about, &user, giver, entity, event))?;
    let telling = Telling { recipient: user.id, event: Some(kind), title, message, about: Some((entity, event.entity.id.clone())) };
    let mut tx = Tx::new();
    for channel in channels {
        let made = told(&act, NotificationId::of(event.id, channel), channel, &telling);
        if let Some(event) = queued(&made, &act) {
            tx.event(&event);
        }
        tx.create(&made);
    }
    match app.unscoped().commit(tx).await {
        // The event came twice.
        Err(error) if error.is_refused(&FailedCondition::Exists) => Ok(()),
        done => Ok(done?),
    }
}

/// What is filled in, by the name of the placeholder.
fn values(app: &App, about: &About, user: &Record<User>, giver: Option<Record<User>>, entity: EntityType, event: &Envelope) -> Values {
    let day = |time: Time| time.day_in(&app.config.zone);
    let due = about.due.map(day);
    let overdue = due.is_some_and(|due| due < day(app.clock.now()));
    Values::from([
        ("recipientName", user.data.name()),
        ("actorName", giver.map_or_else(|| "Somebody".to_owned(), |giver| giver.data.name())),
        ("name", about.name.clone()),
        ("email", user.data.email.to_string()),
        ("dueDate", due.map(|due| due.to_string()).unwrap_or_default()),
        ("overdue", if overdue { "overdue".to_owned() } else { String::new() }),
        ("link", link(&app.config, entity, &event.entity.id).unwrap_or_default()),
        ("appUrl", app.config.app_url.clone().unwrap_or_default()),
        // Of a campaign that is over.
        ("failed", event.data["error"].as_str().unwrap_or_default().to_owned()),
        ("results", results(&event.data["stats"])),
    ])
}

/// What became of the messages of a campaign.
fn results(stats: &Value) -> String {
    let count = |name: &str| stats[name].as_u64().unwrap_or_default();
    format!("{} messages were sent, {} could not be sent, {} were skipped.", count("sent"), count("failed"), count("skipped"))
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
    let day = |time: Time| time.day_in(&app.config.zone);
    let today = day(app.clock.now());
    let is_today = day(event.at) == today;
    Ok(match kind {
        NotificationKind::UserWelcome => {
            user(app, Some(concerned)).await?.map(|user| About { recipient: user.id, name: user.data.name(), due: None })
        }
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
        NotificationKind::CampaignFinished => still_theirs(record::<Campaign>(app, event).await?, concerned),
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
