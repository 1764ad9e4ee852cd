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

/// Every schedule.
pub const SCHEDULES: &[Schedule] = &[Schedule {
    name: RECURRING_TASKS,
    about: "Copies the recurring tasks whose next occurrence has come",
    cron: "cron(0 6 * * ? *)",
    work: || Work::CopyRecurring,
}];
