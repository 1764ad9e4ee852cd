//! Notifications: what a user is told of, through what, and whether it was read.

use crate::event::{Act, EntityType, Envelope, Event, EventKind};
use crate::id::{EventId, TeamId, UserId};
use crate::record::{Access, Entity, Record, Row};
use crate::text::TextValue;
use crate::time::Time;
use crate::value::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

crate::choice! {
    /// A notification that a user may turn on or off.
    pub enum NotificationKind {
        /// The user was registered.
        UserWelcome = "USER_WELCOME",
        /// A follow-up is due.
        FollowUpDue = "FOLLOW_UP_DUE",
        /// A lead was given to the user.
        LeadAssigned = "LEAD_ASSIGNED",
        /// A customer was given to the user.
        CustomerAssigned = "CUSTOMER_ASSIGNED",
        /// A task was given to the user.
        TaskAssigned = "TASK_ASSIGNED",
        /// A task is due.
        TaskDue = "TASK_DUE",
        /// A campaign of the user is finished.
        CampaignFinished = "CAMPAIGN_FINISHED",
    }
}

crate::choice! {
    /// How a notification reaches a user.
    pub enum Channel {
        /// By e-mail.
        Email = "EMAIL",
        /// By text message.
        Sms = "SMS",
        /// On the user's devices.
        Push = "PUSH",
        /// In the application.
        InApp = "IN_APP",
    }
}

/// What a user turned on or off; what is not there is as the product has it.
pub type Preferences = BTreeMap<NotificationKind, BTreeMap<Channel, bool>>;

/// Whether a user is told of something through a channel that its template has: as the user says, else as the product has it,
/// which sends no mails of tasks that are due.
pub fn wants(preferences: &Preferences, kind: NotificationKind, channel: Channel) -> bool {
    let usual = (kind, channel) != (NotificationKind::TaskDue, Channel::Email);
    preferences.get(&kind).and_then(|channels| channels.get(&channel)).copied().unwrap_or(usual)
}

crate::choice! {
    /// Where a notification stands.
    pub enum NotificationStatus {
        /// On its way.
        Queued = "QUEUED",
        /// Handed over; in the application, there.
        Sent = "SENT",
        /// Given up on.
        Failed = "FAILED",
        /// Not sent: there was no address, or the user did not want it.
        Skipped = "SKIPPED",
    }
}

crate::id::ids! {
    /// A notification.
    NotificationId,
}

impl NotificationId {
    /// The id of what one event tells through one channel: the event's with another ninth byte, so that
    /// an event that comes twice makes one notification. Ids that are counted differ in their last bytes.
    pub fn of(event: EventId, channel: Channel) -> Self {
        let mut bytes = event.uuid().into_bytes();
        let number = Channel::ALL.iter().position(|known| *known == channel).unwrap_or_default();
        bytes[8] ^= u8::try_from(number + 1).unwrap_or_default();
        Self::new(Uuid::from_bytes(bytes))
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification;

/// What a notification is made of: no person writes it but the recipient, who reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationData {
    /// Whom it tells.
    pub recipient_id: UserId,
    /// Through what.
    #[serde(rename = "type")]
    pub channel: Channel,
    /// What it tells of; none where a person wrote it.
    pub event: Option<NotificationKind>,
    /// In a line.
    pub title: Text<200>,
    /// All of it. It stands in lists, since an inbox is read there.
    pub message: String,
    /// The kind of record that it is about.
    pub entity_type: Option<EntityType>,
    /// That record.
    pub entity_id: Option<String>,
    /// Where it stands.
    pub status: NotificationStatus,
    /// How often it was tried to send it.
    #[serde(default)]
    pub attempts: u32,
    /// Why it was not sent, without the address.
    #[serde(default)]
    pub error: Option<String>,
    /// When it was handed over.
    pub sent_at: Option<Time>,
    /// When the recipient read it.
    pub read_at: Option<Time>,
}

/// Nothing is derived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NotificationDerived {}

impl Entity for Notification {
    const KIND: &'static str = "NOTIFICATION";
    type Id = NotificationId;
    type Data = NotificationData;
    type Text = ();
    type Derived = NotificationDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.recipient_id)
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Owner
    }

    fn label(row: &Row<Self>) -> String {
        row.data.title.to_string()
    }
}

impl Row<Notification> {
    /// Whether it waits in the recipient's inbox to be read.
    pub fn is_unread(&self) -> bool {
        self.data.channel == Channel::InApp && self.data.read_at.is_none()
    }
}

