//! `POST /auth/login`: e-mail address or username and password open a session.
//!
//! Unknown and disabled accounts cost and answer the same as a wrong password. Five failures in
//! fifteen minutes for one account from one address, or a hundred from one address, are 429.

use crate::session::{SessionOut, SignInState, open};
use contract::FieldError;
use domain::credential::SignIn;
use domain::password::{self, Attempt};
use domain::user::{Auth, User, UserStatus};
use domain::value::{Email, Username};
use domain::{SessionId, UserId};
use edge::application::decide;
use edge::{Action, Answer, Change, Code, Decision, Json, Problem, Rejection, Request, Resource, Route};
use store::{NewAuth, Tx};

/// Failures of one account from one address before it has to wait.
const ACCOUNT_LIMIT: u32 = 5;
/// Failures from one address, over all accounts.
const ADDRESS_LIMIT: u32 = 100;

contract::body! {
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
        .uses(&[Resource::Secret, Resource::Credentials, Resource::Cpu])
        .handle(handle)
}

async fn handle(request: Request<(), (), (), Json<LoginRequest>>) -> Result<Answer<SessionOut>, Rejection> {
    let Json(LoginRequest { email, username, password }) = &*request.body;
    let login = match (email, username) {
        (Some(email), None) => email.to_string(),
        (None, Some(username)) => username.to_string(),
        _ => return Err(one_of_both().into()),
    };
    let table = request.app.unscoped();
    let address = &request.headers.source_ip;
    let (account_subject, address_subject) = (format!("{login} {address}"), format!("address {address}"));
    let now = request.app.clock.now();
    let (user, account, from_address) =
        tokio::try_join!(table.user_of_login(&login), table.failures(&account_subject, now), table.failures(&address_subject, now))?;
    if account.0 >= ACCOUNT_LIMIT || from_address.0 >= ADDRESS_LIMIT {
        return Err(throttled(account.1.max(from_address.1)).into());
    }
    // An unknown account is looked up like a known one, under an id that nobody has.
    let id = user.unwrap_or_else(UserId::nobody);
    let (present, record) = tokio::try_join!(table.sign_in(id), table.get::<User>(id))?;
    let Some((present, record)) = check(present, password).await?.zip(record) else {
        tokio::try_join!(table.count_failure(&account_subject, now), table.count_failure(&address_subject, now))?;
        return Err(Problem::new(Code::InvalidCredentials, "Check the account name and the password").into());
    };
    let (auth, session, refresh_token) = start(&request, present, password).await?;
    if account.0 > 0 {
        table.forget_failures(&account_subject).await?;
    }
    Ok(Answer::ok(open(&request.app, &auth, session, refresh_token, record).await?))
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

/// What there is of the account if the password is right and the user is active.
async fn check(present: Option<SignIn>, password: &Attempt) -> Result<Option<SignIn>, Rejection> {
    let password = password.clone();
    let checked = tokio::task::spawn_blocking(move || match present {
        Some(present) => {
            let right = password::verify(&password, &present.credential.password_hash);
            (right && present.auth.status == UserStatus::Active).then_some(present)
        }
        None => {
            password::verify_nothing(&password);
            None
        }
    });
    Ok(checked.await.map_err(Problem::internal)?)
}

/// Opens the session, conditional on what the password was checked against.
async fn start(
    request: &Request<(), (), (), Json<LoginRequest>>,
    checked: SignIn,
    password: &Attempt,
) -> Result<(Auth, SessionId, String), Rejection> {
    let (app, now) = (&request.app, request.app.clock.now());
    let (user, session): (UserId, SessionId) = (checked.auth.user_id, request.act().id());
    let signer = app.signer().await.map_err(Problem::internal)?;
    let refresh = signer.first_refresh(user, session).map_err(Problem::internal)?;
    let rehashed = if password::is_outdated(&checked.credential.password_hash) { rehash(password).await? } else { None };
    let lifetime = app.config.refresh_seconds;
    let (user_agent, ip) = (request.headers.user_agent.clone(), request.headers.source_ip.clone());
    let opened = NewAuth { session, user_agent, ip, expires_at: now.plus_seconds(lifetime) };
    let state = SignInState::of(user, Some(checked.clone()));
    let next = decide(app, state, |state| {
        let same = |latest: &&SignIn| latest.auth.status == UserStatus::Active && latest.credential.password_hash == checked.credential.password_hash;
        let changed = || Problem::new(Code::InvalidCredentials, "The account has just changed. Sign in again");
        let present = state.present.as_ref().filter(same).ok_or_else(changed)?;
        let mut next = present.with_session(session, refresh.hash(), now, lifetime);
        if let Some(hash) = &rehashed {
            next.credential.password_hash.clone_from(hash);
        }
        let mut tx = Tx::new();
        tx.update_sign_in(present, &next);
        tx.open_session(user, &opened, now);
        Ok::<_, Rejection>(Decision::Commit(Change::from(tx), next.auth))
    })
    .await?;
    Ok((next, session, refresh.to_string()))
}

/// A hash with today's parameters.
async fn rehash(password: &Attempt) -> Result<Option<String>, Rejection> {
    let Some(password) = password.as_password() else { return Ok(None) };
    let salt = edge::application::tokens::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(Some(hashed.map_err(Problem::internal)?))
}
