//! `GET /users`: the users inside reach, narrowed by filters or searched by words.

use contract::fields::{CursorText, Limit, Sort, limit};
use contract::views::UserRow;
use domain::search::Search;
use domain::user::{User, UserStatus};
use domain::{Permission, Role, Row, TeamId};
use edge::application::UserFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListUsers {
        /// Words of name, username or e-mail address, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub role: Option<Role>,
        pub team_id: Option<TeamId>,
        pub status: Option<UserStatus>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/users", "list_users")
        .needs(Permission::UsersRead)
        .about("Users", "List or search users")
        .fails(&[Code::Throttled])
        .touches(&[Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListUsers>) -> Result<Page<Row<User>>, Rejection> {
    let query = &*context.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::sorted_search().into());
    }
    let filter = UserFilter {
        team: query.team_id,
        role: query.role,
        status: query.status,
        search: query.q.clone(),
        ascending: query.sort == Some(Sort::Oldest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListUsers>, page: Page<Row<User>>) -> Result<PageOf<UserRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), UserRow::new))
}
