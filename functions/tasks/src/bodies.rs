//! What a create and a change of a task take.

use contract::Patch;
use domain::recurrence::Recurrence;
use domain::task::{Priority, TaskData, TaskStatus, TaskText};
use domain::value::{Prose, Text};
use domain::{CustomerId, LeadId, ProjectId, Time, UserId};

contract::editable! {
    /// A new task.
    create CreateTask,
    /// The fields to change. The status has a route of its own.
    change UpdateTask,
    data TaskData {
        title: Text<200>,
        /// A change moves the whole series where there is one.
        due_at: Option<Time>,
        /// Filled in from the project; one that is not the project's is refused.
        customer_id: Option<CustomerId>,
        lead_id: Option<LeadId>,
        project_id: Option<ProjectId>,
        /// `null` ends the series.
        recurrence: Option<Recurrence>,
    }
    defaulted {
        /// NORMAL for a new task when not given.
        priority: Priority,
    }
    text TaskText {
        description: Option<Prose>,
    }
    create {
        /// TODO when not given.
        status: Option<TaskStatus>,
        /// The caller when not given, else somebody the caller may give tasks to.
        owner_id: Option<UserId>,
    }
    change {
        /// An active user inside reach.
        owner_id: Patch<UserId>,
    }
    elsewhere { status, owner_id, template_id, completed_at }
}
