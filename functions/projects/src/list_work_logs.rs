//! `GET /worklogs`: those of the people inside reach, or all of a customer, project or task inside
//! reach; with the sum of their minutes where it can be told exactly.

use crate::views::WorkLogOut;
use api::call::PageOf;
use api::fields::{CursorText, Limit, PersonFilter, limit};
use api::{Action, Call, Route, Scoped, Seen, Stop};
use domain::time::Day;
use domain::work_log::WorkLog;
use domain::{CustomerId, PartyId, Permission, ProjectId, Reach, Record, TaskId, UserId};
use serde_json::json;
use store::{Page, Parent, WorkLogFilter};

domain::choice! {
    /// The order of the list.
    pub enum Sort {
        /// Latest day first.
        Latest = "-workDate",
        /// Earliest day first.
        Earliest = "workDate",
    }
}

domain::query! {
    /// Filters of the list.
    pub struct ListWorkLogs {
        pub customer_id: Option<CustomerId>,
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
        /// The id of a user, or `me`.
        pub user_id: Option<PersonFilter>,
        /// On this day or later.
        pub from: Option<Day>,
        /// Up to this day.
        pub to: Option<Day>,
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/worklogs", "list_work_logs")
        .needs(Permission::WorklogsRead)
        .about("Work logs", "List work logs")
        .touches(&[Action::Get, Action::Query, Action::QueryTable])
        .meta(&[(
            "totalMinutes",
            || json!({"type": "integer", "description": "of all that match, not only of this page; absent where it is not exact"}),
        )])
        .load(load)
        .handle(handle)
}

type Found = (Page<Record<WorkLog>>, Option<i64>);

async fn load(seen: Seen<Scoped, (), ListWorkLogs>) -> Result<Found, Stop> {
    let query = &*seen.query;
    let (scope, store) = (&seen.who.scope, &seen.app.store);
    let task = query.task_id.map(Parent::Task);
    let project = query.project_id.map(Parent::Project);
    let customer = query.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
    let parents: Vec<Parent> = [task, project, customer].into_iter().flatten().collect();
    let parent = parents.first().copied();
    let user = query.user_id.map(|person| person.person(scope));
    let filter =
        WorkLogFilter { parent, user, from: query.from, to: query.to, ascending: query.sort == Some(Sort::Earliest), residual: parents.len() > 1 };
    let keep = |log: &Record<WorkLog>| {
        let data = &log.data;
        (parent.is_some() || log.inside(scope))
            && user.is_none_or(|wanted| data.user_id == wanted)
            && (query.customer_id.is_none() || data.customer_id == query.customer_id)
            && (query.project_id.is_none() || data.project_id == query.project_id)
            && (query.task_id.is_none() || data.task_id == query.task_id)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let plan = filter.plan(scope);
    let page = async { Ok::<_, Stop>(store.list(&plan, paging, keep).await?) };
    let page = seen.of_person(user.filter(|_| parent.is_none()), page);
    let standing = async {
        match parent {
            Some(parent) => seen.parent(parent).await,
            None => Ok(()),
        }
    };
    let sum = async {
        match summed(query, &parents, user, scope) {
            Some(owner) => Ok::<_, Stop>(Some(store.minutes(owner, query.from, query.to).await?)),
            None => Ok(None),
        }
    };
    let ((), page, sum) = tokio::try_join!(standing, page, sum)?;
    Ok((page, sum))
}

/// Whose sums tell the total: those of the one parent, whose logs are all shown; or those of one user
/// between two days, where all of that user's logs are inside reach.
fn summed(query: &ListWorkLogs, parents: &[Parent], user: Option<UserId>, scope: &domain::Scope) -> Option<(&'static str, String)> {
    match (parents, user) {
        ([parent], None) => Some(parent.parts()),
        ([], Some(user)) if query.from.is_some() && query.to.is_some() => {
            (scope.reach == Reach::All || user == scope.user).then(|| ("USER", user.to_string()))
        }
        _ => None,
    }
}

async fn handle(call: Call<Scoped, (), ListWorkLogs>, (page, sum): Found) -> Result<PageOf<WorkLogOut>, Stop> {
    let mut page = PageOf::of(page, limit(call.query.limit), WorkLogOut::row);
    page.meta.extend(sum.map(|sum| ("totalMinutes".to_owned(), json!(sum))));
    Ok(page)
}