/// Whom an event concerns, and as what: who has something to do that is due, whose campaign ended, and who was registered or given something by somebody else. What the system gives,
/// a whole portfolio where somebody leaves, is not told one by one.
pub fn concerned(event: &Envelope) -> Option<(NotificationKind, UserId)> {
    let person = |name: &str| event.data.get(name).and_then(Value::as_str).and_then(|id| UserId::read(id).ok());
    let (kind, given, before) = match event.kind {
        EventKind::UserCreated => (NotificationKind::UserWelcome, UserId::read(&event.entity.id).ok(), None),
        EventKind::LeadAssigned => (NotificationKind::LeadAssigned, person("new"), person("old")),
        EventKind::CustomerAssigned => (NotificationKind::CustomerAssigned, person("new"), person("old")),
        EventKind::TaskCreated => (NotificationKind::TaskAssigned, event.owner, None),
        EventKind::TaskUpdated => (NotificationKind::TaskAssigned, person("ownerId"), person("oldOwnerId")),
        EventKind::FollowUpDue => return event.owner.map(|holder| (NotificationKind::FollowUpDue, holder)),
        EventKind::TaskDue => return event.owner.map(|holder| (NotificationKind::TaskDue, holder)),
        EventKind::CampaignFinished => return event.owner.map(|owner| (NotificationKind::CampaignFinished, owner)),
        _ => return None,
    };
    event.actor.and_then(|actor| given.filter(|given| *given != actor && Some(*given) != before)).map(|given| (kind, given))
}

/// What is to be told.
#[derive(Debug, Clone)]
pub struct Telling {
    /// Whom it tells.
    pub recipient: UserId,
    /// What it tells of; none where a person wrote it.
    pub event: Option<NotificationKind>,
    /// In a line.
    pub title: Text<200>,
    /// All of it.
    pub message: String,
    /// The record that it is about.
    pub about: Option<(EntityType, String)>,
}

/// What is told through a channel: in the application it is there at once, and elsewhere it waits to be sent.
pub fn told(act: &Act, id: NotificationId, channel: Channel, telling: &Telling) -> Record<Notification> {
    let is_there = channel == Channel::InApp;
    let (entity_type, entity_id) = telling.about.clone().unzip();
    let data = NotificationData {
        recipient_id: telling.recipient,
        channel,
        event: telling.event,
        title: telling.title.clone(),
        message: telling.message.clone(),
        entity_type,
        entity_id,
        status: if is_there { NotificationStatus::Sent } else { NotificationStatus::Queued },
        attempts: 0,
        error: None,
        sent_at: is_there.then_some(act.at),
        read_at: None,
    };
    Record::new(id, act, data, (), NotificationDerived {})
}

/// The event that brings it to whoever sends it; `None` where nobody has to.
pub fn queued(notification: &Record<Notification>, act: &Act) -> Option<Event> {
    (notification.data.status == NotificationStatus::Queued).then(|| happened(notification, act, EventKind::NotificationQueued, "waits to be sent"))
}

/// What its sending came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed over.
    Sent,
    /// It was given up on, for this reason.
    Failed(String),
    /// There was nobody to send it to, for this reason.
    Skipped(String),
}

/// The same as it is tried once more: what is on its way to somebody, or was given up on and is sent again by hand. `None` where
/// there is nothing left to do.
pub fn tried(notification: &Record<Notification>) -> Option<Record<Notification>> {
    matches!(notification.data.status, NotificationStatus::Queued | NotificationStatus::Failed).then(|| {
        let mut next = notification.clone();
        next.data.status = NotificationStatus::Queued;
        next.data.attempts += 1;
        next
    })
}

/// The same after it was tried.
pub fn ended(notification: &Record<Notification>, act: &Act, outcome: Outcome) -> (Record<Notification>, Option<Event>) {
    let mut next = notification.clone();
    let (status, error) = match outcome {
        Outcome::Sent => (NotificationStatus::Sent, None),
        Outcome::Failed(why) => (NotificationStatus::Failed, Some(why)),
        Outcome::Skipped(why) => (NotificationStatus::Skipped, Some(why)),
    };
    (next.data.status, next.data.error) = (status, error);
    let event = match status {
        NotificationStatus::Sent => {
            next.data.sent_at = Some(act.at);
            Some(happened(&next, act, EventKind::NotificationSent, "was sent"))
        }
        NotificationStatus::Failed => Some(happened(&next, act, EventKind::NotificationFailed, "could not be sent")),
        _ => None,
    };
    (next, event)
}

fn happened(notification: &Record<Notification>, act: &Act, kind: EventKind, what: &str) -> Event {
    let (channel, error) = (notification.data.channel, &notification.data.error);
    let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    notification.event(act, kind, format!("A notification ({channel}) {what}{why}"), json!({"type": channel}))
}

