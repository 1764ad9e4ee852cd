//! Notifications: what a user is told of, through what, and whether it was read.

use crate::event::{Act, EntityType, Envelope, EventKind};
use crate::id::{EventId, TeamId, UserId};
use crate::record::{Access, Entity, Record, Row};
use crate::text::TextValue;
use crate::time::{Day, Time};
use crate::value::{Text, cut};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

crate::choice! {
    /// A notification that a user may turn on or off.
    pub enum NotificationKind {
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

/// Whether a user is told of something through a channel: as the user says, else as the product has it.
pub fn wants(preferences: &Preferences, kind: NotificationKind, channel: Channel) -> bool {
    preferences.get(&kind).and_then(|channels| channels.get(&channel)).copied().unwrap_or(channel == Channel::InApp)
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
    /// The id of what one event tells through one channel: the event's with another last byte, so that
    /// an event that comes twice makes one notification.
    pub fn of(event: EventId, channel: Channel) -> Self {
        let mut bytes = event.uuid().into_bytes();
        let number = Channel::ALL.iter().position(|known| *known == channel).unwrap_or_default();
        bytes[15] ^= u8::try_from(number + 1).unwrap_or_default();
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

/// Whom an event concerns, and as what: who has something to do that is due, and who was given something by somebody else. What the system gives,
/// a whole portfolio where somebody leaves, is not told one by one.
pub fn concerned(event: &Envelope) -> Option<(NotificationKind, UserId)> {
    let person = |name: &str| event.data.get(name).and_then(Value::as_str).and_then(|id| UserId::read(id).ok());
    let (kind, given, before) = match event.kind {
        EventKind::LeadAssigned => (NotificationKind::LeadAssigned, person("new"), person("old")),
        EventKind::CustomerAssigned => (NotificationKind::CustomerAssigned, person("new"), person("old")),
        EventKind::TaskCreated => (NotificationKind::TaskAssigned, event.owner, None),
        EventKind::TaskUpdated => (NotificationKind::TaskAssigned, person("ownerId"), person("oldOwnerId")),
        EventKind::FollowUpDue => return event.owner.map(|holder| (NotificationKind::FollowUpDue, holder)),
        EventKind::TaskDue => return event.owner.map(|holder| (NotificationKind::TaskDue, holder)),
        _ => return None,
    };
    event.actor.and_then(|actor| given.filter(|given| *given != actor && Some(*given) != before)).map(|given| (kind, given))
}

/// How many characters of a record's name a notification repeats.
const NAME_LENGTH: usize = 150;

/// What somebody reads in the application.
fn in_app(act: &Act, id: NotificationId, recipient_id: UserId, title: &Text<200>, message: String) -> Record<Notification> {
    let data = NotificationData {
        recipient_id,
        channel: Channel::InApp,
        event: None,
        title: title.clone(),
        message,
        entity_type: None,
        entity_id: None,
        status: NotificationStatus::Sent,
        sent_at: Some(act.at),
        read_at: None,
    };
    Record::new(id, act, data, (), NotificationDerived {})
}

/// What a person tells another in the application.
pub fn written(act: &Act, recipient: UserId, title: &Text<200>, message: String) -> Record<Notification> {
    in_app(act, act.id(), recipient, title, message)
}

/// What somebody reads in the application who was given a record of this name; `None` where the event is of no
/// kind of record that is known.
pub fn given(event: &Envelope, kind: NotificationKind, recipient: UserId, act: &Act, giver: &str, name: &str) -> Option<Record<Notification>> {
    let what = match kind {
        NotificationKind::LeadAssigned => "a lead",
        NotificationKind::CustomerAssigned => "a customer",
        _ => "a task",
    };
    let title = format!("You were given {what}: {}", cut(name, NAME_LENGTH));
    of_event(event, kind, recipient, act, &title, format!("{giver} gave you {what}: {name}"))
}

/// What somebody reads in the application who has something to do that is due: of this name, on this local date, today being
/// another or the same.
pub fn due(
    event: &Envelope,
    kind: NotificationKind,
    recipient: UserId,
    act: &Act,
    name: &str,
    (on, today): (Day, Day),
) -> Option<Record<Notification>> {
    let what = if kind == NotificationKind::FollowUpDue { "follow-up" } else { "task" };
    let (is, was) = if on < today { ("overdue", format!("was due on {on}")) } else { ("due today", "is due today".to_owned()) };
    let title = format!("A {what} is {is}: {}", cut(name, NAME_LENGTH));
    of_event(event, kind, recipient, act, &title, format!("Your {what} {was}: {name}"))
}

/// What an event tells in the application; `None` where it is of no kind of record that is known.
fn of_event(event: &Envelope, kind: NotificationKind, recipient: UserId, act: &Act, title: &str, message: String) -> Option<Record<Notification>> {
    let mut made = in_app(act, NotificationId::of(event.id, Channel::InApp), recipient, &Text::read(title).ok()?, message);
    made.data.event = Some(kind);
    made.data.entity_type = Some(EntityType::read(&event.entity.kind).ok()?);
    made.data.entity_id = Some(event.entity.id.clone());
    Some(made)
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
    fn the_inbox_is_on_until_the_user_turns_it_off() {
        let kind = NotificationKind::LeadAssigned;
        assert!(wants(&Preferences::new(), kind, Channel::InApp));
        let off: Preferences = serde_json::from_value(json!({"LEAD_ASSIGNED": {"IN_APP": false}})).expect("preferences");
        assert!(!wants(&off, kind, Channel::InApp) && wants(&off, NotificationKind::TaskDue, Channel::InApp));
    }
}
