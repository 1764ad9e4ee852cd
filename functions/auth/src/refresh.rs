//! `POST /auth/refresh`: a refresh token becomes an access token and the next refresh token.
//!
//! Each token is good once. A client that lost the answer may repeat within ten seconds and gets the
//! same successor; any other use of a spent token ends the session.

use crate::session::{SentToken, SessionOut, SignInState, open};
use domain::credential::Refresh;
use domain::user::{Auth, User};
use edge::application::decide;
use edge::{Action, Answer, Change, Code, Decision, Json, Problem, Rejection, Request, Resource, Route};
use store::Tx;

contract::body! {
    /// The refresh token in force.
    pub struct RefreshRequest {
        pub refresh_token: SentToken,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/auth/refresh", "refresh")
        .public()
        .about("Auth", "Get new tokens with a refresh token")
        .fails(&[Code::Unauthenticated])
        .touches(&[Action::Get, Action::Update])
        .uses(&[Resource::Secret, Resource::Credentials])
        .handle(handle)
}

async fn handle(request: Request<(), (), (), Json<RefreshRequest>>) -> Result<Answer<SessionOut>, Rejection> {
    let token = &request.body.0.refresh_token.0;
    let (app, table) = (&request.app, request.app.unscoped());
    let signer = app.signer().await.map_err(Problem::internal)?;
    let successor = signer.successor(token);
    let (present, user) = tokio::try_join!(table.sign_in(token.user), table.get::<User>(token.user))?;
    let user = user.ok_or_else(ended)?;
    let state = SignInState::of(token.user, present);
    let in_force: Option<Auth> = decide(app, state, |state| {
        let present = state.present.as_ref().ok_or_else(ended)?;
        let (now, lifetime) = (app.clock.now(), app.config.refresh_seconds);
        let (next, rotated) = match present.refresh(token.session, &token.hash(), &successor.hash(), now, lifetime) {
            Refresh::Repeated => return Ok(Decision::Keep(Some(present.auth.clone()))),
            Refresh::Gone => return Ok(Decision::Keep(None)),
            Refresh::Rotated(next) => (next, true),
            // A spent token ends its session, and that has to be written although the answer is no.
            Refresh::Reused(next) => (next, false),
        };
        let mut tx = Tx::new();
        tx.update_sign_in(present, &next);
        if rotated {
            tx.prolong_session(token.user, token.session, now.plus_seconds(lifetime));
        }
        Ok::<_, Rejection>(Decision::Commit(Change::from(tx), rotated.then_some(next.auth)))
    })
    .await?;
    let auth = in_force.ok_or_else(ended)?;
    Ok(Answer::ok(open(app, &auth, token.session, successor.to_string(), user).await?))
}

fn ended() -> Problem {
    Problem::new(Code::Unauthenticated, "This session has ended. Sign in again")
}
