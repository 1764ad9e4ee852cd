//! Activities: communications and notes about a lead or a customer.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, TeamId, UserId};
use crate::owner::Change;
use crate::party::{Party, PartyId};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused};
use crate::time::Time;
use crate::value::{EXCERPT, Prose, Text, cut, keep_whole};
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

crate::id::ids! {
    /// A communication or note.
    ActivityId,
}

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

impl ActivityData {
    /// An activity of which no more is known than about whom, what kind and when.
    pub fn new(party: PartyId, kind: ActivityType, occurred_at: Time) -> Self {
        let (lead_id, customer_id) = (party.lead(), party.customer());
        Self { lead_id, customer_id, kind, occurred_at, direction: None, duration_min: None, outcome: None }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivityText {
    /// What was said; required for a note.
    pub body: Option<Prose>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityDerived {
    /// The author's name when it was written.
    pub author_name: Option<String>,
    /// The beginning of the body, for lists.
    pub excerpt: Option<String>,
    /// The customer that its lead became, beside whom it stands as well.
    pub customer_id: Option<CustomerId>,
    /// The team of its lead or customer when it was logged.
    pub team_id: Option<TeamId>,
}

impl Entity for Activity {
    const KIND: &'static str = "ACTIVITY";
    type Id = ActivityId;
    type Data = ActivityData;
    type Text = ActivityText;
    type Derived = ActivityDerived;

    /// Its author; who may see it goes by its lead or customer.
    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.created_by
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(row: &Row<Self>) -> Access {
        // One without a lead or customer cannot be stored; it would be its author's alone.
        row.party().map_or(Access::Owner, Access::PartyThenAuthor)
    }

    fn label(row: &Row<Self>) -> String {
        row.data.kind.to_string()
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
        let (author_name, created_at) = (self.derived.author_name.clone(), self.created_at);
        (self.data.kind == ActivityType::Note).then_some(Note { id: self.id, body, created_by: self.created_by, author_name, created_at })
    }

    /// As one of the customer that its lead became; it stays the lead's too.
    #[must_use]
    pub fn also_of(&self, customer: CustomerId) -> Self {
        let mut next = self.clone();
        next.derived.customer_id = Some(customer);
        next
    }
}

impl Row<Activity> {
    /// What it is about.
    pub fn party(&self) -> Option<PartyId> {
        PartyId::of(self.data.lead_id, self.data.customer_id)
    }

    /// Beside whom it stands: what it is about, and the customer that this became.
    pub fn parties(&self) -> impl Iterator<Item = PartyId> {
        self.party().into_iter().chain(self.derived.customer_id.map(PartyId::Customer))
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

fn activity_event(activity: &Record<Activity>, act: &Act, about: &About, kind: EventKind, verb: &str) -> Event {
    let summary = format!("{} {verb} {} with {}", act.actor_name, activity.data.kind.in_words(), about.label);
    let data = &activity.data;
    let detail = json!({"type": data.kind, "leadId": data.lead_id, "customerId": data.customer_id, "occurredAt": data.occurred_at});
    activity.event(act, kind, summary, detail).seen_by(about.owner, about.team)
}

fn excerpt(text: &ActivityText) -> Option<String> {
    text.body.as_ref().map(|body| cut(body.as_str(), EXCERPT))
}

/// A note says something, and what took place did not take place in the future (clocks may differ a
/// little). `None` is not known, of which nothing is said.
pub fn faults(kind: Option<ActivityType>, body: Option<Option<&Prose>>, occurred_at: Option<Time>, now: Time) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    if kind == Some(ActivityType::Note) && body == Some(None) {
        faults.push(FieldFault::new("body", "required", "is required for a note"));
    }
    if occurred_at.is_some_and(|at| at > now.plus_seconds(AHEAD_SECONDS)) {
        faults.push(FieldFault::new("occurredAt", "range", "must not be more than five minutes ahead"));
    }
    faults
}

fn check(data: &ActivityData, text: &ActivityText, now: Time) -> Result<(), Refused> {
    Refused::any(faults(Some(data.kind), Some(text.body.as_ref()), Some(data.occurred_at), now))
}

/// A new activity of a lead or customer that is not read-only, and its event.
pub fn log(act: &Act, party: &Party, data: ActivityData, text: ActivityText) -> Result<(Record<Activity>, Event), Refused> {
    party.check_open()?;
    check(&data, &text, act.at)?;
    let about = &party.about();
    let derived = ActivityDerived { author_name: Some(act.actor_name.clone()), excerpt: excerpt(&text), customer_id: None, team_id: about.team };
    let activity: Record<Activity> = Record::new(act.id(), act, data, text, derived);
    let event = activity_event(&activity, act, about, EventKind::ActivityLogged, "logged");
    Ok((activity, event))
}

/// A person's change; `None` when nothing changed.
pub fn update(
    activity: &Record<Activity>,
    act: &Act,
    about: &About,
    data: ActivityData,
    mut text: ActivityText,
) -> Result<Change<Activity>, Refused> {
    keep_whole(&mut text.body, activity.text.body.as_ref());
    check(&data, &text, act.at)?;
    let Some((mut next, changed)) = activity.changed(act, data, text) else { return Ok(None) };
    if changed.contains_key("body") {
        next.derived.excerpt = excerpt(&next.text);
    }
    let event = activity_event(&next, act, about, EventKind::ActivityUpdated, "changed").with_changes(changed);
    Ok(Some((next, vec![event])))
}

/// The event of a deletion.
pub fn deleted(activity: &Record<Activity>, act: &Act, about: &About) -> Event {
    activity_event(activity, act, about, EventKind::ActivityDeleted, "deleted")
}
