//! `GET /teams`: every team with manager and members.

use crate::views::TeamOut;
use api::call::PageOf;
use api::{Action, Call, Route, Scoped, Seen, Stop};
use domain::input::Int;
use domain::team::Team;
use domain::{Permission, Record};
use store::Page;
use store::records::teams_plan;

domain::choice! {
    /// The order of the list.
    pub enum Sort {
        /// Newest first.
        Newest = "-createdAt",
        /// Oldest first.
        Oldest = "createdAt",
    }
}

domain::query! {
    /// Order and page of the list.
    pub struct ListTeams {
        pub sort: Option<Sort>,
        pub limit: Option<Int<1, 100>>,
        pub cursor: Option<domain::value::Text<1000>>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/teams", "list_teams")
        .needs(Permission::TeamsRead)
        .about("Roles and teams", "List teams with their people")
        .touches(&[Action::Query])
        .load(load)
        .handle(handle)
}

fn limit(query: &ListTeams) -> Option<usize> {
    query.limit.and_then(|limit| usize::try_from(limit.0).ok())
}

async fn load(seen: Seen<Scoped, (), ListTeams>) -> Result<Page<Record<Team>>, Stop> {
    let plan = teams_plan(seen.query.sort == Some(Sort::Oldest));
    let binding = seen.binding();
    let paging = seen.paging(limit(&seen.query), &binding);
    Ok(seen.app.store.list::<Team>(&plan, paging, |_| true).await?)
}

async fn handle(call: Call<Scoped, (), ListTeams>, page: Page<Record<Team>>) -> Result<PageOf<TeamOut>, Stop> {
    Ok(PageOf::of(page, limit(&call.query), TeamOut::from))
}
