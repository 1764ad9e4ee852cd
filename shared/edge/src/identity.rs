//! Who may call a route, and who calls: as the token says, and as the table confirms.

use crate::problem::{Problem, Rejection};
use application::{App, Verified};
use domain::user::Auth;
use domain::{Caller, Permission, Scope, SessionId};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a token is not looked at.
    Public,
    /// Anyone; a valid token is recognised.
    Optional,
    /// Anyone signed in.
    Authenticated,
    /// Who holds the permission, within its reach.
    Needs(Permission),
}

impl Access {
    /// The permission that it takes.
    pub(crate) fn permission(self) -> Option<Permission> {
        if let Self::Needs(permission) = self { Some(permission) } else { None }
    }
}

/// Someone with a live session.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub caller: Caller,
    /// The session of the token.
    pub session: SessionId,
    /// The sign-in state as it was read for this request; absent while it is only presumed.
    pub auth: Option<Auth>,
    /// The id of the token's key.
    pub(crate) kid: String,
}

/// Someone with a live session who holds the route's permission.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// Who.
    pub authenticated: Authenticated,
    /// What the permission covers.
    pub scope: Scope,
}

/// Who is calling, as far as the route's declaration lets the handler know.
pub trait Identity: Clone + Send + Sync + 'static {
    /// From who signed in, if anyone did; `None` where that is not enough for this route.
    fn from_authenticated(signed: Option<Authenticated>, permission: Option<Permission>) -> Result<Self, Problem>;
    /// Who signed in.
    fn authenticated(&self) -> Option<&Authenticated>;
    /// The reach, for binding cursors.
    fn scope(&self) -> Option<&Scope> {
        None
    }
}

impl Identity for () {
    fn from_authenticated(_: Option<Authenticated>, _: Option<Permission>) -> Result<Self, Problem> {
        Ok(())
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        None
    }
}

impl Identity for Option<Authenticated> {
    fn from_authenticated(signed: Option<Authenticated>, _: Option<Permission>) -> Result<Self, Problem> {
        Ok(signed)
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        self.as_ref()
    }
}

impl Identity for Authenticated {
    fn from_authenticated(signed: Option<Authenticated>, _: Option<Permission>) -> Result<Self, Problem> {
        signed.ok_or_else(Problem::unauthenticated)
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        Some(self)
    }
}

impl Identity for Authorized {
    fn from_authenticated(signed: Option<Authenticated>, permission: Option<Permission>) -> Result<Self, Problem> {
        let authenticated = signed.ok_or_else(Problem::unauthenticated)?;
        let permission = permission.ok_or_else(|| Problem::internal("a scoped route without a permission"))?;
        let scope = authenticated.caller.scope(permission).ok_or_else(|| Problem::forbidden(permission.name()))?;
        Ok(Self { authenticated, scope })
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        Some(&self.authenticated)
    }

    fn scope(&self) -> Option<&Scope> {
        Some(&self.scope)
    }
}

/// Who sent the token, as the token says, before the table was asked.
pub(crate) async fn presumed(app: &App, token: Option<&str>, access: Access) -> Result<Option<Authenticated>, Rejection> {
    let token = match (token, access) {
        (_, Access::Public) | (None, Access::Optional) => return Ok(None),
        (None, _) => return Err(Problem::unauthenticated().into()),
        (Some(token), _) => token,
    };
    let Some(Verified { claims, kid }) = app.presumed_claims(token).await? else { return nobody(access) };
    let grants = app.presumed_grants(claims.role);
    let caller = Caller { id: claims.sub, name: String::new(), role: claims.role, team: claims.team, managed: claims.teams, grants };
    Ok(Some(Authenticated { caller, session: claims.sid, auth: None, kid }))
}

/// A token that does not count: nobody where a token is optional, else a problem.
fn nobody<T>(access: Access) -> Result<Option<T>, Rejection> {
    if access == Access::Optional { Ok(None) } else { Err(Problem::unauthenticated().into()) }
}

/// Who it really is, by the sign-in state, the grants and the keys in force, which are read side by side.
pub(crate) async fn confirmed(app: &App, access: Access, presumed: Option<&Authenticated>) -> Result<Option<Authenticated>, Rejection> {
    let Some(presumed) = presumed else { return Ok(None) };
    let (auth, grants, keys) = tokio::join!(app.unscoped().auth(presumed.caller.id), app.grants_of(presumed.caller.role), app.renew_keys());
    keys?;
    if !app.key_counts(&presumed.kid) {
        return nobody(access);
    }
    let now = app.clock.now();
    let auth = auth?.filter(|auth| auth.has_session(presumed.session, now));
    let Some(auth) = auth else { return nobody(access) };
    let grants = if auth.role == presumed.caller.role { grants? } else { app.grants_of(auth.role).await? };
    let caller = Caller::of(&auth, grants);
    Ok(Some(Authenticated { caller, session: presumed.session, auth: Some(auth), kid: presumed.kid.clone() }))
}

/// Whether two views of a caller lead to the same reads.
pub(crate) fn same(a: Option<&Authenticated>, b: Option<&Authenticated>) -> bool {
    let view = |signed: &Authenticated| {
        let caller = &signed.caller;
        (caller.id, caller.role, caller.team, caller.managed.clone(), caller.grants.clone())
    };
    a.map(view) == b.map(view)
}
