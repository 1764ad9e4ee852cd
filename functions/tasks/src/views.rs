//! What task routes answer.

use domain::input::{Json, Show, extended};
use domain::recurrence::RecurrenceUnit;
use domain::task::{Priority, Task, TaskStatus};
use domain::time::{Day, is_overdue};
use domain::{CustomerId, LeadId, ProjectId, Record, TaskId, TeamId, Time, UserId};
use jiff::tz::TimeZone;

domain::answer! {
    /// How a task comes again.
    pub struct RecurrenceOut {
        pub every: i64,
        pub unit: RecurrenceUnit,
        pub until: Option<Day>,
    }
}

domain::answer! {
    /// A task as lists show it: without its description.
    pub struct TaskRow {
        pub id: TaskId,
        pub title: String,
        pub status: TaskStatus,
        pub priority: Priority,
        pub due_at: Option<Time>,
        /// Open, and due before today.
        pub overdue: bool,
        pub owner_id: UserId,
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub customer_id: Option<CustomerId>,
        pub lead_id: Option<LeadId>,
        pub project_id: Option<ProjectId>,
        pub recurrence: Option<RecurrenceOut>,
        /// When the template of a series is copied next.
        pub next_occurrence_at: Option<Time>,
        /// The template a copy was made from.
        pub template_id: Option<TaskId>,
        pub completed_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl TaskRow {
    /// As lists show it.
    pub fn new(task: Record<Task>, now: Time, zone: &TimeZone) -> Self {
        let (data, kept) = (task.data, task.kept);
        Self {
            id: task.id,
            title: data.title.to_string(),
            status: data.status,
            priority: data.priority,
            due_at: data.due_at,
            overdue: is_overdue(data.due_at, data.status.is_open(), now, zone),
            owner_id: data.owner_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            customer_id: data.customer_id,
            lead_id: data.lead_id,
            project_id: data.project_id,
            recurrence: data.recurrence.map(|rule| RecurrenceOut { every: rule.every, unit: rule.unit, until: rule.until }),
            next_occurrence_at: kept.next_occurrence_at,
            template_id: data.template_id,
            completed_at: data.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
            created_by: task.created_by,
            version: task.version,
        }
    }
}

/// A whole task.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TaskOut {
    #[serde(flatten)]
    row: TaskRow,
    description: Option<String>,
}

impl Show for TaskOut {
    fn schema() -> Json {
        extended(TaskRow::schema(), [("description", <Option<String>>::schema())])
    }
}

impl TaskOut {
    /// With its description.
    pub fn new(task: Record<Task>, now: Time, zone: &TimeZone) -> Self {
        let description = task.text.description.as_ref().map(|text| text.to_string());
        Self { row: TaskRow::new(task, now, zone), description }
    }
}
