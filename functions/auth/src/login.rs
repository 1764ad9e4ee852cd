//! `POST /auth/login`: e-mail address or username and password open a session.
//!
//! Unknown and disabled accounts cost and answer the same as a wrong password. A guess counts before it
//! is looked at; five in fifteen minutes for one account from one address, fifty for one account, or a
//! hundred from one address, and the next is 429.

use crate::session::{SessionOut, SignInState, client, open};
use contract::{FieldError, Sent};
use domain::credential::SignIn;
use domain::password::{self, Attempt};
use domain::user::{Auth, User, UserStatus};
use domain::value::{Email, Username};
use domain::{SessionId, UserId};
use edge::application::metric::Metric;
use edge::application::tokens::Signer;
use edge::application::{Error, counted_by, decide, log};
use edge::{Action, Answer, Change, Code, Context, Decision, Json, Problem, Rejection, Request, Resource, Route};
use std::sync::Arc;
use store::{NewAuth, Tx};

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
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Count])
        .uses(&[Resource::Secret, Resource::Credentials, Resource::Cpu])
        .load_sent(load)
        .handle(handle)
}

/// The name to sign in with.
async fn load(_: Context<()>, sent: Arc<Sent<LoginRequest>>) -> Result<String, Rejection> {
    match (&sent.email, &sent.username) {
        (Some(Some(email)), Some(None)) => Ok(email.to_string()),
        (Some(None), Some(Some(username))) => Ok(username.to_string()),
        (Some(_), Some(_)) => Err(one_of_both().into()),
        (None, _) | (_, None) => Ok(String::new()),
    }
}

async fn handle(request: Request<(), (), (), Json<LoginRequest>>, login: String) -> Result<Answer<SessionOut>, Rejection> {
    let password = &request.body.0.password;
    let (app, table) = (&request.app, request.app.unscoped());
    let digest = app.signer().await.map_err(Problem::internal)?.digest(&login);
    let user = table.user_of_login(&login).await?;
    // An unknown account is looked up and counted like a known one, under an id that nobody has and a
    // digest of the name.
    let id = user.unwrap_or_else(UserId::nobody);
    let account = user.map_or_else(|| format!("name {digest}"), counted_by);
    let read = async { Ok::<_, Rejection>(tokio::try_join!(table.sign_in(id), table.get::<User>(id))?) };
    let signer = async { Ok::<_, Rejection>(app.signer_in_force().await?) };
    let guess = async {
        let counted = app.count_guess(&account, id, client(&request.headers)).await;
        if matches!(counted, Err(Error::Throttled(_))) {
            failed(&request, user, "throttled");
        }
        Ok::<_, Rejection>(counted?)
    };
    let (guess, found, signer) = tokio::join!(guess, read, signer);
    let found = found.and_then(|found| signer.map(|signer| (found, signer)));
    let (guess, ((present, record), signer)) = app.guess_beside(guess?, found).await?;
    let (present, record) = match (check(present, password).await?, record) {
        (Ok(present), Some(record)) => (present, record),
        (refused, _) => {
            failed(&request, user, refused.err().unwrap_or("unknown_account"));
            return Err(Problem::new(Code::InvalidCredentials, "Check the account name and the password").into());
        }
    };
    app.give_back(guess).await?;
    Metric::SignIns.count("");
    let (auth, session, refresh_token) = start(&request, &signer, present, password).await?;
    Ok(Answer::ok(open(app, &signer, &auth, session, refresh_token, record).await?))
}

fn one_of_both() -> Problem {
    let error = |pointer| FieldError::new(pointer, "required", "send either email or username");
    Problem::fields(vec![error("/email"), error("/username")])
}

/// Somebody did not get in: whose account it was, where there is one, from where, and why. Who tries to get in is
/// found by these.
fn failed(request: &Request<(), (), (), Json<LoginRequest>>, account: Option<UserId>, reason: &'static str) {
    log::failed_sign_in(account.map(|user| user.to_string()).as_deref(), &request.headers.source_ip, reason);
    Metric::FailedSignIns.count(reason);
}

/// What there is of the account if the password is right and the user is active, or why there is nothing.
async fn check(present: Option<SignIn>, password: &Attempt) -> Result<Result<SignIn, &'static str>, Rejection> {
    let password = password.clone();
    let checked = tokio::task::spawn_blocking(move || match present {
        Some(present) => {
            let right = password::verify(&password, &present.credential.password_hash);
            match (right, present.auth.status) {
                (true, UserStatus::Active) => Ok(present),
                (true, _) => Err("disabled"),
                (false, _) => Err("wrong_password"),
            }
        }
        None => {
            password::verify_nothing(&password);
            Err("unknown_account")
        }
    });
    Ok(checked.await.map_err(Problem::internal)?)
}

/// Opens the session, conditional on what the password was checked against.
async fn start(
    request: &Request<(), (), (), Json<LoginRequest>>,
    signer: &Signer,
    checked: SignIn,
    password: &Attempt,
) -> Result<(Auth, SessionId, String), Rejection> {
    let (app, now) = (&request.app, request.app.clock.now());
    let (user, session): (UserId, SessionId) = (checked.auth.user_id, request.act().id());
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
    let salt = edge::application::keys::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(Some(hashed.map_err(Problem::internal)?))
}
