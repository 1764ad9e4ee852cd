//! `POST /auth/logout`: ends a session, or all of the user's; 204 also when it had ended before.

use crate::session::{SentToken, SignInState};
use domain::credential::SignIn;
use domain::{SessionId, UserId};
use edge::{Action, Answer, Authenticated, Change, Decision, OptionalJson, Problem, Rejection, Request, Resource, Route};
use store::Tx;

contract::body! {
    /// Which session ends; without a body, the one of the access token.
    pub struct LogoutRequest {
        /// Ends the session of this token; needed where no access token is sent.
        pub refresh_token: Option<SentToken>,
        /// Ends every session of the user.
        pub all: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/auth/logout", "logout")
        .optional()
        .before_password_change()
        .about("Auth", "End this session, or all of them")
        .status(204)
        .touches(&[Action::Get, Action::Update])
        .uses(&[Resource::Credentials])
        .handle(handle)
}

type LogoutCall = Request<Option<Authenticated>, (), (), OptionalJson<LogoutRequest>>;

async fn handle(request: LogoutCall) -> Result<Answer<()>, Rejection> {
    let (token, all) = match &request.body.0 {
        Some(body) => (body.refresh_token.as_ref().map(|sent| &sent.0), body.all.unwrap_or(false)),
        None => (None, false),
    };
    let by_access = request.who.as_ref().map(|authenticated| (authenticated.caller.id, authenticated.session));
    match (by_access, token) {
        (Some((user, session)), None) => end(&request, user, all, |_| Some(session)).await,
        (_, Some(token)) => {
            // The token counts while it or its successor is in force, whoever sends it.
            let hash = token.hash();
            let known = |present: &SignIn| present.knows(token.session, &hash).then_some(token.session);
            end(&request, token.user, all, known).await
        }
        (None, None) if request.claims().await?.is_some() => Ok(Answer::nothing()),
        (None, None) => Err(Problem::unauthenticated().into()),
    }
}

/// Ends the session that `find` points at, or every one; nothing to end is fine.
async fn end(request: &LogoutCall, user: UserId, all: bool, find: impl Fn(&SignIn) -> Option<SessionId>) -> Result<Answer<()>, Rejection> {
    let state = SignInState::read(&request.app, user).await?;
    request
        .decide(state, |state, _| {
            let Some((auth, session)) = state.present.as_ref().and_then(|present| Some((&present.auth, find(present)?))) else {
                return Ok(Decision::Keep(Answer::nothing()));
            };
            let mut next = auth.without_session(session);
            if all {
                next.sessions.clear();
            }
            if next == *auth {
                return Ok(Decision::Keep(Answer::nothing()));
            }
            // The hashes of a session that is not listed count for nothing.
            let mut tx = Tx::new();
            tx.update_auth(auth, &next);
            Ok(Decision::Commit(Change::from(tx), Answer::nothing()))
        })
        .await
}
