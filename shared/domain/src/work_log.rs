//! Work logs: time somebody spent on a customer, a project or a task.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, ProjectId, TaskId, TeamId, UserId, WorkLogId};
use crate::owner::{Change, Owned, Owner};
use crate::record::{Entity, Record};
use crate::time::{Day, Time};
use crate::value::{EXCERPT, LongText, cut};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long one's own wrong entry can be removed, seconds.
pub const REMOVABLE_SECONDS: i64 = 24 * 3600;

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
    /// How long, 1 to 1440 minutes.
    pub minutes: i64,
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
    /// What was done, up to 1,000 characters.
    pub description: Option<LongText<4000>>,
}

/// Kept by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkLogKept {
    /// The user's team.
    pub team_id: Option<TeamId>,
    /// The user's name.
    pub owner_name: Option<String>,
    /// The beginning of the description, for lists.
    pub excerpt: Option<String>,
}

impl Entity for WorkLog {
    const KIND: &'static str = "WORKLOG";
    type Id = WorkLogId;
    type Data = WorkLogData;
    type Text = WorkLogText;
    type Kept = WorkLogKept;

    fn owner(record: &Record<Self>) -> Option<UserId> {
        Some(record.data.user_id)
    }

    fn team(record: &Record<Self>) -> Option<TeamId> {
        record.kept.team_id
    }

    fn label(record: &Record<Self>) -> String {
        format!("{} minutes on {}", record.data.minutes, record.data.work_date)
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

fn told(log: &Record<WorkLog>, act: &Act, kind: EventKind, verb: &str) -> Event {
    let data = &log.data;
    let detail = json!({"minutes": data.minutes, "workDate": data.work_date, "customerId": data.customer_id, "projectId": data.project_id, "taskId": data.task_id});
    log.event(act, kind, format!("{} {verb} {} minutes of work on {}", act.actor_name, data.minutes, data.work_date), detail)
}

/// A new work log of the caller and its event.
pub fn create(act: &Act, data: WorkLogData, text: WorkLogText, worker: &Owner) -> (Record<WorkLog>, Event) {
    let excerpt = text.description.as_ref().map(|text| cut(text.as_str(), EXCERPT));
    let mut kept = WorkLogKept { excerpt, ..WorkLogKept::default() };
    WorkLog::stamp(&mut kept, Some(worker));
    let log: Record<WorkLog> = Record::new(act.id(), act, data, text, kept);
    let event = told(&log, act, EventKind::WorkLogCreated, "logged");
    (log, event)
}

/// Whether its own author may still remove it.
pub fn removable(log: &Record<WorkLog>, now: Time) -> bool {
    now.seconds() - log.created_at.seconds() <= REMOVABLE_SECONDS
}

/// The event of a removal.
pub fn deleted(log: &Record<WorkLog>, act: &Act) -> Event {
    told(log, act, EventKind::WorkLogDeleted, "removed")
}
