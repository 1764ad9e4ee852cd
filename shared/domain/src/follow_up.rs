//! Follow-ups: a date to come back to a lead or customer.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, TeamId, UserId};
use crate::owner::{Change, Held, Owned, Owner};
use crate::party::{Parent, Party, PartyId};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{Refused, StateMachine};
use crate::reminder::Dated;
use crate::time::{Day, Time};
use crate::value::{EXCERPT, Prose, cut, keep_whole};
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// Where a follow-up stands.
    pub enum FollowUpStatus {
        /// To be done.
        Pending = "PENDING",
        /// Done; final.
        Completed = "COMPLETED",
        /// Called off; final.
        Cancelled = "CANCELLED",
    }
}

impl FollowUpStatus {
    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Completed, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }
}

crate::id::ids! {
    /// A follow-up.
    FollowUpId,
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowUpData {
    /// The lead to come back to.
    pub lead_id: Option<LeadId>,
    /// Or the customer.
    pub customer_id: Option<CustomerId>,
    /// When.
    pub due_at: Time,
    /// Where it stands.
    pub status: FollowUpStatus,
    /// Who is to do it.
    pub assignee_id: UserId,
    /// When it was done.
    pub completed_at: Option<Time>,
}

impl FollowUpData {
    /// A follow-up that is still to be done.
    pub fn new(party: PartyId, due_at: Time, assignee_id: UserId) -> Self {
        let (lead_id, customer_id) = (party.lead(), party.customer());
        Self { lead_id, customer_id, due_at, status: FollowUpStatus::Pending, assignee_id, completed_at: None }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowUpText {
    /// What to talk about.
    pub notes: Option<Prose>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowUpDerived {
    /// The assignee's team.
    pub team_id: Option<TeamId>,
    /// The assignee's name.
    pub owner_name: Option<String>,
    /// Since when the assignee has it, where it was given on; else it was made so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Time>,
    /// The beginning of the notes, for lists.
    pub excerpt: Option<String>,
    /// The local date of the last reminder.
    pub last_notified_on: Option<Day>,
}

impl Entity for FollowUp {
    const KIND: &'static str = "FOLLOWUP";
    type Id = FollowUpId;
    type Data = FollowUpData;
    type Text = FollowUpText;
    type Derived = FollowUpDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.assignee_id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        Access::OwnerOrParents(row.party().map(Parent::Party).into_iter().collect())
    }

    fn label(row: &Row<Self>) -> String {
        format!("Follow-up of {}", row.data.due_at)
    }
}

impl Held for FollowUp {
    fn held_since(row: &Row<Self>) -> Time {
        row.derived.held_since.unwrap_or(row.created_at)
    }

    fn hold_since(derived: &mut Self::Derived, since: Time) {
        derived.held_since = Some(since);
    }
}

impl Dated for FollowUp {
    const DUE: EventKind = EventKind::FollowUpDue;

    fn due(row: &Row<Self>) -> Option<Time> {
        row.is_open().then_some(row.data.due_at)
    }

    fn reminded_on(derived: &mut Self::Derived) -> &mut Option<Day> {
        &mut derived.last_notified_on
    }
}

impl Owned for FollowUp {
    const POOLED: bool = false;

    crate::owner::stamps!();

    fn hand_over(follow_up: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        let owner = owner.filter(|_| follow_up.data.status == FollowUpStatus::Pending)?;
        let data = FollowUpData { assignee_id: owner.id, ..follow_up.data.clone() };
        update(follow_up, act, data, follow_up.text.clone(), Some(owner)).unwrap_or(None)
    }
}

/// The next follow-up as the page of its lead or customer shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// The follow-up.
    pub id: FollowUpId,
    /// When it is due.
    pub due_at: Time,
    /// Who is to do it.
    pub assignee_id: UserId,
}

impl Row<FollowUp> {
    /// What it is about.
    pub fn party(&self) -> Option<PartyId> {
        PartyId::of(self.data.lead_id, self.data.customer_id)
    }

    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.data.status == FollowUpStatus::Pending
    }
}

impl Record<FollowUp> {
    /// The same at the customer its lead became.
    #[must_use]
    pub fn moved_to(&self, customer: CustomerId) -> Self {
        let mut next = self.clone();
        (next.data.lead_id, next.data.customer_id) = (None, Some(customer));
        next
    }
}

/// What is COMPLETED or CANCELLED is final.
fn is_final(from: FollowUpStatus) -> Refused {
    Refused::transition(StateMachine::FollowUp, format!("A follow-up that is {from} is final; schedule another"), from.allowed())
}

fn excerpt(text: &FollowUpText) -> Option<String> {
    text.notes.as_ref().map(|notes| cut(notes.as_str(), EXCERPT))
}

fn follow_up_event(follow_up: &Record<FollowUp>, act: &Act, kind: EventKind, verb: &str) -> Event {
    let data = &follow_up.data;
    let detail = json!({"leadId": data.lead_id, "customerId": data.customer_id, "dueAt": data.due_at, "assigneeId": data.assignee_id});
    follow_up.event(act, kind, format!("{} {verb} the follow-up of {}", act.actor_name, data.due_at), detail)
}

/// A new follow-up of a lead or customer that is not read-only, and its event.
pub fn schedule(
    act: &Act,
    party: &Party,
    mut data: FollowUpData,
    text: FollowUpText,
    assignee: &Owner,
) -> Result<(Record<FollowUp>, Event), Refused> {
    party.check_open()?;
    data.assignee_id = assignee.id;
    let mut derived = FollowUpDerived { excerpt: excerpt(&text), ..FollowUpDerived::default() };
    FollowUp::stamp(&mut derived, Some(assignee));
    let follow_up: Record<FollowUp> = Record::new(act.id(), act, data, text, derived);
    let event = follow_up_event(&follow_up, act, EventKind::FollowUpScheduled, "scheduled");
    Ok((follow_up, event))
}

/// A person's change of status, date, notes or assignee, one event for each; `None` when nothing
/// changed. What is COMPLETED or CANCELLED stays as it is, but for its notes.
pub fn update(
    follow_up: &Record<FollowUp>,
    act: &Act,
    mut data: FollowUpData,
    mut text: FollowUpText,
    assignee: Option<&Owner>,
) -> Result<Change<FollowUp>, Refused> {
    keep_whole(&mut text.notes, follow_up.text.notes.as_ref());
    let (from, to) = (follow_up.data.status, data.status);
    if from != FollowUpStatus::Pending && data != follow_up.data {
        return Err(is_final(from));
    }
    if from != to {
        data.completed_at = (to == FollowUpStatus::Completed).then_some(act.at);
    }
    let Some((mut next, mut changed)) = follow_up.changed(act, data, text) else { return Ok(None) };
    if let Some(assignee) = assignee {
        FollowUp::stamp(&mut next.derived, Some(assignee));
        next.derived.held_since = Some(act.at);
    }
    // A row of a list comes without its notes, so what did not change is not derived anew.
    if changed.contains_key("notes") {
        next.derived.excerpt = excerpt(&next.text);
    }
    let mut events = Vec::new();
    if from != to {
        let (kind, verb) = match to {
            FollowUpStatus::Completed => (EventKind::FollowUpCompleted, "completed"),
            _ => (EventKind::FollowUpCancelled, "cancelled"),
        };
        let own = ["status", "completedAt"].iter().filter_map(|name| changed.remove(*name).map(|change| ((*name).to_owned(), change))).collect();
        events.push(follow_up_event(&next, act, kind, verb).with_changes(own));
    }
    if !changed.is_empty() {
        events.push(follow_up_event(&next, act, EventKind::FollowUpUpdated, "changed").with_changes(changed));
    }
    Ok(Some((next, events)))
}

/// The event of a deletion; only a PENDING one can be deleted.
pub fn delete(follow_up: &Record<FollowUp>, act: &Act) -> Result<Event, Refused> {
    match follow_up.data.status {
        FollowUpStatus::Pending => Ok(follow_up_event(follow_up, act, EventKind::FollowUpDeleted, "deleted")),
        from => Err(is_final(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use uuid::Uuid;

    fn follow_up() -> Record<FollowUp> {
        let assignee = Owner { id: UserId::new(Uuid::from_u128(1)), name: "Ann".into(), team: None };
        let party = Party { id: PartyId::Lead(LeadId::new(Uuid::from_u128(2))), lead: None, customer: None };
        let data = FollowUpData::new(party.id, Time::from_millis(9000), assignee.id);
        schedule(&act(), &party, data, FollowUpText::default(), &assignee).expect("open").0
    }

    #[test]
    fn completing_is_final_and_a_reschedule_keeps_it_pending() {
        let first = follow_up();
        let later = FollowUpData { due_at: Time::from_millis(99_000), ..first.data };
        let (moved, events) = update(&first, &act(), later, FollowUpText::default(), None).expect("pending").expect("changed");
        assert_eq!((moved.data.status, events[0].kind), (FollowUpStatus::Pending, EventKind::FollowUpUpdated));
        let done = FollowUpData { status: FollowUpStatus::Completed, ..moved.data };
        let (done, events) = update(&moved, &act(), done, FollowUpText::default(), None).expect("allowed").expect("changed");
        assert_eq!((done.data.completed_at, events[0].kind), (Some(Time::from_millis(1000)), EventKind::FollowUpCompleted));
        let again = FollowUpData { status: FollowUpStatus::Pending, ..done.data };
        assert!(update(&done, &act(), again, FollowUpText::default(), None).is_err());
        assert_eq!(update(&done, &act(), done.data.clone(), FollowUpText::default(), None), Ok(None));
        assert!(delete(&done, &act()).is_err());
    }
}