/// The same, read; `None` where it was.
pub fn read(notification: &Record<Notification>, act: &Act) -> Option<Record<Notification>> {
    notification.is_unread().then(|| {
        let mut next = notification.touched(act);
        next.data.read_at = Some(act.at);
        next
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EntityRef;
    use serde_json::json;

    fn user(n: u128) -> UserId {
        UserId::new(Uuid::from_u128(n))
    }

    fn event(kind: EventKind, actor: Option<UserId>, owner: Option<UserId>, data: Value) -> Envelope {
        let entity = EntityRef { kind: "TASK".into(), id: Uuid::nil().to_string() };
        let id = EventId::new(Uuid::from_u128(77));
        Envelope { id, kind, at: Time::from_millis(1), actor, request_id: None, entity, owner, team: None, data, changes: serde_json::Map::new() }
    }

    #[test]
    fn who_is_given_something_by_somebody_else_is_told() {
        let (ann, bob, cid) = (user(1), user(2), user(3));
        let lead = |actor, new| concerned(&event(EventKind::LeadAssigned, actor, None, json!({"old": cid, "new": new})));
        assert_eq!(lead(Some(ann), Some(bob)), Some((NotificationKind::LeadAssigned, bob)));
        assert_eq!(lead(Some(ann), None), None, "the pool is nobody");
        assert_eq!(lead(Some(bob), Some(bob)), None, "of one's own act one knows");
        assert_eq!(lead(None, Some(bob)), None, "the system moves whole portfolios");
        assert_eq!(concerned(&event(EventKind::TaskCreated, Some(ann), Some(bob), json!({}))), Some((NotificationKind::TaskAssigned, bob)));
        assert_eq!(concerned(&event(EventKind::TaskCreated, Some(ann), Some(ann), json!({}))), None);
        let moved = |old, new| concerned(&event(EventKind::TaskUpdated, Some(ann), Some(new), json!({"oldOwnerId": old, "ownerId": new})));
        assert_eq!(moved(cid, bob), Some((NotificationKind::TaskAssigned, bob)));
        assert_eq!(moved(bob, bob), None, "another field of it changed");
        assert_eq!(concerned(&event(EventKind::LeadUpdated, Some(ann), Some(bob), json!({}))), None);
    }

    #[test]
    fn an_event_makes_one_notification_for_each_channel() {
        let event = EventId::new(Uuid::from_u128(7 << 64));
        let ids: std::collections::BTreeSet<_> = Channel::ALL.iter().map(|channel| NotificationId::of(event, *channel)).collect();
        assert_eq!(ids.len(), Channel::ALL.len());
        assert_eq!(NotificationId::of(event, Channel::Email), NotificationId::of(event, Channel::Email));
    }

    #[test]
    fn what_is_told_is_on_until_the_user_turns_it_off() {
        let kind = NotificationKind::LeadAssigned;
        assert!(Channel::ALL.iter().all(|channel| wants(&Preferences::new(), kind, *channel)));
        let off: Preferences = serde_json::from_value(json!({"LEAD_ASSIGNED": {"IN_APP": false}})).expect("preferences");
        assert!(!wants(&off, kind, Channel::InApp) && wants(&off, kind, Channel::Email) && wants(&off, NotificationKind::TaskDue, Channel::InApp));
        assert!(!wants(&off, NotificationKind::TaskDue, Channel::Email), "every morning a mail for each task is too much");
        let on: Preferences = serde_json::from_value(json!({"TASK_DUE": {"EMAIL": true}})).expect("preferences");
        assert!(wants(&on, NotificationKind::TaskDue, Channel::Email));
    }

    fn act() -> Act {
        Act { at: Time::from_millis(9), actor: None, actor_name: "System".into(), request: None, ids: std::sync::Arc::new(|| Uuid::from_u128(5)) }
    }

    fn telling() -> Telling {
        let title = Text::read("You were given a lead").expect("a title");
        Telling { recipient: user(1), event: None, title, message: "All of it".into(), about: None }
    }

    #[test]
    fn what_is_told_in_the_application_is_there_and_the_rest_waits() {
        let id = NotificationId::new(Uuid::from_u128(3));
        let there = told(&act(), id, Channel::InApp, &telling());
        assert_eq!((there.data.status, there.data.sent_at, queued(&there, &act())), (NotificationStatus::Sent, Some(act().at), None));
        let waits = told(&act(), id, Channel::Email, &telling());
        assert_eq!((waits.data.status, waits.data.sent_at), (NotificationStatus::Queued, None));
        assert_eq!(queued(&waits, &act()).map(|event| event.kind), Some(EventKind::NotificationQueued));
    }

    #[test]
    fn a_notification_is_tried_until_it_is_sent_and_again_by_hand_where_it_failed() {
        let waits = told(&act(), NotificationId::new(Uuid::from_u128(3)), Channel::Email, &telling());
        let first = tried(&waits).expect("to be tried");
        let (failed, event) = ended(&first, &act(), Outcome::Failed("MessageRejected".into()));
        let event = event.expect("an event");
        assert_eq!((failed.data.attempts, failed.data.status, event.kind), (1, NotificationStatus::Failed, EventKind::NotificationFailed));
        assert_eq!(event.summary, "A notification (EMAIL) could not be sent: MessageRejected");
        let again = tried(&failed).expect("by hand");
        let (sent, event) = ended(&again, &act(), Outcome::Sent);
        assert_eq!((sent.data.attempts, sent.data.error.as_ref(), sent.data.sent_at), (2, None, Some(act().at)));
        assert_eq!(event.map(|event| event.is_in_feed()), Some(false), "the feed tells of what failed");
        assert_eq!(tried(&sent), None);
        let (skipped, event) = ended(&first, &act(), Outcome::Skipped("no phone number".into()));
        assert_eq!((tried(&skipped), event, skipped.version), (None, None, waits.version));
    }
}
