//! `GET /projects`: those inside reach, one's own as owner or member among them, or all of a customer
//! inside reach.

use crate::views::ProjectRow;
use contract::fields::{CursorText, Limit, PersonFilter, Sort, limit};
use domain::project::{Project, ProjectStatus};
use domain::search::Search;
use domain::{CustomerId, Permission, Row};
use edge::application::ProjectFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListProjects {
        /// Words of the name, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub customer_id: Option<CustomerId>,
        pub status: Option<ProjectStatus>,
        /// The id of a user, or `me`.
        pub owner_id: Option<PersonFilter>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/projects", "list_projects")
        .needs(Permission::ProjectsRead)
        .about("Projects", "List or search projects")
        .fails(&[Code::NotFound, Code::Throttled])
        .touches(&[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListProjects>) -> Result<Page<Row<Project>>, Rejection> {
    let query = &*context.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::sorted_search().into());
    }
    let filter = ProjectFilter {
        customer: query.customer_id,
        status: query.status,
        owner: query.owner_id.map(|person| person.person(context.scope())),
        search: query.q.clone(),
        ascending: query.sort == Some(Sort::Oldest),
    };
    let binding = context.binding();
    Ok(context.app.list_projects(context.scope(), &filter, context.paging(limit(query.limit), &binding)).await?)
}

async fn handle(request: Request<Authorized, (), ListProjects>, page: Page<Row<Project>>) -> Result<PageOf<ProjectRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), ProjectRow::new))
}
