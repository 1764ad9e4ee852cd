//! What the clock starts. The template's schedules and the embedded ones are both made from this list:
//! each puts a piece of work on the work queue, which has retries and dead letters of its own.

use crate::work::Work;

/// Something that runs at set times.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// Its one name.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    /// When, as EventBridge Scheduler writes it, in the deployment's time zone
    /// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).
    pub cron: &'static str,
    /// What it starts.
    pub work: fn() -> Work,
}

/// The name of the copying of recurring tasks; the table notes under it up to when it is done.
pub const RECURRING_TASKS: &str = "recurring-tasks";

/// The name of the reminders of follow-ups.
pub const FOLLOW_UPS_DUE: &str = "followups-due";

/// The name of the reminders of tasks.
pub const TASKS_DUE: &str = "tasks-due";

/// Every schedule.
pub const SCHEDULES: &[Schedule] = &[
    Schedule {
        name: RECURRING_TASKS,
        about: "Copies the recurring tasks whose next occurrence has come",
        cron: "cron(0 6 * * ? *)",
        work: || Work::CopyRecurring,
    },
    Schedule {
        name: FOLLOW_UPS_DUE,
        about: "Reminds of the follow-ups that are due today or since",
        cron: "cron(0 8 * * ? *)",
        work: || Work::RemindOfFollowUps { on: None, from: None },
    },
    Schedule {
        name: TASKS_DUE,
        about: "Reminds of the open tasks that are due today or since",
        cron: "cron(0 8 * * ? *)",
        work: || Work::RemindOfTasks { on: None, from: None },
    },
];
