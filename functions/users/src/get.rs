//! `GET /users/{id}`: one user inside reach; oneself always, whatever the role may do.

use contract::views::UserOut;
use domain::user::User;
use domain::{Permission, Record, UserId};
use edge::{Action, Answer, Authenticated, Context, Problem, Purpose, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/users/{id}", "get_user")
        .authenticated()
        .about("Users", "Get a user: oneself, or with users:read one inside reach")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authenticated, (UserId,)>) -> Result<Record<User>, Rejection> {
    let (id, caller, read) = (context.path.0, &context.who.caller, Permission::UsersRead);
    match caller.scope(read) {
        // Every reach includes oneself.
        Some(scope) => Ok(context.app.reach::<User>(&scope, id, Purpose::Read).await?.into_record()),
        None if id == caller.id => Ok(context.app.oneself(caller).await?),
        None => Err(Problem::forbidden(read.name()).into()),
    }
}

async fn handle(_: Request<Authenticated, (UserId,)>, user: Record<User>) -> Result<Answer<UserOut>, Rejection> {
    let version = user.version;
    Ok(Answer::ok(UserOut::new(user)).version(version))
}
