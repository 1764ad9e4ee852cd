//! `POST /auth/logout`: ends a session, or all of the user's; 204 also when it had ended before.

use crate::session::ATTEMPTS;
use api::tokens::RefreshToken;
use api::{Action, Answer, Call, Maybe, Problem, Route, Signed, Stop};
use domain::user::Auth;
use domain::{SessionId, UserId};
use store::{Refusal, Tx};

domain::body! {
    /// Which session ends; without a body, the one of the access token.
    pub struct LogoutRequest {
        /// Ends the session of this token; needed where no access token is sent.
        pub refresh_token: Option<RefreshToken>,
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
        .handle(handle)
}

async fn handle(call: Call<Option<Signed>, (), (), Maybe<LogoutRequest>>) -> Result<Answer<()>, Stop> {
    let (token, all) = match &call.body.0 {
        Some(request) => (request.refresh_token.as_ref(), request.all.unwrap_or(false)),
        None => (None, false),
    };
    let by_access = call.who.as_ref().map(|signed| (signed.caller.id, signed.session));
    match (by_access, token) {
        (Some((user, session)), None) => end(&call, user, all, |_| Some(session)).await?,
        (_, Some(token)) => {
            // The token counts while it or its successor is in force, whoever sends it.
            let hash = token.hash();
            let known = |auth: &Auth| {
                let session = auth.sessions.get(&token.session)?;
                (session.hash == hash || session.previous.as_deref() == Some(&hash)).then_some(token.session)
            };
            end(&call, token.user, all, known).await?;
        }
        (None, None) if call.app.claims(&call.headers).await?.is_some() => {}
        (None, None) => return Err(Problem::unauthenticated().into()),
    }
    Ok(Answer::nothing())
}

/// Ends the session that `find` points at, or every one; nothing to end is fine.
async fn end(
    call: &Call<Option<Signed>, (), (), Maybe<LogoutRequest>>,
    user: UserId,
    all: bool,
    find: impl Fn(&Auth) -> Option<SessionId>,
) -> Result<(), Stop> {
    for _ in 0..ATTEMPTS {
        let Some(auth) = call.app.store.auth(user).await? else { return Ok(()) };
        let Some(session) = find(&auth) else { return Ok(()) };
        let mut next = if all { auth.with_only_session(None) } else { auth.clone() };
        next.sessions.remove(&session);
        if next == auth {
            return Ok(());
        }
        let mut tx = Tx::new();
        tx.update_auth(&auth, &next);
        match call.app.store.commit(tx).await {
            Err(error) if error.is_refused(&Refusal::Stale) => {}
            done => return Ok(done?),
        }
    }
    Err(Problem::busy("the sign-in state kept changing").into())
}
