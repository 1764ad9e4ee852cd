//! `POST /auth/login`: e-mail address or username and password open a session.
//!
//! Unknown and disabled accounts cost and answer the same as a wrong password. Five failures in
//! fifteen minutes for one account from one address, or a hundred from one address, are 429.

use crate::session::{ATTEMPTS, SessionOut, open};
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Resource, Route, Stop};
use domain::password::{self, Attempt};
use domain::user::{Auth, User, UserStatus};
use domain::value::{Email, Username};
use domain::{FieldError, SessionId, UserId};
use store::{NewAuth, Refusal, Tx};

/// Failures of one account from one address before it has to wait.
const ACCOUNT_LIMIT: u32 = 5;
/// Failures from one address, over all accounts.
const ADDRESS_LIMIT: u32 = 100;

domain::body! {
    /// Credentials.
    pub struct LoginRequest {
        /// The e-mail address; or send `username`.
        pub email: Option<Email>,
        /// The username; or send `email`.
        pub username: Option<Username>,
        pub password: Attempt,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/auth/login", "login")
        .public()
        .about("Auth", "Sign in with e-mail address or username")
        .fails(&[Code::InvalidCredentials, Code::Throttled])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .uses(&[Resource::Secret, Resource::Cpu])
        .handle(handle)
}

async fn handle(call: Call<(), (), (), Json<LoginRequest>>) -> Result<Answer<SessionOut>, Stop> {
    let Json(LoginRequest { email, username, password }) = &*call.body;
    let login = match (email, username) {
        (Some(email), None) => email.to_string(),
        (None, Some(username)) => username.to_string(),
        _ => return Err(one_of_both().into()),
    };
    let store = &call.app.store;
    let address = &call.headers.source_ip;
    let (account_subject, address_subject) = (format!("{login} {address}"), format!("address {address}"));
    let now = call.app.clock.now();
    let (user, account, from_address) =
        tokio::try_join!(store.user_of_login(&login), store.failures(&account_subject, now), store.failures(&address_subject, now))?;
    if account.0 >= ACCOUNT_LIMIT || from_address.0 >= ADDRESS_LIMIT {
        return Err(throttled(account.1.max(from_address.1)).into());
    }
    // An unknown account is looked up like a known one, under an id that nobody has.
    let id = user.unwrap_or_else(UserId::nobody);
    let (auth, record) = tokio::try_join!(store.auth(id), store.get::<User>(id))?;
    let Some((auth, record)) = check(auth, password).await?.zip(record) else {
        tokio::try_join!(store.count_failure(&account_subject, now), store.count_failure(&address_subject, now))?;
        return Err(Problem::new(Code::InvalidCredentials, "Check the account name and the password").into());
    };
    let (auth, session, refresh_token) = start(&call, auth, password).await?;
    if account.0 > 0 {
        store.forget_failures(&account_subject).await?;
    }
    Ok(Answer::ok(open(&call.app, &auth, session, refresh_token, record).await?))
}

fn one_of_both() -> Problem {
    let error = |pointer| FieldError::new(pointer, "required", "send either email or username");
    Problem::fields(vec![error("/email"), error("/username")])
}

fn throttled(seconds: i64) -> Problem {
    let mut problem = Problem::new(Code::Throttled, format!("Too many failed attempts. Try again in {} minutes", (seconds + 59) / 60));
    problem.retry_after = Some(seconds.max(1));
    problem
}

/// The sign-in state if the password is right and the user is active.
async fn check(auth: Option<Auth>, password: &Attempt) -> Result<Option<Auth>, Stop> {
    let password = password.clone();
    let checked = tokio::task::spawn_blocking(move || match auth {
        Some(auth) => (password::verify(&password, &auth.password_hash) && auth.status == UserStatus::Active).then_some(auth),
        None => {
            password::verify_nothing(&password);
            None
        }
    });
    Ok(checked.await.map_err(Problem::internal)?)
}

/// Opens the session, conditional on the sign-in state that the password was checked against.
async fn start(call: &Call<(), (), (), Json<LoginRequest>>, checked: Auth, password: &Attempt) -> Result<(Auth, SessionId, String), Stop> {
    let (app, now) = (&call.app, call.app.clock.now());
    let session: SessionId = call.act().id();
    let signer = app.signer().await.map_err(Problem::internal)?;
    let refresh = signer.first_refresh(checked.user_id, session).map_err(Problem::internal)?;
    let rehashed = if password::is_outdated(&checked.password_hash) { rehash(password).await? } else { None };
    let lifetime = app.config.refresh_seconds;
    let opened =
        NewAuth { session, user_agent: call.headers.user_agent.clone(), ip: call.headers.source_ip.clone(), expires_at: now.plus_seconds(lifetime) };
    let mut auth = checked.clone();
    for _ in 0..ATTEMPTS {
        let mut next = auth.with_session(session, refresh.hash(), now, lifetime);
        if let Some(hash) = &rehashed {
            next.password_hash.clone_from(hash);
        }
        let mut tx = Tx::new();
        tx.update_auth(&auth, &next);
        tx.open_session(auth.user_id, &opened, now);
        match app.store.commit(tx).await {
            Ok(()) => return Ok((next, session, refresh.to_string())),
            Err(error) if error.is_refused(&Refusal::Stale) => {
                let latest = app.store.auth(auth.user_id).await?;
                let same = |latest: &Auth| latest.status == UserStatus::Active && latest.password_hash == checked.password_hash;
                auth = latest.filter(same).ok_or_else(|| Problem::new(Code::InvalidCredentials, "The account has just changed. Sign in again"))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the sign-in state kept changing").into())
}

/// A hash with today's parameters.
async fn rehash(password: &Attempt) -> Result<Option<String>, Stop> {
    let Some(password) = password.as_password() else { return Ok(None) };
    let salt = api::tokens::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(Some(hashed.map_err(Problem::internal)?))
}
