//! `POST /auth/refresh`: a refresh token becomes an access token and the next refresh token.
//!
//! Each token is good once. A client that lost the answer may repeat within ten seconds and gets the
//! same successor; any other use of a spent token ends the session.

use crate::session::{ATTEMPTS, SessionOut, open};
use api::problem::Code;
use api::tokens::RefreshToken;
use api::{Action, Answer, Call, Json, Problem, Resource, Route, Stop};
use domain::user::{Auth, Refresh, User};
use store::{Refusal, Tx};

domain::body! {
    /// The refresh token in force.
    pub struct RefreshRequest {
        pub refresh_token: RefreshToken,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/auth/refresh", "refresh")
        .public()
        .about("Auth", "Get new tokens with a refresh token")
        .fails(&[Code::Unauthenticated])
        .touches(&[Action::Get, Action::Update])
        .uses(&[Resource::Secret])
        .handle(handle)
}

async fn handle(call: Call<(), (), (), Json<RefreshRequest>>) -> Result<Answer<SessionOut>, Stop> {
    let token = &call.body.0.refresh_token;
    let app = &call.app;
    let signer = app.signer().await.map_err(Problem::internal)?;
    let successor = signer.successor(token);
    let (auth, user) = tokio::try_join!(app.store.auth(token.user), app.store.get::<User>(token.user))?;
    let (mut auth, user) = auth.zip(user).ok_or_else(ended)?;
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        let lifetime = app.config.refresh_seconds;
        let next = match auth.refresh(token.session, &token.hash(), &successor.hash(), now, lifetime) {
            Refresh::Repeated => return Ok(Answer::ok(open(app, &auth, token.session, successor.to_string(), user).await?)),
            Refresh::Gone => return Err(ended().into()),
            Refresh::Rotated(next) | Refresh::Reused(next) => next,
        };
        let rotated = next.sessions.contains_key(&token.session);
        let mut tx = Tx::new();
        tx.update_auth(&auth, &next);
        if rotated {
            tx.prolong_session(token.user, token.session, now.plus_seconds(lifetime));
        }
        match app.store.commit(tx).await {
            Ok(()) if rotated => return Ok(Answer::ok(open(app, &next, token.session, successor.to_string(), user).await?)),
            Ok(()) => return Err(ended().into()),
            Err(error) if error.is_refused(&Refusal::Stale) => auth = latest(app, &auth).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the sign-in state kept changing").into())
}

async fn latest(app: &api::App, auth: &Auth) -> Result<Auth, Stop> {
    Ok(app.store.auth(auth.user_id).await?.ok_or_else(ended)?)
}

fn ended() -> Problem {
    Problem::new(Code::Unauthenticated, "This session has ended. Sign in again")
}
