//! `GET /worklogs`: those of the people inside reach, or all of a customer, project or task inside
//! reach; with the sum of their minutes where it can be told exactly.

use crate::views::WorkLogRow;
use contract::fields::{CursorText, Limit, PersonFilter, limit};
use domain::time::{DateBound, Day};
use domain::work_log::WorkLog;
use domain::{CustomerId, Permission, ProjectId, Row, TaskId};
use edge::application::WorkLogFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};
use serde_json::json;

contract::choice! {
    /// The order of the list.
    pub enum WorkLogSort {
        /// Latest day first.
        Latest = "-workDate",
        /// Earliest day first.
        Earliest = "workDate",
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListWorkLogs {
        pub customer_id: Option<CustomerId>,
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
        /// The id of a user, or `me`.
        pub user_id: Option<PersonFilter>,
        /// On this day or later.
        pub from: Option<Day>,
        /// Up to this day; not before `from`.
        pub to: Option<Day>,
        pub sort: Option<WorkLogSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/worklogs", "list_work_logs")
        .needs(Permission::WorklogsRead)
        .about("Work logs", "List work logs")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query, Action::QueryTable])
        .meta(&[(
            "totalMinutes",
            |_| json!({"type": "integer", "description": "Of all that match, not only of this page; absent where it is not exact"}),
        )])
        .load(load)
        .handle(handle)
}

type Found = (Page<Row<WorkLog>>, Option<i64>);

async fn load(context: Context<Authorized, (), ListWorkLogs>) -> Result<Found, Rejection> {
    let query = &*context.query;
    let bound = |day: Option<Day>| day.map(DateBound::Day);
    Problem::all([Problem::backwards((bound(query.from), "from"), (bound(query.to), "to"), &context.app)])?;
    let filter = WorkLogFilter {
        customer: query.customer_id,
        project: query.project_id,
        task: query.task_id,
        user: query.user_id.map(|person| person.person(context.scope())),
        from: query.from,
        to: query.to,
        ascending: query.sort == Some(WorkLogSort::Earliest),
    };
    let sum = async { Ok(context.app.minutes(context.scope(), &filter).await?) };
    tokio::try_join!(context.list(&filter, limit(query.limit)), sum)
}

async fn handle(request: Request<Authorized, (), ListWorkLogs>, (page, sum): Found) -> Result<PageOf<WorkLogRow>, Rejection> {
    let mut page = PageOf::of(page, limit(request.query.limit), WorkLogRow::new);
    page.meta.extend(sum.map(|sum| ("totalMinutes".to_owned(), json!(sum))));
    Ok(page)
}
