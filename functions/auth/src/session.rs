//! What login and refresh answer.

use api::views::UserOut;
use api::{App, Problem, Stop};
use domain::user::{Auth, User};
use domain::{Record, SessionId};

domain::answer! {
    /// A session: an access token, and the refresh token that gets the next one.
    pub struct SessionOut {
        /// Always `Bearer`.
        pub token_type: String,
        pub access_token: String,
        /// Seconds until the access token ends.
        pub expires_in: i64,
        pub refresh_token: String,
        /// What the user may do; `*` is everything.
        pub scopes: Vec<String>,
        pub user: UserOut,
    }
}

/// Signs the access token of a session and puts the answer together.
pub(crate) async fn open(app: &App, auth: &Auth, session: SessionId, refresh_token: String, user: Record<User>) -> Result<SessionOut, Stop> {
    let scopes = app.grants_of(auth.role).await?.scopes();
    let seconds = app.config.access_seconds;
    let signer = app.signer().await.map_err(Problem::internal)?;
    let access_token = signer.access(auth, session, &scopes, app.clock.now(), seconds).map_err(Problem::internal)?;
    Ok(SessionOut { token_type: "Bearer".into(), access_token, expires_in: seconds, refresh_token, scopes, user: user.into() })
}

/// How often a change of the sign-in state is tried again when something else changed it meanwhile.
pub(crate) const ATTEMPTS: usize = 60;
