//! `GET /auth/sessions`: where one is signed in.

use domain::{SessionId, Time};
use edge::{Action, Authenticated, Context, Page, PageOf, Problem, Rejection, Request, Route};
use store::OpenedSession;

contract::answer! {
    /// A session that is open.
    pub struct OpenSession {
        pub id: SessionId,
        /// Whether it is the one of the access token.
        pub current: bool,
        /// When it was opened.
        pub opened_at: Option<Time>,
        /// When it was last refreshed; null until it is.
        pub last_used_at: Option<Time>,
        /// The address it was opened from.
        pub ip: Option<String>,
        /// The program it was opened with, as it calls itself.
        pub user_agent: Option<String>,
        /// When it ends unless it is refreshed.
        pub expires_at: Time,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/auth/sessions", "list_sessions")
        .authenticated()
        .about("Auth", "List one's own open sessions, the latest used first")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

/// What is noted of one's own sessions, which no permission is needed for.
async fn load(context: Context<Authenticated>) -> Result<Vec<OpenedSession>, Rejection> {
    Ok(context.app.unscoped().opened_sessions(context.who.caller.id).await?)
}

async fn handle(request: Request<Authenticated>, opened: Vec<OpenedSession>) -> Result<PageOf<OpenSession>, Rejection> {
    let (now, current) = (request.app.clock.now(), request.who.session);
    let auth = request.who.auth.as_ref().ok_or_else(Problem::unauthenticated)?;
    let session = |(id, ends_at): (&SessionId, &i64)| {
        let noted = opened.iter().find(|noted| noted.id == *id);
        OpenSession {
            id: *id,
            current: *id == current,
            opened_at: noted.and_then(|noted| noted.opened_at),
            last_used_at: noted.and_then(|noted| noted.used_at),
            ip: noted.map(|noted| noted.ip.clone()),
            user_agent: noted.and_then(|noted| noted.user_agent.clone()),
            expires_at: Time::from_millis(ends_at * 1000),
        }
    };
    let mut sessions: Vec<OpenSession> = auth.sessions.iter().filter(|(id, _)| auth.has_session(**id, now)).map(session).collect();
    sessions.sort_by_key(|session| std::cmp::Reverse((session.last_used_at.max(session.opened_at), session.id)));
    let count = sessions.len();
    Ok(PageOf::of(Page { items: sessions, ..Page::empty() }, Some(count), |session| session))
}
