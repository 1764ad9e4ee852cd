//! What project and work log routes answer.

use domain::input::{Json, Show, extended};
use domain::project::{Project, ProjectStatus};
use domain::time::Day;
use domain::work_log::WorkLog;
use domain::{CustomerId, ProjectId, Record, TaskId, TeamId, Time, UserId, WorkLogId};
use std::collections::BTreeMap;

domain::answer! {
    /// A project as lists show it: without its description.
    pub struct ProjectRow {
        pub id: ProjectId,
        pub name: String,
        pub customer_id: CustomerId,
        pub status: ProjectStatus,
        pub owner_id: UserId,
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub start_date: Option<Day>,
        pub end_date: Option<Day>,
        pub member_ids: Vec<UserId>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<Project>> for ProjectRow {
    fn from(project: Record<Project>) -> Self {
        let (data, kept) = (project.data, project.kept);
        Self {
            id: project.id,
            name: data.name.to_string(),
            customer_id: data.customer_id,
            status: data.status,
            owner_id: data.owner_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            start_date: data.start_date,
            end_date: data.end_date,
            member_ids: data.member_ids,
            created_at: project.created_at,
            updated_at: project.updated_at,
            created_by: project.created_by,
            version: project.version,
        }
    }
}

/// A whole project.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ProjectOut {
    #[serde(flatten)]
    row: ProjectRow,
    description: Option<String>,
}

impl Show for ProjectOut {
    fn schema() -> Json {
        extended(ProjectRow::schema(), [("description", <Option<String>>::schema())])
    }
}

impl From<Record<Project>> for ProjectOut {
    fn from(project: Record<Project>) -> Self {
        let description = project.text.description.as_ref().map(|text| text.to_string());
        Self { row: ProjectRow::from(project), description }
    }
}

domain::answer! {
    /// How many tasks a project has.
    pub struct ProjectCounts {
        pub tasks: i64,
        pub tasks_open: i64,
        pub tasks_done: i64,
    }
}

/// A project with its tasks counted and its minutes summed up.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectPage {
    #[serde(flatten)]
    project: ProjectOut,
    counts: ProjectCounts,
    logged_minutes: i64,
}

impl Show for ProjectPage {
    fn schema() -> Json {
        extended(ProjectOut::schema(), [("counts", ProjectCounts::schema()), ("loggedMinutes", i64::schema())])
    }
}

impl ProjectPage {
    /// A project and what stands beside it.
    pub fn new(project: Record<Project>, counts: &BTreeMap<String, i64>, logged_minutes: i64) -> Self {
        let count = |name: &str| counts.get(name).copied().unwrap_or(0);
        let counts = ProjectCounts { tasks: count("tasks"), tasks_open: count("tasksOpen"), tasks_done: count("tasksDone") };
        Self { project: ProjectOut::from(project), counts, logged_minutes }
    }
}

domain::answer! {
    /// A work log. In lists its description is cut at 200 characters.
    pub struct WorkLogOut {
        pub id: WorkLogId,
        pub user_id: UserId,
        /// The user's name.
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub work_date: Day,
        pub minutes: i64,
        pub description: Option<String>,
        pub customer_id: Option<CustomerId>,
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl WorkLogOut {
    /// As lists show it.
    pub fn row(log: Record<WorkLog>) -> Self {
        let (data, kept) = (log.data, log.kept);
        Self {
            id: log.id,
            user_id: data.user_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            work_date: data.work_date,
            minutes: data.minutes,
            description: kept.excerpt,
            customer_id: data.customer_id,
            project_id: data.project_id,
            task_id: data.task_id,
            created_at: log.created_at,
            updated_at: log.updated_at,
            created_by: log.created_by,
            version: log.version,
        }
    }

    /// With its whole description.
    pub fn whole(log: Record<WorkLog>) -> Self {
        let description = log.text.description.as_ref().map(|text| text.to_string());
        Self { description, ..Self::row(log) }
    }
}
