//! `GET /users`: the users inside reach, narrowed by filters or searched by words.

use api::call::PageOf;
use api::views::UserOut;
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::input::Int;
use domain::search::Search;
use domain::user::{EmailStatus, User, UserStatus};
use domain::{Permission, Record, Role, TeamId, Time, UserId};
use store::{Page, UserFilter};

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
    /// Filters of the list.
    pub struct ListUsers {
        /// Words of name, username or e-mail address, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub role: Option<Role>,
        pub team_id: Option<TeamId>,
        pub status: Option<UserStatus>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Int<1, 100>>,
        pub cursor: Option<domain::value::Text<1000>>,
    }
}

domain::answer! {
    /// A user as in lists: without preferences and device tokens.
    pub struct UserRow {
        pub id: UserId,
        pub email: String,
        pub username: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        /// First and last name, else the username, else the e-mail address.
        pub name: String,
        pub phone: Option<String>,
        pub email_status: EmailStatus,
        pub role: Role,
        pub team_id: Option<TeamId>,
        pub status: UserStatus,
        pub must_change_password: bool,
        pub locale: Option<String>,
        pub last_login_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<User>> for UserRow {
    fn from(user: Record<User>) -> Self {
        let UserOut {
            id,
            email,
            username,
            first_name,
            last_name,
            name,
            phone,
            email_status,
            role,
            team_id,
            status,
            must_change_password,
            locale,
            last_login_at,
            created_at,
            updated_at,
            created_by,
            version,
            notification_prefs: _,
            push_tokens: _,
        } = user.into();
        Self {
            id,
            email,
            username,
            first_name,
            last_name,
            name,
            phone,
            email_status,
            role,
            team_id,
            status,
            must_change_password,
            locale,
            last_login_at,
            created_at,
            updated_at,
            created_by,
            version,
        }
    }
}

pub(crate) fn route() -> Route {
    Route::get("/users", "list_users")
        .needs(Permission::UsersRead)
        .about("Users", "List or search users")
        .touches(&[Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

fn limit(query: &ListUsers) -> Option<usize> {
    query.limit.and_then(|limit| usize::try_from(limit.0).ok())
}

async fn load(seen: Seen<Scoped, (), ListUsers>) -> Result<Page<Record<User>>, Stop> {
    let query = &*seen.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::field("?sort", "conflict", "cannot be combined with q, which orders by word").into());
    }
    let scope = &seen.who.scope;
    let filter = UserFilter {
        team: query.team_id,
        search: query.q.clone(),
        ascending: query.sort == Some(Sort::Oldest),
        residual: query.role.is_some() || query.status.is_some(),
    };
    let keep = |user: &Record<User>| {
        user.inside(scope)
            && query.team_id.is_none_or(|wanted| user.data.team_id == Some(wanted))
            && query.role.is_none_or(|wanted| user.data.role == wanted)
            && query.status.is_none_or(|wanted| user.data.status == wanted)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query), &binding);
    let plan = filter.plan(scope);
    Ok(match &query.q {
        Some(search) => seen.app.store.search(&plan, search, paging, keep).await?,
        None => seen.app.store.list(&plan, paging, keep).await?,
    })
}

async fn handle(call: Call<Scoped, (), ListUsers>, page: Page<Record<User>>) -> Result<PageOf<UserRow>, Stop> {
    Ok(PageOf::of(page, limit(&call.query), UserRow::from))
}
