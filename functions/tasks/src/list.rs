//! `GET /tasks`: those of the people inside reach, or all of a customer, lead or project inside reach.

use crate::views::TaskRow;
use api::call::PageOf;
use api::fields::{CursorText, DueSort, Limit, PersonFilter, limit};
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::task::{Task, TaskStatus};
use domain::time::Due;
use domain::{CustomerId, LeadId, PartyId, Permission, ProjectId, Record};
use store::{Page, Parent, TaskFilter};

domain::choice! {
    /// A status, or both that are still work.
    pub enum StatusFilter {
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

impl StatusFilter {
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

domain::query! {
    /// Filters of the list.
    pub struct ListTasks {
        /// The id of a user, or `me`.
        pub owner_id: Option<PersonFilter>,
        /// A status, or `open` for TODO and IN_PROGRESS.
        pub status: Option<StatusFilter>,
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

async fn load(seen: Seen<Scoped, (), ListTasks>) -> Result<Page<Record<Task>>, Stop> {
    let query = &*seen.query;
    let scope = &seen.who.scope;
    let statuses = statuses(query)?;
    let due = match query.due {
        Some(due) => Some(seen.due_range(due).await?),
        None => None,
    };
    // The narrowest comes first; a list of one parent shows all its children.
    let project = query.project_id.map(Parent::Project);
    let lead = query.lead_id.map(|id| Parent::Party(PartyId::Lead(id)));
    let customer = query.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
    let parents: Vec<Parent> = [project, lead, customer].into_iter().flatten().collect();
    let parent = parents.first().copied();
    let owner = query.owner_id.map(|person| person.person(scope));
    let filter =
        TaskFilter { parent, owner, statuses: statuses.clone(), due, descending: query.sort == Some(DueSort::Latest), residual: parents.len() > 1 };
    let keep = |task: &Record<Task>| {
        let data = &task.data;
        (parent.is_some() || task.inside(scope))
            && owner.is_none_or(|wanted| data.owner_id == wanted)
            && (statuses.is_empty() || statuses.contains(&data.status))
            && (query.project_id.is_none() || data.project_id == query.project_id)
            && (query.lead_id.is_none() || data.lead_id == query.lead_id)
            && (query.customer_id.is_none() || data.customer_id == query.customer_id)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let plan = filter.plan(scope);
    let page = async { Ok(seen.app.store.list(&plan, paging, keep).await?) };
    match parent {
        Some(parent) => tokio::try_join!(seen.parent(parent), page).map(|((), page)| page),
        None => seen.of_person(owner, page).await,
    }
}

async fn handle(call: Call<Scoped, (), ListTasks>, page: Page<Record<Task>>) -> Result<PageOf<TaskRow>, Stop> {
    let (now, zone) = (call.app.clock.now(), &call.app.config.zone);
    Ok(PageOf::of(page, limit(call.query.limit), |task| TaskRow::new(task, now, zone)))
}
