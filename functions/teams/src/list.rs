//! `GET /teams`: every team with manager and members.

use crate::views::TeamOut;
use contract::fields::{CursorText, Limit, Sort, limit};
use domain::team::Team;
use domain::{Permission, Row};
use edge::application::TeamFilter;
use edge::{Action, Authorized, Context, Page, PageOf, Rejection, Request, Route};

contract::query! {
    /// Order and page of the list.
    pub struct ListTeams {
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
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

async fn load(context: Context<Authorized, (), ListTeams>) -> Result<Page<Row<Team>>, Rejection> {
    let filter = TeamFilter { ascending: context.query.sort == Some(Sort::Oldest) };
    context.list(&filter, limit(context.query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListTeams>, page: Page<Row<Team>>) -> Result<PageOf<TeamOut>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), TeamOut::new))
}
