//! Activities: communications and notes about a lead or a customer.

use crate::event::{Act, Event, EventKind};
use crate::id::{ActivityId, CustomerId, LeadId, TeamId, UserId};
use crate::party::PartyId;
use crate::record::{Entity, Record};
use crate::time::Time;
use crate::value::{EXCERPT, Prose, Text, cut};
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// What kind of communication.
    pub enum ActivityType {
        /// A note; no contact.
        Note = "NOTE",
        /// A call.
        Call = "CALL",
        /// An e-mail.
        Email = "EMAIL",
        /// A meeting.
        Meeting = "MEETING",
    }
}

impl ActivityType {
    /// Whether it counts as contact with the lead or customer.
    pub const fn is_contact(self) -> bool {
        !matches!(self, Self::Note)
    }

    /// As it reads in a sentence.
    const fn in_words(self) -> &'static str {
        match self {
            Self::Note => "a note",
            Self::Call => "a call",
            Self::Email => "an e-mail",
            Self::Meeting => "a meeting",
        }
    }
}

crate::choice! {
    /// Who began it.
    pub enum Direction {
        /// They did.
        Inbound = "INBOUND",
        /// We did.
        Outbound = "OUTBOUND",
    }
}

/// How far ahead of the clock a communication may lie, seconds: clocks differ.
pub const AHEAD_SECONDS: i64 = 300;

/// How much of a note the page of its lead or customer shows, in characters.
pub const NOTE_LENGTH: usize = 500;

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityData {
    /// The lead it is about.
    pub lead_id: Option<LeadId>,
    /// Or the customer.
    pub customer_id: Option<CustomerId>,
    /// What kind.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// When it took place.
    pub occurred_at: Time,
    /// Who began it.
    pub direction: Option<Direction>,
    /// How long it took, minutes.
    pub duration_min: Option<i64>,
    /// What came of it.
    pub outcome: Option<Text<100>>,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivityText {
    /// What was said; required for a note.
    pub body: Option<Prose>,
}

/// Kept by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityKept {
    /// The author's name when it was written.
    pub author_name: Option<String>,
    /// The beginning of the body, for lists.
    pub excerpt: Option<String>,
}

impl Entity for Activity {
    const KIND: &'static str = "ACTIVITY";
    type Id = ActivityId;
    type Data = ActivityData;
    type Text = ActivityText;
    type Kept = ActivityKept;

    /// Its author; who may see it goes by its lead or customer.
    fn owner(record: &Record<Self>) -> Option<UserId> {
        record.created_by
    }

    fn team(_: &Record<Self>) -> Option<TeamId> {
        None
    }

    fn label(record: &Record<Self>) -> String {
        record.data.kind.to_string()
    }
}

/// A note as the page of its lead or customer shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The activity.
    pub id: ActivityId,
    /// Its body, cut to [`NOTE_LENGTH`] characters.
    pub body: String,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// The author's name.
    pub author_name: Option<String>,
    /// When it was written.
    pub created_at: Time,
}

impl Record<Activity> {
    /// As a note; `None` where it is something else.
    pub fn as_note(&self) -> Option<Note> {
        let body = self.text.body.as_ref().map(|body| cut(body.as_str(), NOTE_LENGTH)).unwrap_or_default();
        let (author_name, created_at) = (self.kept.author_name.clone(), self.created_at);
        (self.data.kind == ActivityType::Note).then_some(Note { id: self.id, body, created_by: self.created_by, author_name, created_at })
    }

    /// What it is about.
    pub fn party(&self) -> Option<PartyId> {
        PartyId::of(self.data.lead_id, self.data.customer_id)
    }
}

/// The lead or customer of an activity as its events need it: name, owner, team.
#[derive(Debug, Clone)]
pub struct About {
    /// Its name.
    pub label: String,
    /// Its owner.
    pub owner: Option<UserId>,
    /// Its team.
    pub team: Option<TeamId>,
}

fn told(activity: &Record<Activity>, act: &Act, about: &About, kind: EventKind, verb: &str) -> Event {
    let summary = format!("{} {verb} {} with {}", act.actor_name, activity.data.kind.in_words(), about.label);
    let data = &activity.data;
    let detail = json!({"type": data.kind, "leadId": data.lead_id, "customerId": data.customer_id, "occurredAt": data.occurred_at});
    activity.event(act, kind, summary, detail).seen_by(about.owner, about.team)
}

fn excerpt(text: &ActivityText) -> Option<String> {
    text.body.as_ref().map(|body| cut(body.as_str(), EXCERPT))
}

/// A new activity and its event.
pub fn log(act: &Act, about: &About, data: ActivityData, text: ActivityText) -> (Record<Activity>, Event) {
    let kept = ActivityKept { author_name: Some(act.actor_name.clone()), excerpt: excerpt(&text) };
    let activity: Record<Activity> = Record::new(act.id(), act, data, text, kept);
    let event = told(&activity, act, about, EventKind::ActivityLogged, "logged");
    (activity, event)
}

/// A person's change; `None` when nothing changed.
pub fn update(activity: &Record<Activity>, act: &Act, about: &About, data: ActivityData, text: ActivityText) -> Option<(Record<Activity>, Event)> {
    let (mut next, changed) = activity.changed(act, data, text)?;
    if changed.contains_key("body") {
        next.kept.excerpt = excerpt(&next.text);
    }
    let event = told(&next, act, about, EventKind::ActivityUpdated, "changed").with_changes(changed);
    Some((next, event))
}

/// The event of a deletion.
pub fn deleted(activity: &Record<Activity>, act: &Act, about: &About) -> Event {
    told(activity, act, about, EventKind::ActivityDeleted, "deleted")
}
