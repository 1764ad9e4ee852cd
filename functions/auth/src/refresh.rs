//! `POST /auth/refresh`: a refresh token becomes an access token and the next refresh token.
//!
//! Each token is good once. A client that lost the answer may repeat once within ten seconds and gets the
//! same successor; any other use of a spent token ends the session, and an event says why.

use crate::session::{SentToken, SessionOut, SignInState, client, open};
use domain::Time;
use domain::credential::{Presented, Refresh};
use domain::event::EventKind;
use domain::user::{Auth, User};
use edge::application::decide;
use edge::{Action, Answer, Change, Code, Decision, Json, Problem, Rejection, Request, Resource, Route};
use serde_json::json;
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
        .remark(
            "A refresh token is used once. A client that lost the answer may repeat the request once, within ten seconds and from the same \
             address with the same user agent, and gets the same refresh token; any other use of a spent token ends the session.",
        )
        .fails(&[Code::Unauthenticated])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .uses(&[Resource::Secret, Resource::Credentials])
        .handle(handle)
}

async fn handle(request: Request<(), (), (), Json<RefreshRequest>>) -> Result<Answer<SessionOut>, Rejection> {
    let token = &request.body.0.refresh_token.0;
    let (app, table) = (&request.app, request.app.unscoped());
    let signer = app.signer().await.map_err(Problem::internal)?;
    let successor = signer.successor(token);
    let read = async { Ok(tokio::try_join!(table.sign_in(token.user), table.get::<User>(token.user))?) };
    // Nothing is written before it is sure that there will be a token.
    let ((present, user), signer) = tokio::try_join!(read, async { Ok::<_, Rejection>(app.signer_in_force().await?) })?;
    let user = user.ok_or_else(ended)?;
    let state = SignInState::of(token.user, present);
    let in_force: Option<Auth> = decide(app, state, |state| {
        let present = state.present.as_ref().ok_or_else(ended)?;
        let (now, lifetime) = (app.clock.now(), app.config.refresh_seconds);
        let presented = Presented { hash: &token.hash(), successor: &successor.hash(), client: &client(&request.headers).digest() };
        let mut tx = Tx::new();
        let auth = match present.refresh(token.session, presented, now, lifetime) {
            Refresh::Gone => return Ok(Decision::Keep(None)),
            Refresh::Rotated(next) => {
                tx.update_sign_in(present, &next);
                let ends_at = next.auth.sessions.get(&token.session).copied().unwrap_or_default();
                tx.prolong_session(token.user, token.session, Time::from_millis(ends_at * 1000), now);
                Some(next.auth)
            }
            Refresh::Repeated(next) => {
                tx.update_sign_in(present, &next);
                Some(next.auth)
            }
            // A spent token ends its session, and that has to be written although the answer is no.
            Refresh::Misused(next, misuse) => {
                tx.update_sign_in(present, &next);
                let summary = format!("A session of {} was ended: its refresh token was misused", user.data.name());
                let details = json!({"sessionId": token.session, "reason": misuse});
                tx.event(&user.event(&request.act(), EventKind::SessionReuseDetected, summary, details));
                None
            }
        };
        Ok::<_, Rejection>(Decision::Commit(Change::from(tx), auth))
    })
    .await?;
    let auth = in_force.ok_or_else(ended)?;
    Ok(Answer::ok(open(app, &signer, &auth, token.session, successor.to_string(), user).await?))
}

fn ended() -> Problem {
    Problem::new(Code::Unauthenticated, "This session has ended. Sign in again")
}
