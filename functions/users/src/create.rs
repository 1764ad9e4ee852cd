//! `POST /users`: an administrator registers a user.

use crate::account::hash;
use crate::fields::{Preferences, PushTokens, set_push_tokens};
use api::problem::Code;
use api::views::UserOut;
use api::{Action, Answer, Call, Json, Resource, Route, Scoped, Stop, location};
use domain::password::Password;
use domain::user::{User, UserData, UserStatus, UserText, register};
use domain::value::{Email, Locale, Phone, Text, Username};
use domain::{Permission, Role, TeamId};
use store::Tx;

domain::body! {
    /// A new user.
    pub struct CreateUser {
        /// Unique.
        pub email: Email,
        /// 10 to 200 characters.
        pub password: Password,
        /// Unique; signs in like the e-mail address.
        pub username: Option<Username>,
        pub first_name: Option<Text<100>>,
        pub last_name: Option<Text<100>>,
        pub phone: Option<Phone>,
        /// SALES_REP when not given.
        pub role: Option<Role>,
        pub team_id: Option<TeamId>,
        /// Language tag.
        pub locale: Option<Locale>,
        /// Whether the first thing to do is a password of one's own; false when not given.
        pub must_change_password: Option<bool>,
        /// Event name to on or off per channel.
        pub notification_prefs: Option<Preferences>,
        /// Device tokens for push messages.
        pub push_tokens: Option<PushTokens>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/users", "create_user")
        .needs(Permission::UsersCreate)
        .about("Users", "Register a user")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .uses(&[Resource::Cpu])
        .handle(handle)
}

async fn handle(call: Call<Scoped, (), (), Json<CreateUser>>) -> Result<Answer<UserOut>, Stop> {
    let body = &call.body.0;
    let data = UserData {
        email: body.email.clone(),
        username: body.username.clone(),
        first_name: body.first_name.clone(),
        last_name: body.last_name.clone(),
        phone: body.phone.clone(),
        role: body.role.unwrap_or(Role::SalesRep),
        team_id: body.team_id,
        status: UserStatus::Active,
        must_change_password: body.must_change_password.unwrap_or(false),
        locale: body.locale.clone(),
    };
    let mut text = UserText::default();
    if let Some(preferences) = &body.notification_prefs {
        text.notification_prefs.clone_from(&preferences.0);
    }
    if let Some(tokens) = &body.push_tokens {
        set_push_tokens(&mut text, tokens);
    }
    let (user, auth, event) = register(&call.act(), data, text, hash(&body.password).await?);
    let mut tx = Tx::new();
    tx.register(&user, &auth, &event);
    let (place, version) = (location::<User>("users", user.id), user.version);
    let answer = Answer::created(UserOut::from(user), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
