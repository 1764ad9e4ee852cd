//! `DELETE /auth/sessions/{id}`: ends one of one's own sessions at once.

use crate::session::OwnSessions;
use domain::SessionId;
use edge::{Action, Answer, Authenticated, Change, Context, Decision, Problem, Rejection, Request, Route};
use store::Tx;

pub(crate) fn route() -> Route {
    Route::delete("/auth/sessions/{id}", "delete_session")
        .authenticated()
        .about("Auth", "End one of one's own sessions")
        .status(204)
        .touches(&[Action::Get, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authenticated, (SessionId,)>) -> Result<OwnSessions, Rejection> {
    Ok(OwnSessions::read(&context.app, context.who.caller.id).await?)
}

async fn handle(request: Request<Authenticated, (SessionId,)>, sessions: OwnSessions) -> Result<Answer<()>, Rejection> {
    let id = request.path.0;
    request
        .decide(sessions, |OwnSessions(auth), act| {
            if !auth.has_session(id, act.at) {
                return Err(Problem::not_found().into());
            }
            // The hashes of a session that is not listed count for nothing.
            let mut tx = Tx::new();
            tx.update_auth(auth, &auth.without_session(id));
            Ok(Decision::Commit(Change::from(tx), Answer::nothing()))
        })
        .await
}
