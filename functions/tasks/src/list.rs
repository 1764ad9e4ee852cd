//! `GET /tasks`: those of the people inside reach, or all of a customer, lead or project inside reach.

use crate::views::TaskRow;
use contract::fields::{CursorText, DueSort, Limit, PersonFilter, limit};
use domain::task::{Task, TaskStatus};
use domain::time::Due;
use domain::{CustomerId, LeadId, Permission, ProjectId, Row};
use edge::application::TaskFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// A status, or both that are still work.
    pub enum TaskStatusFilter {
        /// TODO and IN_PROGRESS.
        Open = "open",
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

impl TaskStatusFilter {
    fn statuses(self) -> Vec<TaskStatus> {
        match self {
            Self::Open => TaskStatus::OPEN.to_vec(),
            Self::Todo => vec![TaskStatus::Todo],
            Self::InProgress => vec![TaskStatus::InProgress],
            Self::Done => vec![TaskStatus::Done],
            Self::Cancelled => vec![TaskStatus::Cancelled],
        }
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListTasks {
        /// The id of a user, or `me`.
        pub owner_id: Option<PersonFilter>,
        /// A status, or `open` for TODO and IN_PROGRESS.
        pub status: Option<TaskStatusFilter>,
        /// `overdue`, `today` and `soon` mean open ones; `before:` and `after:` leave the date itself out.
        pub due: Option<Due>,
        pub project_id: Option<ProjectId>,
        pub customer_id: Option<CustomerId>,
        pub lead_id: Option<LeadId>,
        pub sort: Option<DueSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/tasks", "list_tasks")
        .needs(Permission::TasksRead)
        .about("Tasks", "List tasks")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

/// The statuses to look for; none is all of them.
fn statuses(query: &ListTasks) -> Result<Vec<TaskStatus>, Problem> {
    let word = query.due.is_some_and(Due::is_word);
    match query.status {
        None if word => Ok(TaskStatus::OPEN.to_vec()),
        None => Ok(Vec::new()),
        Some(status) => {
            let statuses = status.statuses();
            if word && !statuses.iter().all(|status| status.is_open()) {
                return Err(Problem::field("?status", "conflict", "must be an open one together with due=overdue, today or soon"));
            }
            Ok(statuses)
        }
    }
}

async fn load(context: Context<Authorized, (), ListTasks>) -> Result<Page<Row<Task>>, Rejection> {
    let query = &*context.query;
    let statuses = statuses(query)?;
    let due = match query.due {
        Some(due) => Some(context.app.due_range(due).await?),
        None => None,
    };
    let filter = TaskFilter {
        customer: query.customer_id,
        lead: query.lead_id,
        project: query.project_id,
        owner: query.owner_id.map(|person| person.person(context.scope())),
        statuses,
        due,
        descending: query.sort == Some(DueSort::Latest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListTasks>, page: Page<Row<Task>>) -> Result<PageOf<TaskRow>, Rejection> {
    let (now, zone) = (request.app.clock.now(), &request.app.config.zone);
    Ok(PageOf::of(page, limit(request.query.limit), |task| TaskRow::new(task, now, zone)))
}
