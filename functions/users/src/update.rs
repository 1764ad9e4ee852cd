//! `PATCH /users/{id}`: a profile and its preferences; role, team, status and a forgotten password
//! only for those who may change every user.

use crate::account::{UserCall, change, hash, load};
use crate::fields::{Preferences, PushTokens, set_push_tokens};
use api::problem::Code;
use api::views::UserOut;
use api::{Action, Answer, Json, Problem, Resource, Route, Stop};
use domain::account::{Account, Wanted};
use domain::event::Act;
use domain::input::Patch;
use domain::password::Password;
use domain::user::UserStatus;
use domain::value::{Email, Locale, Phone, Text, Username};
use domain::{FieldError, Permission, Reach, Role, TeamId};
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateUser {
        /// Unique.
        pub email: Patch<Email>,
        /// Unique.
        pub username: Patch<Option<Username>>,
        pub first_name: Patch<Option<Text<100>>>,
        pub last_name: Patch<Option<Text<100>>>,
        pub phone: Patch<Option<Phone>>,
        pub locale: Patch<Option<Locale>>,
        /// Event name to on or off per channel.
        pub notification_prefs: Patch<Preferences>,
        /// Device tokens for push messages.
        pub push_tokens: Patch<PushTokens>,
        /// Needs users:update_all.
        pub role: Patch<Role>,
        /// Needs users:update_all.
        pub team_id: Patch<Option<TeamId>>,
        /// Needs users:update_all. DISABLED ends every session.
        pub status: Patch<UserStatus>,
        /// Needs users:update_all.
        pub must_change_password: Patch<bool>,
        /// Needs users:update_all. For a user who forgot the own one: it has to be changed at the
        /// next sign-in, and every session ends. The own password is changed with POST /auth/password.
        pub password: Patch<Password>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/users/{id}", "update_user")
        .needs(Permission::UsersUpdate)
        .about("Users", "Change a user")
        .fails(&[Code::Duplicate, Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .uses(&[Resource::Cpu])
        .load(load)
        .handle(handle)
}

type UpdateCall = UserCall<(), Json<UpdateUser>>;

async fn handle(call: UpdateCall, account: Account) -> Result<Answer<UserOut>, Stop> {
    let body = &call.body.0;
    check(&call)?;
    let password_hash = match &body.password {
        Patch::Set(password) => Some(hash(password).await?),
        Patch::Keep => None,
    };
    let decide = |account: &Account, act: &Act| {
        let wanted = Wanted { password_hash: password_hash.clone(), ..patched(account, body) };
        let (next, events) = account.change(act, wanted)?;
        let mut tx = Tx::new();
        tx.events(&events);
        Some((next, tx))
    };
    let user = change(&call, account, decide).await?;
    let version = user.version;
    Ok(Answer::ok(UserOut::from(user)).version(version))
}

/// Refuses fields that this caller may not change, and the own password, which needs the current one.
fn check(call: &UpdateCall) -> Result<(), Problem> {
    let body = &call.body.0;
    if body.password.is_set() && call.path.0 == call.caller().id {
        return Err(Problem::field("/password", "own", "is changed with POST /auth/password"));
    }
    let sent = [
        ("role", body.role.is_set()),
        ("teamId", body.team_id.is_set()),
        ("status", body.status.is_set()),
        ("mustChangePassword", body.must_change_password.is_set()),
        ("password", body.password.is_set()),
    ];
    let names: Vec<&str> = sent.into_iter().filter(|(_, sent)| *sent).map(|(name, _)| name).collect();
    if names.is_empty() || call.scope().reach == Reach::All {
        return Ok(());
    }
    let errors = names.iter().map(|name| FieldError::new(format!("/{name}"), "forbidden", "needs users:update_all")).collect();
    Err(Problem { errors, ..Problem::new(Code::Forbidden, format!("To change {} needs users:update_all", names.join(", "))) })
}

/// The account with the fields that were sent.
fn patched(account: &Account, body: &UpdateUser) -> Wanted {
    let mut wanted = account.wanted();
    let data = &mut wanted.data;
    body.email.clone().apply(&mut data.email);
    body.username.clone().apply(&mut data.username);
    body.first_name.clone().apply(&mut data.first_name);
    body.last_name.clone().apply(&mut data.last_name);
    body.phone.clone().apply(&mut data.phone);
    body.locale.clone().apply(&mut data.locale);
    body.role.clone().apply(&mut data.role);
    body.team_id.clone().apply(&mut data.team_id);
    body.status.clone().apply(&mut data.status);
    body.must_change_password.clone().apply(&mut data.must_change_password);
    if let Patch::Set(preferences) = &body.notification_prefs {
        wanted.text.notification_prefs.clone_from(&preferences.0);
    }
    if let Patch::Set(tokens) = &body.push_tokens {
        set_push_tokens(&mut wanted.text, tokens);
    }
    wanted
}
