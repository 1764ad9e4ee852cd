//! `GET /users/{id}`: one user inside reach; oneself always, whatever the role may do.

use api::views::UserOut;
use api::{Action, Answer, Call, Problem, Route, Seen, Signed, Stop};
use domain::user::User;
use domain::{Permission, Record, UserId};

pub(crate) fn route() -> Route {
    Route::get("/users/{id}", "get_user")
        .authenticated()
        .about("Users", "Get a user: oneself, or with users:read one inside reach")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Signed, (UserId,)>) -> Result<Option<Record<User>>, Stop> {
    Ok(seen.app.store.get::<User>(seen.path.0).await?)
}

async fn handle(call: Call<Signed, (UserId,)>, user: Option<Record<User>>) -> Result<Answer<UserOut>, Stop> {
    let caller = &call.who.caller;
    let read = Permission::UsersRead;
    let scope = caller.scope(read);
    if scope.is_none() && call.path.0 != caller.id {
        return Err(Problem::forbidden(read.name()).into());
    }
    let open = |user: &Record<User>| user.id == caller.id || scope.as_ref().is_some_and(|scope| user.inside(scope));
    let user = user.filter(open).ok_or_else(Problem::not_found)?;
    let version = user.version;
    Ok(Answer::ok(UserOut::from(user)).version(version))
}
