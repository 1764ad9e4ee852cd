//! Work logs: time somebody spent on a customer, a project or a task.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, ProjectId, TaskId, TeamId, UserId};
use crate::owner::{Change, Owned, Owner};
use crate::party::{Parent, PartyId};
use crate::reach::Reach;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::Refused;
use crate::text::{Form, Invalid, TextValue};
use crate::time::{Day, Time};
use crate::value::{LongText, Whole};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long one's own wrong entry can be removed, seconds.
pub const REMOVABLE_SECONDS: i64 = 24 * 3600;

/// How long somebody worked: up to a whole day.
pub type Minutes = Whole<1, 1440>;

/// What was done: 1 to 1,000 characters of several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(LongText<4000>);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Display for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TextValue for Description {
    fn read(text: &str) -> Result<Self, Invalid> {
        if text.trim().chars().count() > 1000 {
            return Err(Invalid::new("length", "must have at most 1000 characters"));
        }
        LongText::read(text).map(Self)
    }

    fn form() -> Form {
        Form { min: Some(1), max: Some(1000), ..Form::default() }
    }
}

crate::text_serde!(Description);

crate::id::ids! {
    /// A work log.
    WorkLogId,
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkLog;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkLogData {
    /// Who worked.
    pub user_id: UserId,
    /// On which day.
    pub work_date: Day,
    /// How long.
    pub minutes: Minutes,
    /// For this customer.
    pub customer_id: Option<CustomerId>,
    /// In this project.
    pub project_id: Option<ProjectId>,
    /// On this task.
    pub task_id: Option<TaskId>,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkLogText {
    /// What was done.
    pub description: Option<Description>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkLogDerived {
    /// The user's team.
    pub team_id: Option<TeamId>,
    /// The user's name.
    pub owner_name: Option<String>,
    /// The description, for lists: whole, since no route shows a single work log.
    pub excerpt: Option<String>,
}

impl Entity for WorkLog {
    const KIND: &'static str = "WORKLOG";
    type Id = WorkLogId;
    type Data = WorkLogData;
    type Text = WorkLogText;
    type Derived = WorkLogDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.user_id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        let data = &row.data;
        let customer = data.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
        let parents = [customer, data.project_id.map(Parent::Project), data.task_id.map(Parent::Task)];
        Access::OwnerOrParents(parents.into_iter().flatten().collect())
    }

    fn label(row: &Row<Self>) -> String {
        format!("{} minutes on {}", row.data.minutes, row.data.work_date)
    }
}

impl Owned for WorkLog {
    const POOLED: bool = false;

    crate::owner::stamps!();

    /// Who did the work stays.
    fn hand_over(_: &Record<Self>, _: &Act, _: Option<&Owner>) -> Change<Self> {
        None
    }
}

fn work_log_event(log: &Record<WorkLog>, act: &Act, kind: EventKind, verb: &str) -> Event {
    let data = &log.data;
    let detail = json!({"minutes": data.minutes, "workDate": data.work_date, "customerId": data.customer_id, "projectId": data.project_id, "taskId": data.task_id});
    log.event(act, kind, format!("{} {verb} {} minutes of work on {}", act.actor_name, data.minutes, data.work_date), detail)
}

/// A new work log of the caller and its event.
pub fn create(act: &Act, data: WorkLogData, text: WorkLogText, worker: &Owner) -> (Record<WorkLog>, Event) {
    let excerpt = text.description.as_ref().map(ToString::to_string);
    let mut derived = WorkLogDerived { excerpt, ..WorkLogDerived::default() };
    WorkLog::stamp(&mut derived, Some(worker));
    let log: Record<WorkLog> = Record::new(act.id(), act, data, text, derived);
    let event = work_log_event(&log, act, EventKind::WorkLogCreated, "logged");
    (log, event)
}

/// Whether its own author may still remove it.
fn removable(log: &Record<WorkLog>, now: Time) -> bool {
    now.seconds() - log.created_at.seconds() <= REMOVABLE_SECONDS
}

/// The event of a removal: one's own within 24 hours, any by who reaches further.
pub fn delete(log: &Record<WorkLog>, act: &Act, reach: Reach) -> Result<Event, Refused> {
    if reach == Reach::Own && !removable(log, act.at) {
        return Err(Refused::Limit { field: None, detail: "Own work logs can be removed within 24 hours; ask an administrator".into() });
    }
    Ok(deleted(log, act))
}

fn deleted(log: &Record<WorkLog>, act: &Act) -> Event {
    work_log_event(log, act, EventKind::WorkLogDeleted, "removed")
}
