//! What login and refresh answer, the sign-in state as something to decide on, and refresh tokens as a
//! field.

use contract::views::UserOut;
use domain::credential::SignIn;
use domain::text::{Form, Invalid, TextValue};
use domain::user::{Auth, User};
use domain::{Record, SessionId, UserId};
use edge::application::tokens::{RefreshToken, Signer};
use edge::application::{Client, Error, Subject};
use edge::{App, Headers, Problem, Rejection};

contract::answer! {
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
pub(crate) async fn open(
    app: &App,
    signer: &Signer,
    auth: &Auth,
    session: SessionId,
    refresh_token: String,
    user: Record<User>,
) -> Result<SessionOut, Rejection> {
    let scopes = app.grants_of(auth.role).await?.scopes();
    let seconds = app.config.access_seconds;
    let access_token = signer.access(auth, session, &scopes, app.clock.now(), seconds).map_err(Problem::internal)?;
    Ok(SessionOut { token_type: "Bearer".into(), access_token, expires_in: seconds, refresh_token, scopes, user: UserOut::new(user) })
}

/// Who sends the request.
pub(crate) fn client(headers: &Headers) -> Client<'_> {
    Client { user_agent: headers.user_agent.as_deref(), address: &headers.source_ip }
}

/// The sign-in state of a user with the hashes, as they are now. Signing in asks for it whoever the user is: there is no
/// reach before there is a caller.
#[derive(Debug, Clone)]
pub(crate) struct SignInState {
    user: UserId,
    /// `None` where there is no such user.
    pub present: Option<SignIn>,
}

impl SignInState {
    /// As it was read.
    pub(crate) fn of(user: UserId, present: Option<SignIn>) -> Self {
        Self { user, present }
    }

    /// Reads it, strongly consistent.
    pub(crate) async fn read(app: &App, user: UserId) -> Result<Self, Error> {
        Ok(Self { user, present: app.unscoped().sign_in(user).await? })
    }
}

impl Subject for SignInState {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::read(app, self.user).await
    }

    fn same(&self, other: &Self) -> bool {
        let revs = |state: &Self| state.present.as_ref().map(|present| (present.auth.rev, present.credential.rev));
        revs(self) == revs(other)
    }
}

/// The sessions of the caller, in the sign-in state as it is now.
#[derive(Debug, Clone)]
pub(crate) struct OwnSessions(pub Auth);

impl OwnSessions {
    /// Reads it, strongly consistent.
    pub(crate) async fn read(app: &App, user: UserId) -> Result<Self, Error> {
        app.unscoped().auth(user).await?.map(Self).ok_or(Error::NotFound)
    }
}

impl Subject for OwnSessions {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::read(app, self.0.user_id).await
    }

    fn same(&self, other: &Self) -> bool {
        self.0.rev == other.0.rev
    }
}

/// A refresh token as it is sent.
#[derive(Debug, Clone)]
pub struct SentToken(pub RefreshToken);

impl TextValue for SentToken {
    fn read(text: &str) -> Result<Self, Invalid> {
        RefreshToken::read(text).map(Self)
    }

    fn form() -> Form {
        RefreshToken::form()
    }
}

contract::text_values!(taken: SentToken);
