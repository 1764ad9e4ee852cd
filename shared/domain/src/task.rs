//! Tasks: work with an owner and a date, once or again and again.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, ProjectId, TaskId, TeamId, UserId};
use crate::owner::{Change, Held, Owned, Owner};
use crate::party::{Parent, PartyId};
use crate::record::{Access, Entity, Record, Row};
use crate::recurrence::Recurrence;
use crate::refused::{Refused, StateMachine};
use crate::reminder::{Dated, end_of};
use crate::time::{Day, Time};
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

    /// Whether there is or will be something to do: it is open, or comes again.
    pub const fn is_work(&self) -> bool {
        self.status.is_open() || self.recurrence.is_some()
    }

    fn move_to(&mut self, customer: CustomerId) {
        self.lead_id = None;
        self.customer_id = self.customer_id.or(Some(customer));
    }

    /// What is work again under a lead that was converted goes to the customer it became.
    fn follow_lead(&mut self, became: Option<CustomerId>) {
        if let Some(customer) = became.filter(|_| self.lead_id.is_some() && self.is_work()) {
            self.move_to(customer);
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
    /// Since when the owner has it, where it was given on; else it was made so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Time>,
    /// When a template is copied next.
    pub next_occurrence_at: Option<Time>,
    /// The local date of the last reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_notified_on: Option<Day>,
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

impl Held for Task {
    fn held_since(row: &Row<Self>) -> Time {
        row.derived.held_since.unwrap_or(row.created_at)
    }

    fn hold_since(derived: &mut Self::Derived, since: Time) {
        derived.held_since = Some(since);
    }
}

impl Dated for Task {
    const DUE: EventKind = EventKind::TaskDue;

    fn due(row: &Row<Self>) -> Option<Time> {
        row.data.due_at.filter(|_| row.data.status.is_open())
    }

    fn reminded_on(derived: &mut Self::Derived) -> &mut Option<Day> {
        &mut derived.last_notified_on
    }
}

impl Owned for Task {
    const POOLED: bool = false;

    crate::owner::stamps!();

    /// Open tasks, and templates, whose copies somebody has to do.
    fn hand_over(task: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        let owner = owner.filter(|_| task.data.is_work())?;
        let mut data = task.data.clone();
        data.owner_id = owner.id;
        let (mut next, changed) = task.changed(act, data, task.text.clone())?;
        Self::stamp(&mut next.derived, Some(owner));
        next.derived.held_since = Some(act.at);
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
        next.data.move_to(customer);
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

/// For whom a task in a project is: for the project's customer, who is filled in where none is named or where
/// the task comes from another project; another customer is refused. `before` is the task as it was.
pub fn customer_in(
    project: Option<ProjectId>,
    named: Option<CustomerId>,
    before: Option<&TaskData>,
    customer: CustomerId,
) -> Result<Option<CustomerId>, Refused> {
    let is_as_it_was = before.is_some_and(|before| (before.project_id, before.customer_id) == (project, named));
    if project.is_none() || is_as_it_was || named == Some(customer) {
        return Ok(named);
    }
    let filled_in = match before {
        None => named.is_none(),
        Some(before) if before.project_id == project => named.is_none() && before.customer_id.is_none(),
        Some(before) => named == before.customer_id && (named.is_none() || before.project_id.is_some()),
    };
    if filled_in { Ok(Some(customer)) } else { Err(Refused::field("customerId", "reference", "is not that of the project")) }
}

/// Puts a task that is in a project under the project's customer, as [`customer_in`] says.
pub fn join_project(data: &mut TaskData, before: Option<&TaskData>, customer: CustomerId) -> Result<(), Refused> {
    data.customer_id = customer_in(data.project_id, data.customer_id, before, customer)?;
    Ok(())
}

/// A task that was copied comes again by its template, and a series does not end before it begins. `before` is the
/// task as it was: what it has already is no fault of a change. `first` is when it is due, else when it was made.
pub fn check_series(before: Option<&TaskData>, wanted: Option<&Recurrence>, first: Time, zone: &TimeZone) -> Result<(), Refused> {
    let Some(wanted) = wanted.filter(|wanted| before.is_none_or(|before| before.recurrence != Some(**wanted))) else { return Ok(()) };
    if before.is_some_and(|before| before.template_id.is_some()) {
        return Err(Refused::field("recurrence", "conflict", "belongs to the template this task was copied from"));
    }
    match wanted.until {
        Some(until) if until.0 < first.date_in(zone) => {
            Err(Refused::field("recurrence/until", "range", "is before the task is due for the first time, or was made where it is never due"))
        }
        _ => Ok(()),
    }
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
/// date or of the recurrence plans the series anew. `became` is the customer that its lead became.
pub fn update(
    task: &Record<Task>,
    act: &Act,
    mut data: TaskData,
    text: TaskText,
    owner: Option<&Owner>,
    became: Option<CustomerId>,
    zone: &TimeZone,
) -> Change<Task> {
    data.follow_lead(became);
    let (mut next, changed) = task.changed(act, data, text)?;
    if let Some(owner) = owner {
        Task::stamp(&mut next.derived, Some(owner));
        next.derived.held_since = Some(act.at);
    }
    if changed.contains_key("dueAt") || changed.contains_key("recurrence") {
        next.plan_next(act.at, zone);
    }
    let event = updated(&next, act, task.data.owner_id).with_changes(changed);
    Some((next, vec![event]))
}

/// Moves a task by the transition table; `None` when it is there already. Finishing a template does
/// not end its series. What is opened again goes to the customer that its lead `became`.
pub fn set_status(task: &Record<Task>, act: &Act, to: TaskStatus, became: Option<CustomerId>) -> Result<Change<Task>, Refused> {
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
    data.follow_lead(became);
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

/// The last moment of a local day: up to it templates are copied, so that no copy begins overdue.
pub fn copied_until(day: Day, zone: &TimeZone) -> Time {
    Time::from_millis(end_of(day, zone).millis() - 1)
}

/// What a template has to give on a day: the copy for its latest occurrence up to the end of the day, and
/// the template with the first one after it. `None` where there is none such.
pub fn copy(template: &Record<Task>, act: &Act, day: Day, zone: &TimeZone) -> Option<(Record<Task>, Record<Task>, Event)> {
    let rule = template.data.recurrence?;
    let end = copied_until(day, zone);
    let planned = template.derived.next_occurrence_at.filter(|planned| *planned <= end)?;
    let first = template.first();
    let due = rule.latest_until(first, planned, end, zone).unwrap_or(planned);
    let mut data = template.data.clone();
    (data.recurrence, data.template_id) = (None, Some(template.id));
    (data.status, data.completed_at, data.due_at) = (TaskStatus::Todo, None, Some(due));
    let derived = TaskDerived { next_occurrence_at: None, held_since: None, last_notified_on: None, ..template.derived.clone() };
    let made: Record<Task> = Record::new(act.id(), act, data, template.text.clone(), derived);
    let mut next = template.clone();
    next.derived.next_occurrence_at = rule.next_after(first, end, zone);
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

    fn day(text: &str) -> Day {
        Day::read(text).expect("a day")
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
        assert!(copy(&template, &at("2026-02-27T23:59:59Z"), day("2026-02-27"), &TimeZone::UTC).is_none());
        let (made, next, _) = copy(&template, &at("2026-02-28T06:00:00Z"), day("2026-02-28"), &TimeZone::UTC).expect("due later that day");
        assert_eq!((made.data.due_at, made.data.template_id), (Some(time("2026-02-28T09:00:00Z")), Some(template.id)));
        assert_eq!((made.data.recurrence, made.derived.next_occurrence_at), (None, None));
        assert_eq!(next.derived.next_occurrence_at, Some(time("2026-03-31T09:00:00Z")));
        assert_eq!(next.version, template.version, "nobody's edit fails because a copy was made");
    }

    #[test]
    fn a_late_run_makes_one_copy_for_the_latest_occurrence() {
        let tokyo = TimeZone::get("Asia/Tokyo").expect("zone");
        assert_eq!(copied_until(day("2026-05-02"), &tokyo), time("2026-05-02T14:59:59.999Z"));
        let (made, next, _) = copy(&template(), &at("2026-05-02T00:00:00Z"), day("2026-05-02"), &TimeZone::UTC).expect("due");
        assert_eq!(made.data.due_at, Some(time("2026-04-30T09:00:00Z")));
        assert_eq!(next.derived.next_occurrence_at, Some(time("2026-05-31T09:00:00Z")));
    }

    #[test]
    fn finishing_a_template_goes_on_and_clearing_the_recurrence_ends_it() {
        let (done, _) = set_status(&template(), &act(), TaskStatus::Done, None).expect("allowed").expect("moved");
        assert!(done.derived.next_occurrence_at.is_some() && done.data.completed_at.is_some());
        let data = TaskData { recurrence: None, ..done.data.clone() };
        let (ended, _) = update(&done, &act(), data, TaskText::default(), None, None, &TimeZone::UTC).expect("changed");
        assert_eq!(ended.derived.next_occurrence_at, None);
        let (open, _) = set_status(&done, &act(), TaskStatus::Todo, None).expect("allowed").expect("moved");
        assert_eq!(open.data.completed_at, None);
        assert!(set_status(&done, &act(), TaskStatus::Cancelled, None).is_err());
    }

    fn once() -> Record<Task> {
        let mut task = template();
        (task.data.recurrence, task.derived.next_occurrence_at) = (None, None);
        task
    }

    #[test]
    fn what_is_work_again_under_a_converted_lead_goes_to_the_customer_it_became() {
        let customer = CustomerId::new(Uuid::from_u128(7));
        let mut task = once();
        task.data.lead_id = Some(LeadId::new(Uuid::from_u128(8)));
        let (done, _) = set_status(&task, &act(), TaskStatus::Done, Some(customer)).expect("allowed").expect("moved");
        assert_eq!((done.data.lead_id, done.data.customer_id), (task.data.lead_id, None), "what is done stays");
        let (open, _) = set_status(&done, &act(), TaskStatus::Todo, Some(customer)).expect("allowed").expect("moved");
        assert_eq!((open.data.lead_id, open.data.customer_id), (None, Some(customer)));
        let recurring = TaskData { recurrence: template().data.recurrence, ..done.data.clone() };
        let (again, _) = update(&done, &act(), recurring, TaskText::default(), None, Some(customer), &TimeZone::UTC).expect("changed");
        assert_eq!((again.data.lead_id, again.data.customer_id), (None, Some(customer)));
    }

    #[test]
    fn a_task_in_a_project_is_for_the_projects_customer() {
        let [ours, other] = [1, 2].map(|n| CustomerId::new(Uuid::from_u128(n)));
        let [first, second] = [3, 4].map(|n| ProjectId::new(Uuid::from_u128(n)));
        let of = |customer, project| TaskData { customer_id: customer, project_id: project, ..once().data.clone() };
        let joined =
            |before: Option<TaskData>, mut data: TaskData, customer| join_project(&mut data, before.as_ref(), customer).map(|()| data.customer_id);
        assert_eq!(joined(None, of(None, Some(first)), ours), Ok(Some(ours)));
        assert_eq!(joined(None, of(Some(ours), Some(first)), ours), Ok(Some(ours)));
        assert!(joined(None, of(Some(other), Some(first)), ours).is_err());
        let here = of(Some(ours), Some(first));
        assert_eq!(joined(Some(here.clone()), of(Some(ours), Some(second)), other), Ok(Some(other)), "the customer comes with the project");
        assert_eq!(joined(Some(here.clone()), of(Some(ours), None), ours), Ok(Some(ours)), "and stays without it");
        assert!(joined(Some(here.clone()), of(Some(other), Some(first)), ours).is_err());
        assert!(joined(Some(here), of(None, Some(first)), ours).is_err());
        assert!(joined(Some(of(Some(other), None)), of(Some(other), Some(first)), ours).is_err(), "a customer that somebody named is not overridden");
        let old = of(None, Some(first));
        assert_eq!(joined(Some(old.clone()), old, ours), Ok(None), "what is as it was is not looked at");
    }

    #[test]
    fn only_what_the_former_owner_held_when_the_lead_was_given_away_follows_it() {
        let [former, new, third] = [1, 2, 3].map(|n| Owner { id: UserId::new(Uuid::from_u128(n)), name: format!("user {n}"), team: None });
        let (before, given, after) = ("2026-02-01T00:00:00Z", time("2026-02-02T00:00:00Z"), "2026-02-03T00:00:00Z");
        let task = once();
        let follow = |task: &Record<Task>, former: &Owner, owner: &Owner| crate::owner::follow(task, &at(after), former.id, given, owner);
        let (moved, events) = follow(&task, &former, &new).expect("it follows");
        assert_eq!((moved.data.owner_id, Task::held_since(&moved), events.len()), (new.id, given, 1));
        assert_eq!(follow(&moved, &former, &new), None, "once");
        assert_eq!(follow(&task, &third, &new), None, "third people's stay");
        assert_eq!(follow(&task, &former, &former), None, "it came back");
        let (done, _) = set_status(&task, &at(before), TaskStatus::Done, None).expect("allowed").expect("moved");
        assert_eq!(follow(&done, &former, &new), None, "closed work stays");
        let data = TaskData { owner_id: former.id, ..moved.data.clone() };
        let (back, _) = update(&moved, &at(after), data, TaskText::default(), Some(&former), None, &TimeZone::UTC).expect("given back");
        assert_eq!(follow(&back, &former, &new), None, "what the former owner was given since stays");
    }
}
