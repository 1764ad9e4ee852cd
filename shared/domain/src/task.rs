//! Tasks: work with an owner and a date, once or again and again.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, ProjectId, TaskId, TeamId, UserId};
use crate::owner::{Change, Owned, Owner};
use crate::party::{Parent, PartyId};
use crate::record::{Access, Entity, Record, Row};
use crate::recurrence::Recurrence;
use crate::refused::{Refused, StateMachine};
use crate::time::Time;
use crate::value::{Prose, Text};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// Where a task stands.
    pub enum TaskStatus {
        /// To be begun.
        Todo = "TODO",
        /// Begun.
        InProgress = "IN_PROGRESS",
        /// Finished.
        Done = "DONE",
        /// Called off.
        Cancelled = "CANCELLED",
    }
}

impl TaskStatus {
    /// Those that are still work.
    pub const OPEN: [Self; 2] = [Self::Todo, Self::InProgress];

    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Todo => &[Self::InProgress, Self::Done, Self::Cancelled],
            Self::InProgress => &[Self::Todo, Self::Done, Self::Cancelled],
            Self::Done | Self::Cancelled => &[Self::Todo],
        }
    }

    /// Whether it is still work.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::InProgress)
    }
}

crate::choice! {
    /// How urgent.
    pub enum Priority {
        /// When there is time.
        Low = "LOW",
        /// As usual.
        Normal = "NORMAL",
        /// First.
        High = "HIGH",
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Task;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskData {
    /// What to do.
    pub title: Text<200>,
    /// Where it stands.
    pub status: TaskStatus,
    /// How urgent.
    pub priority: Priority,
    /// Until when.
    pub due_at: Option<Time>,
    /// Who does it.
    pub owner_id: UserId,
    /// For this customer.
    pub customer_id: Option<CustomerId>,
    /// For this lead.
    pub lead_id: Option<LeadId>,
    /// In this project.
    pub project_id: Option<ProjectId>,
    /// How it comes again; makes it the template of a series.
    pub recurrence: Option<Recurrence>,
    /// The template it was copied from.
    pub template_id: Option<TaskId>,
    /// When it was finished.
    pub completed_at: Option<Time>,
}

impl TaskData {
    /// A task of which no more is known than what to do and who does it.
    pub fn new(title: Text<200>, owner_id: UserId) -> Self {
        Self {
            title,
            status: TaskStatus::Todo,
            priority: Priority::Normal,
            due_at: None,
            owner_id,
            customer_id: None,
            lead_id: None,
            project_id: None,
            recurrence: None,
            template_id: None,
            completed_at: None,
        }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskText {
    /// More on it.
    pub description: Option<Prose>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDerived {
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// When a template is copied next.
    pub next_occurrence_at: Option<Time>,
}

impl Entity for Task {
    const KIND: &'static str = "TASK";
    type Id = TaskId;
    type Data = TaskData;
    type Text = TaskText;
    type Derived = TaskDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.owner_id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        let project = row.data.project_id.map(Parent::Project);
        Access::OwnerOrParents(row.parties().into_iter().map(Parent::Party).chain(project).collect())
    }

    fn label(row: &Row<Self>) -> String {
        row.data.title.to_string()
    }
}

impl Owned for Task {
    const POOLED: bool = false;

    crate::owner::stamps!();

    /// Open tasks, and templates, whose copies somebody has to do.
    fn hand_over(task: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        let owner = owner.filter(|_| task.data.status.is_open() || task.data.recurrence.is_some())?;
        let mut data = task.data.clone();
        data.owner_id = owner.id;
        let (mut next, changed) = task.changed(act, data, task.text.clone())?;
        Self::stamp(&mut next.derived, Some(owner));
        let event = updated(&next, act, task.data.owner_id).with_changes(changed);
        Some((next, vec![event]))
    }
}

impl Row<Task> {
    /// The leads and customers through which it can be read.
    pub fn parties(&self) -> Vec<PartyId> {
        [self.data.customer_id.map(PartyId::Customer), self.data.lead_id.map(PartyId::Lead)].into_iter().flatten().collect()
    }
}

impl Record<Task> {
    /// When its series begins: its due date, else when it was made.
    fn first(&self) -> Time {
        self.data.due_at.unwrap_or(self.created_at)
    }

    /// The same at the customer its lead became.
    #[must_use]
    pub fn moved_to(&self, customer: CustomerId) -> Self {
        let mut next = self.clone();
        next.data.lead_id = None;
        next.data.customer_id = next.data.customer_id.or(Some(customer));
        next
    }

    /// The same without its lead, which is gone.
    #[must_use]
    pub fn without_lead(&self) -> Self {
        let mut next = self.clone();
        next.data.lead_id = None;
        next
    }

    fn plan_next(&mut self, now: Time, zone: &TimeZone) {
        let first = self.first();
        self.derived.next_occurrence_at = self.data.recurrence.and_then(|rule| rule.next_after(first, first.max(now), zone));
    }
}

fn created(task: &Record<Task>, act: &Act) -> Event {
    let detail = json!({"ownerId": task.data.owner_id, "dueAt": task.data.due_at, "templateId": task.data.template_id});
    task.event(act, EventKind::TaskCreated, format!("{} created task {}", act.actor_name, task.data.title), detail)
}

fn updated(task: &Record<Task>, act: &Act, old: UserId) -> Event {
    let summary = match &task.derived.owner_name {
        Some(to) if task.data.owner_id != old => format!("{} gave task {} to {to}", act.actor_name, task.data.title),
        _ => format!("{} changed task {}", act.actor_name, task.data.title),
    };
    task.event(act, EventKind::TaskUpdated, summary, json!({"oldOwnerId": old, "ownerId": task.data.owner_id}))
}

/// A new task and its event.
pub fn create(act: &Act, mut data: TaskData, text: TaskText, owner: &Owner, zone: &TimeZone) -> (Record<Task>, Event) {
    data.owner_id = owner.id;
    data.completed_at = (data.status == TaskStatus::Done).then_some(act.at);
    let mut derived = TaskDerived::default();
    Task::stamp(&mut derived, Some(owner));
    let mut task: Record<Task> = Record::new(act.id(), act, data, text, derived);
    task.plan_next(act.at, zone);
    let event = created(&task, act);
    (task, event)
}

/// A person's change of fields, owner among them; `None` when nothing changed. A change of the due
/// date or of the recurrence plans the series anew.
pub fn update(task: &Record<Task>, act: &Act, data: TaskData, text: TaskText, owner: Option<&Owner>, zone: &TimeZone) -> Change<Task> {
    let (mut next, changed) = task.changed(act, data, text)?;
    if let Some(owner) = owner {
        Task::stamp(&mut next.derived, Some(owner));
    }
    if changed.contains_key("dueAt") || changed.contains_key("recurrence") {
        next.plan_next(act.at, zone);
    }
    let event = updated(&next, act, task.data.owner_id).with_changes(changed);
    Some((next, vec![event]))
}

/// Moves a task by the transition table; `None` when it is there already. Finishing a template does
/// not end its series.
pub fn set_status(task: &Record<Task>, act: &Act, to: TaskStatus) -> Result<Change<Task>, Refused> {
    let from = task.data.status;
    if from == to {
        return Ok(None);
    }
    if !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Task, format!("A task that is {from} cannot become {to}"), from.allowed()));
    }
    let mut data = task.data.clone();
    data.status = to;
    data.completed_at = (to == TaskStatus::Done).then_some(act.at);
    let Some((next, changed)) = task.changed(act, data, task.text.clone()) else { return Ok(None) };
    let summary = format!("{} moved task {} from {from} to {to}", act.actor_name, next.data.title);
    let event = next.event(act, EventKind::TaskStatusChanged, summary, json!({"old": from, "new": to})).with_changes(changed);
    Ok(Some((next, vec![event])))
}

/// The event of a deletion, which for a template ends the series.
pub fn deleted(task: &Record<Task>, act: &Act) -> Event {
    let summary = format!("{} deleted task {}", act.actor_name, task.data.title);
    task.event(act, EventKind::TaskDeleted, summary, json!({"template": task.data.recurrence.is_some()}))
}

/// What a template has to give at a moment: the copy for the latest occurrence that has passed, and
/// the template with its next one. `None` while nothing is due.
pub fn copy(template: &Record<Task>, act: &Act, zone: &TimeZone) -> Option<(Record<Task>, Record<Task>, Event)> {
    let rule = template.data.recurrence?;
    let planned = template.derived.next_occurrence_at.filter(|planned| *planned <= act.at)?;
    let first = template.first();
    let due = rule.latest_until(first, planned, act.at, zone).unwrap_or(planned);
    let mut data = template.data.clone();
    (data.recurrence, data.template_id) = (None, Some(template.id));
    (data.status, data.completed_at, data.due_at) = (TaskStatus::Todo, None, Some(due));
    let derived = TaskDerived { next_occurrence_at: None, ..template.derived.clone() };
    let made: Record<Task> = Record::new(act.id(), act, data, template.text.clone(), derived);
    let mut next = template.clone();
    next.derived.next_occurrence_at = rule.next_after(first, act.at, zone);
    let event = created(&made, act);
    Some((made, next, event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::text::TextValue;
    use uuid::Uuid;

    fn time(text: &str) -> Time {
        Time::read(text).expect("time")
    }

    fn at(text: &str) -> Act {
        Act { at: time(text), ..act() }
    }

    fn template() -> Record<Task> {
        let owner = Owner { id: UserId::new(Uuid::from_u128(1)), name: "Ann".into(), team: None };
        let data = json!({"title": "Report", "status": "TODO", "priority": "NORMAL", "ownerId": owner.id, "dueAt": "2026-01-31T09:00:00Z",
            "recurrence": {"every": 1, "unit": "MONTH"}});
        create(&at("2026-01-10T00:00:00Z"), serde_json::from_value(data).expect("data"), TaskText::default(), &owner, &TimeZone::UTC).0
    }

    #[test]
    fn a_template_is_the_first_task_and_gives_copies_from_then_on() {
        let template = template();
        assert_eq!(template.derived.next_occurrence_at, Some(time("2026-02-28T09:00:00Z")));
        assert!(copy(&template, &at("2026-02-28T08:00:00Z"), &TimeZone::UTC).is_none());
        let (made, next, _) = copy(&template, &at("2026-02-28T10:00:00Z"), &TimeZone::UTC).expect("due");
        assert_eq!((made.data.due_at, made.data.template_id), (Some(time("2026-02-28T09:00:00Z")), Some(template.id)));
        assert_eq!((made.data.recurrence, made.derived.next_occurrence_at), (None, None));
        assert_eq!(next.derived.next_occurrence_at, Some(time("2026-03-31T09:00:00Z")));
        assert_eq!(next.version, template.version, "nobody's edit fails because a copy was made");
    }

    #[test]
    fn a_late_run_makes_one_copy_for_the_latest_occurrence() {
        let (made, next, _) = copy(&template(), &at("2026-05-02T00:00:00Z"), &TimeZone::UTC).expect("due");
        assert_eq!(made.data.due_at, Some(time("2026-04-30T09:00:00Z")));
        assert_eq!(next.derived.next_occurrence_at, Some(time("2026-05-31T09:00:00Z")));
    }

    #[test]
    fn finishing_a_template_goes_on_and_clearing_the_recurrence_ends_it() {
        let (done, _) = set_status(&template(), &act(), TaskStatus::Done).expect("allowed").expect("moved");
        assert!(done.derived.next_occurrence_at.is_some() && done.data.completed_at.is_some());
        let data = TaskData { recurrence: None, ..done.data.clone() };
        let (ended, _) = update(&done, &act(), data, TaskText::default(), None, &TimeZone::UTC).expect("changed");
        assert_eq!(ended.derived.next_occurrence_at, None);
        let (open, _) = set_status(&done, &act(), TaskStatus::Todo).expect("allowed").expect("moved");
        assert_eq!(open.data.completed_at, None);
        assert!(set_status(&done, &act(), TaskStatus::Cancelled).is_err());
    }
}
