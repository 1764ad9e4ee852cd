//! `POST /users`: an administrator registers a user.

use crate::account::{check_strength, hash};
use crate::bodies::{CreateUser, set_text};
use contract::Sent;
use contract::views::UserOut;
use domain::granting::may_make;
use domain::user::{UserData, UserText, register};
use domain::value::Text;
use domain::{Permission, Role};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Resource, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/users", "create_user")
        .needs(Permission::UsersCreate)
        .about("Users", "Register a user")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .uses(&[Resource::Credentials, Resource::Cpu])
        .load_sent(load)
        .handle(handle)
}

async fn load(_: Context<Authorized>, sent: Arc<Sent<CreateUser>>) -> Result<(), Rejection> {
    let Some(password) = &sent.password else { return Ok(()) };
    let known = |name: &Option<Option<Text<100>>>| name.clone().flatten();
    let [first, last] = [known(&sent.first_name), known(&sent.last_name)];
    let words = UserData::words(sent.email.as_ref(), sent.username.as_ref().and_then(Option::as_ref), [first.as_ref(), last.as_ref()]);
    Ok(check_strength(password, &words)?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateUser>>, (): ()) -> Result<Answer<UserOut>, Rejection> {
    let body = &request.body.0;
    let (mut data, mut text) = (UserData::new(body.email.clone(), body.role.unwrap_or(Role::SalesRep)), UserText::default());
    body.fill(&mut data, &mut text);
    data.team_id = body.team_id;
    data.must_change_password = body.must_change_password.unwrap_or(true);
    set_text(&mut text, body.notification_prefs.as_ref(), body.push_tokens.as_ref());
    may_make(request.caller(), data.role, &request.app.grants_of(data.role).await?)?;
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
