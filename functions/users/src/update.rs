//! `PATCH /users/{id}`: a profile and its preferences; role, team, status and a forgotten password
//! only for those who may change every user.

use crate::account::{check_strength, hash};
use crate::bodies::{UpdateUser, set_text};
use contract::views::UserOut;
use contract::{FieldError, Patch, Sent};
use domain::account::{Account, Wanted};
use domain::credential::Credential;
use domain::granting::{may_move, may_place};
use domain::user::{User, UserData};
use domain::{FieldFault, Permission, Reach, Record, Refused, UserId};
use edge::application::{Checks, Client, GrantsOfRoles, ReachedAccount};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Problem, Rejection, Request, Resource, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/users/{id}", "update_user")
        .needs(Permission::UsersUpdate)
        .about("Users", "Change a user")
        .fails(&[Code::Duplicate, Code::LastAdmin, Code::LimitReached, Code::Throttled])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Count, Action::Delete])
        .uses(&[Resource::Credentials, Resource::Cpu])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (UserId,)>, sent: Arc<Sent<UpdateUser>>) -> Result<ReachedAccount, Rejection> {
    let mut checks = Checks::default();
    let account = context.app.reach_account(context.scope(), context.path.0).await?;
    let (data, own) = (&account.user.data, account.user.id == context.caller().id);
    let email = sent.email.as_ref().map(|email| email.over(&data.email));
    if let Some(password) = sent.password.as_ref().and_then(Patch::value) {
        if own {
            checks.note([FieldFault::new("password", "own", "is changed with POST /auth/password")]);
        } else {
            let username = sent.username.as_ref().and_then(|name| name.over(&data.username));
            let first = sent.first_name.as_ref().and_then(|name| name.over(&data.first_name));
            let last = sent.last_name.as_ref().and_then(|name| name.over(&data.last_name));
            checks.of(check_strength(password, &UserData::words(email.as_ref(), username.as_ref(), [first.as_ref(), last.as_ref()])))?;
        }
    }
    // A stolen session must not become a stolen account.
    if own && email.is_some_and(|email| email != data.email) && matches!(sent.current_password, Some(Patch::Keep)) {
        checks.note([unconfirmed()]);
    }
    Ok(checks.give(Some(account))?)
}

type UpdateRequest = Request<Authorized, (UserId,), (), Json<UpdateUser>>;

async fn handle(request: UpdateRequest, account: ReachedAccount) -> Result<Answer<UserOut>, Rejection> {
    let body = &request.body.0;
    check(&request, &account)?;
    confirm(&request, &account).await?;
    let grants = request.app.grants_of_roles().await?;
    may_change(&request, &account, &grants)?;
    let credential = match &body.password {
        Patch::Set(password) => Some(Credential::new(account.user.id, hash(password).await?)),
        Patch::Keep => None,
    };
    let named = if body.status.is_set() { "/status" } else { "/role" };
    request
        .decide(account, |account, act| {
            may_change(&request, account, &grants)?;
            let wanted = Wanted { resets_password: credential.is_some(), ..patched(account, body) };
            let Some((next, events)) = account.change(act, wanted) else { return Ok(Decision::Keep(shown(account.user.clone()))) };
            let mut change = Change::new();
            change.events(&events);
            change.account(account, &next, credential.as_ref());
            Ok(Decision::Commit(change, shown(next.user)))
        })
        .await
        .map_err(|refused| refused.about(Code::LastAdmin, named, "conflict"))
}

fn shown(user: Record<User>) -> Answer<UserOut> {
    let version = user.version;
    Answer::ok(UserOut::new(user)).version(version)
}

/// Refuses fields that this caller may not change.
fn check(request: &UpdateRequest, account: &Account) -> Result<(), Problem> {
    let body = &request.body.0;
    let data = &account.user.data;
    let sent = [
        ("role", body.role.value().is_some_and(|role| *role != data.role)),
        ("teamId", body.team_id.value().is_some_and(|team| *team != data.team_id)),
        ("status", body.status.value().is_some_and(|status| *status != data.status)),
        ("mustChangePassword", body.must_change_password.value().is_some_and(|must| *must != data.must_change_password)),
        ("password", body.password.is_set()),
    ];
    let names: Vec<&str> = sent.into_iter().filter(|(_, sent)| *sent).map(|(name, _)| name).collect();
    if names.is_empty() || request.scope().reach() == Reach::All {
        return Ok(());
    }
    let errors = names.iter().map(|name| FieldError::new(format!("/{name}"), "forbidden", "needs users:update_all")).collect();
    Err(Problem { errors, ..Problem::new(Code::Forbidden, format!("To change {} needs users:update_all", names.join(", "))) })
}

/// Refuses to change somebody who may do more than the caller, to give a role that may, and to move the own
/// role or team.
fn may_change(request: &UpdateRequest, account: &Account, grants: &GrantsOfRoles) -> Result<(), Refused> {
    let (body, caller, role) = (&request.body.0, request.caller(), account.user.data.role);
    let own = account.user.id == caller.id;
    let moves = body.team_id.value().is_some_and(|team| *team != account.user.data.team_id);
    if !own || moves {
        may_place(caller, account.user.id, role, &grants.of(role))?;
    }
    let to = body.role.value().copied().unwrap_or(role);
    may_move(caller, own, role, to, &grants.of(to))
}

fn unconfirmed() -> FieldFault {
    FieldFault::new("currentPassword", "required", "is needed to change the own e-mail address")
}

/// Confirms the current password where the own e-mail address becomes another. It is tried once nothing else is
/// wrong: an attempt counts.
async fn confirm(request: &UpdateRequest, account: &Account) -> Result<(), Rejection> {
    let (body, user) = (&request.body.0, &account.user);
    let moves = body.email.value().is_some_and(|email| *email != user.data.email);
    if !moves || user.id != request.caller().id {
        return Ok(());
    }
    let Patch::Set(attempt) = &body.current_password else { return Err(Refused::Fields(vec![unconfirmed()]).into()) };
    let client = Client { user_agent: request.headers.user_agent.as_deref(), address: &request.headers.source_ip };
    match request.app.confirm_password(user.id, attempt, client).await? {
        Some(_) => Ok(()),
        None => Err(Problem::field("/currentPassword", "mismatch", "is not the current password").into()),
    }
}

/// The account with the fields that were sent.
fn patched(account: &Account, body: &UpdateUser) -> Wanted {
    let mut wanted = account.wanted();
    body.apply(&mut wanted.data, &mut wanted.text);
    set_text(&mut wanted.text, body.notification_prefs.value(), body.push_tokens.value());
    let data = &mut wanted.data;
    body.role.clone().apply(&mut data.role);
    body.team_id.clone().apply(&mut data.team_id);
    body.status.clone().apply(&mut data.status);
    body.must_change_password.clone().apply(&mut data.must_change_password);
    wanted
}
