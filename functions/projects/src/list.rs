//! `GET /projects`: those inside reach, one's own as owner or member among them, or all of a customer
//! inside reach.

use crate::views::ProjectRow;
use api::call::PageOf;
use api::fields::{CursorText, Limit, PersonFilter, Sort, limit};
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::project::{Project, ProjectStatus};
use domain::search::{Search, record_words};
use domain::{CustomerId, PartyId, Permission, Reach, Record, Scope};
use store::{Page, Parent, ProjectFilter};

domain::query! {
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
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (), ListProjects>) -> Result<Page<Record<Project>>, Stop> {
    let query = &*seen.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::field("?sort", "conflict", "cannot be combined with q, which orders by word").into());
    }
    let scope = &seen.who.scope;
    let owner = query.owner_id.map(|person| person.person(scope));
    let filter = ProjectFilter {
        customer: query.customer_id,
        status: query.status,
        owner,
        search: query.q.clone(),
        ascending: query.sort == Some(Sort::Oldest),
    };
    let found =
        |project: &Record<Project>| query.q.as_ref().is_none_or(|search| search.shown_at(&record_words([project.data.name.as_str()])).is_some());
    let keep = |project: &Record<Project>| {
        let data = &project.data;
        (query.customer_id.is_some() || project.inside(scope))
            && query.customer_id.is_none_or(|wanted| data.customer_id == wanted)
            && query.status.is_none_or(|wanted| data.status == wanted)
            && owner.is_none_or(|wanted| data.owner_id == wanted)
            && found(project)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let store = &seen.app.store;
    // Of somebody outside reach one sees what one is a member of, as somebody who reaches only the own.
    let outside = async || match owner {
        Some(owner) => seen.reaches_person(owner).await.map(|reached| !reached),
        None => Ok(false),
    };
    let plan = match scope.reach {
        Reach::Team if outside().await? => filter.plan(&Scope { reach: Reach::Own, ..scope.clone() }),
        _ => filter.plan(scope),
    };
    match (query.customer_id, &query.q) {
        (Some(customer), _) => {
            let page = async { Ok(store.list(&plan, paging, keep).await?) };
            tokio::try_join!(seen.parent(Parent::Party(PartyId::Customer(customer))), page).map(|((), page)| page)
        }
        (None, Some(search)) => Ok(store.search(&plan, search, paging, keep).await?),
        (None, None) => Ok(store.list(&plan, paging, keep).await?),
    }
}

async fn handle(call: Call<Scoped, (), ListProjects>, page: Page<Record<Project>>) -> Result<PageOf<ProjectRow>, Stop> {
    Ok(PageOf::of(page, limit(call.query.limit), ProjectRow::from))
}
