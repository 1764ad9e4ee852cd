//! What task routes answer.

use domain::recurrence::Recurrence;
use domain::task::{Priority, Task, TaskData, TaskDerived, TaskStatus};
use domain::time::is_overdue;
use domain::value::{Prose, Text};
use domain::{CustomerId, LeadId, ProjectId, TaskId, TeamId, Time, UserId};
use jiff::tz::TimeZone;

contract::row! {
    /// A task as lists show it: without its description.
    pub struct TaskRow of Task, (now: Time, zone: &TimeZone)
    data TaskData {
        title: Text<200>,
        status: TaskStatus,
        priority: Priority,
        due_at: Option<Time>,
        owner_id: UserId,
        customer_id: Option<CustomerId>,
        lead_id: Option<LeadId>,
        project_id: Option<ProjectId>,
        recurrence: Option<Recurrence>,
        /// The template a copy was made from.
        template_id: Option<TaskId>,
        completed_at: Option<Time>,
    } hidden {}
    derived TaskDerived {
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// When the template of a series is copied next.
        next_occurrence_at: Option<Time>,
    } hidden { held_since, last_notified_on }
    computed {
        /// Open, and due before today.
        overdue: bool = |task| is_overdue(task.data.due_at, task.data.status.is_open(), now, zone),
    }
}

contract::whole! {
    /// A whole task.
    pub struct TaskOut of Task as TaskRow, (now: Time, zone: &TimeZone) {
        description: Option<Prose> = |task| task.text.description.clone(),
    }
}
