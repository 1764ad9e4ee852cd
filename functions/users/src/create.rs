//! `POST /users`: an administrator registers a user.

use crate::account::{check_strength, hash};
use crate::bodies::{CreateUser, set_text};
use contract::views::UserOut;
use domain::granting::may_make;
use domain::user::{UserData, UserText, register};
use domain::{Permission, Role};
use edge::{Action, Answer, Authorized, Change, Code, Json, Rejection, Request, Resource, Route};

pub(crate) fn route() -> Route {
    Route::post("/users", "create_user")
        .needs(Permission::UsersCreate)
        .about("Users", "Register a user")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .uses(&[Resource::Credentials, Resource::Cpu])
        .handle(handle)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateUser>>) -> Result<Answer<UserOut>, Rejection> {
    let body = &request.body.0;
    let (mut data, mut text) = (UserData::new(body.email.clone(), body.role.unwrap_or(Role::SalesRep)), UserText::default());
    body.fill(&mut data, &mut text);
    data.team_id = body.team_id;
    data.must_change_password = body.must_change_password.unwrap_or(true);
    set_text(&mut text, body.notification_prefs.as_ref(), body.push_tokens.as_ref());
    may_make(request.caller(), data.role, &request.app.grants_of(data.role).await?)?;
    check_strength(&body.password, &data)?;
    let password_hash = hash(&body.password).await?;
    request
        .decide((), |(), act| {
            let (user, sign_in, event) = register(act, data.clone(), text.clone(), password_hash.clone());
            let mut change = Change::new();
            change.register(&user, &sign_in, &event);
            Ok(Answer::creation(change, "users", user, UserOut::new))
        })
        .await
}
