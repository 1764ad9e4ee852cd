//! What project and work log routes answer.

use domain::overview::{Counter, Counts};
use domain::project::{Project, ProjectData, ProjectDerived, ProjectStatus};
use domain::time::Day;
use domain::value::{Prose, Text};
use domain::work_log::{Minutes, WorkLog, WorkLogData, WorkLogDerived};
use domain::{CustomerId, ProjectId, Record, TaskId, TeamId, UserId};

contract::row! {
    /// A project as lists show it: without its description.
    pub struct ProjectRow of Project, ()
    data ProjectData {
        name: Text<200>,
        customer_id: CustomerId,
        status: ProjectStatus,
        owner_id: UserId,
        start_date: Option<Day>,
        end_date: Option<Day>,
        member_ids: Vec<UserId>,
    } hidden {}
    derived ProjectDerived {
        owner_name: Option<String>,
        team_id: Option<TeamId>,
    } hidden {}
    computed {}
}

contract::whole! {
    /// A whole project.
    pub struct ProjectOut of Project as ProjectRow, () {
        description: Option<Prose> = |project| project.text.description.clone(),
    }
}

contract::answer! {
    /// How many tasks a project has.
    pub struct ProjectCounts {
        pub tasks: i64,
        pub tasks_open: i64,
        pub tasks_done: i64,
    }
}

contract::page! {
    /// A project with its tasks counted and its minutes summed up.
    pub struct ProjectPage of ProjectOut {
        counts: ProjectCounts,
        logged_minutes: i64,
    }
}

impl ProjectPage {
    /// A project and what stands beside it.
    pub fn new(project: Record<Project>, counts: &Counts, logged_minutes: i64) -> Self {
        let count = |counter: Counter| counts.get(&counter).copied().unwrap_or(0);
        let counts = ProjectCounts { tasks: count(Counter::Tasks), tasks_open: count(Counter::TasksOpen), tasks_done: count(Counter::TasksDone) };
        Self { whole: ProjectOut::new(project), counts, logged_minutes }
    }
}

contract::row! {
    /// A work log as lists show it: with its description, since no route shows a single one.
    pub struct WorkLogRow of WorkLog, ()
    data WorkLogData {
        user_id: UserId,
        work_date: Day,
        minutes: Minutes,
        customer_id: Option<CustomerId>,
        project_id: Option<ProjectId>,
        task_id: Option<TaskId>,
    } hidden {}
    derived WorkLogDerived {
        /// The user's name.
        owner_name: Option<String>,
        team_id: Option<TeamId>,
    } hidden { excerpt }
    computed {
        description: Option<String> = |log| log.derived.excerpt.clone(),
    }
}

contract::same! {
    /// A whole work log.
    pub struct WorkLogOut of WorkLog as WorkLogRow, () {
        description: Option<String> = |log| log.text.description.as_ref().map(ToString::to_string),
    }
}
