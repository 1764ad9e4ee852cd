//! Notifications: tells users what concerns them when something happened.

use crate::failure::{Failure, queue_batch, read};
use crate::{Trigger, Worker};
use application::App;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::UserId;
use domain::event::Envelope;
use domain::notification::{Channel, NotificationKind, concerned, given, wants};
use domain::text::TextValue;
use domain::user::{User, UserStatus};
use futures::FutureExt;
use messaging::Queue;
use messaging::batch::Message;
use store::{Action, FailedCondition, Stored, Tx};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "notify",
    about: "Tells users in the application what others gave them",
    trigger: Trigger::Queue(Queue::Notifications),
    actions: &[Action::Get, Action::Put, Action::Update],
    needs: &[],
    handle: |app, event| async move { queue_batch(app, Queue::Notifications, event, |message| tell(app, message)).await }.boxed(),
};

async fn tell(app: &App, message: Message) -> Result<(), Failure> {
    let event: Envelope = read::<EventBridgeEvent<Envelope>>("an event", &message.body)?.detail;
    let Some((kind, recipient)) = concerned(&event) else { return Ok(()) };
    let (user, giver, name) = tokio::try_join!(user(app, Some(recipient)), user(app, event.actor), name(app, &event, kind))?;
    // Who was disabled meanwhile has no inbox, and of what is gone there is nothing to tell.
    let (Some(user), Some(name)) = (user.filter(|user| user.data.status == UserStatus::Active), name) else { return Ok(()) };
    if !wants(&user.text.notification_prefs, kind, Channel::InApp) {
        return Ok(());
    }
    let giver = giver.map_or_else(|| "Somebody".to_owned(), |giver| giver.data.name());
    let made = given(&event, kind, recipient, &app.act(), &giver, &name);
    let made = made.ok_or_else(|| Failure::Nonsense("the event is of no kind of record that is known".into()))?;
    let mut tx = Tx::new();
    tx.create(&made);
    match app.unscoped().commit(tx).await {
        // The event came twice.
        Err(error) if error.is_refused(&FailedCondition::Exists) => Ok(()),
        done => Ok(done?),
    }
}

async fn user(app: &App, id: Option<UserId>) -> Result<Option<domain::Record<User>>, Failure> {
    match id {
        Some(id) => Ok(app.unscoped().get_latest::<User>(id).await?),
        None => Ok(None),
    }
}

/// What the record is called that the event is about: personal values are not on the bus.
async fn name(app: &App, event: &Envelope, kind: NotificationKind) -> Result<Option<String>, Failure> {
    async fn of<E: Stored>(app: &App, id: &str) -> Result<Option<String>, Failure> {
        let id = E::Id::read(id).map_err(|invalid| Failure::Nonsense(format!("the event names no {} by its id: {}", E::KIND, invalid.message)))?;
        Ok(app.unscoped().get_latest::<E>(id).await?.map(|record| E::label(&record)))
    }
    let id = &event.entity.id;
    match kind {
        NotificationKind::LeadAssigned => of::<domain::lead::Lead>(app, id).await,
        NotificationKind::CustomerAssigned => of::<domain::customer::Customer>(app, id).await,
        _ => of::<domain::task::Task>(app, id).await,
    }
}
