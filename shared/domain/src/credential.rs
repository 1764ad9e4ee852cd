//! What signs a user in: the hashes of the password and of the refresh tokens.
//!
//! They stand apart from the sign-in state ([`Auth`]), which every request reads: whoever reads that
//! sees no hash. A session is alive while the sign-in state lists it; its refresh tokens count while
//! they stand here as well.

use crate::id::{SessionId, UserId};
use crate::time::Time;
use crate::user::Auth;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a client that lost the answer may repeat a refresh and get the same successor, seconds.
pub const REFRESH_GRACE_SECONDS: i64 = 10;

/// How long a session lives at most, however often it is refreshed, seconds.
pub const MAX_SESSION_SECONDS: i64 = 90 * 24 * 3600;

/// The refresh tokens of a session. Field names are short because those of twenty sessions stand in
/// one item, which has to stay under 4 KB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefreshHashes {
    /// Hash of the token in force.
    #[serde(rename = "h")]
    pub hash: String,
    /// Hash of the token it replaced.
    #[serde(rename = "p", default)]
    pub previous: Option<String>,
    /// When it was last rotated, seconds since 1970.
    #[serde(rename = "r")]
    pub rotated_at: i64,
    /// When the session was opened, seconds since 1970.
    #[serde(rename = "o")]
    pub opened_at: i64,
    /// Digest of the client that rotated it; `None` once a lost answer was given again.
    #[serde(rename = "c", default)]
    pub client: Option<String>,
}

/// A refresh token as it is presented.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// Its hash.
    pub hash: &'a str,
    /// The hash of what follows it.
    pub successor: &'a str,
    /// A digest of the client that presents it.
    pub client: &'a str,
}

crate::choice! {
    /// What was wrong with a refresh token that ended its session.
    pub enum Misuse {
        /// It was replaced longer ago than an answer is given again.
        SpentToken = "SPENT_TOKEN",
        /// It was replaced a moment ago, and another client presents it.
        OtherClient = "OTHER_CLIENT",
        /// Its successor was given again already.
        RepeatedAgain = "REPEATED_AGAIN",
        /// It is neither the session's token nor the one before.
        UnknownToken = "UNKNOWN_TOKEN",
    }
}

/// The hashes of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The user.
    pub user_id: UserId,
    /// PHC string.
    pub password_hash: String,
    /// The refresh tokens of each session. Those of a session that ended count for nothing and go at
    /// the next sign-in or refresh.
    #[serde(default)]
    pub refresh: BTreeMap<SessionId, RefreshHashes>,
    /// Rises with every write.
    #[serde(skip)]
    pub rev: u64,
}

impl Credential {
    /// A password, and no session.
    pub fn new(user_id: UserId, password_hash: String) -> Self {
        Self { user_id, password_hash, refresh: BTreeMap::new(), rev: 1 }
    }
}

/// The sign-in state with the credential: what signing in, a refresh and a new password are decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct SignIn {
    /// The sign-in state.
    pub auth: Auth,
    /// The hashes.
    pub credential: Credential,
}

/// What presenting a refresh token leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Refresh {
    /// The token was in force: the state with its successor in place.
    Rotated(SignIn),
    /// The token was replaced a moment ago by the same client and its successor is still in force: give it
    /// again, this once.
    Repeated(SignIn),
    /// The token was spent: the state without the session.
    Misused(SignIn, Misuse),
    /// There is no such session, or it ended.
    Gone,
}

impl SignIn {
    /// Whether this is the hash of the session's token in force, or of the one it replaced.
    pub fn knows(&self, session: SessionId, hash: &str) -> bool {
        let hashes = self.credential.refresh.get(&session).filter(|_| self.auth.sessions.contains_key(&session));
        hashes.is_some_and(|hashes| hashes.hash == hash || hashes.previous.as_deref() == Some(hash))
    }

    /// With a new session; expired ones go, and the one unused for longest when there are too many.
    #[must_use]
    pub fn with_session(&self, id: SessionId, hash: String, now: Time, lifetime_seconds: i64) -> Self {
        let hashes = RefreshHashes { hash, previous: None, rotated_at: now.seconds(), opened_at: now.seconds(), client: None };
        self.with_token(id, hashes, now, lifetime_seconds)
    }

    /// Rotation with reuse detection (RFC 9700 section 4.14.2): a spent token ends its session.
    pub fn refresh(&self, id: SessionId, presented: Presented<'_>, now: Time, lifetime_seconds: i64) -> Refresh {
        let hashes = self.credential.refresh.get(&id).filter(|_| self.auth.has_session(id, now));
        let Some(hashes) = hashes else { return Refresh::Gone };
        if hashes.hash == presented.hash {
            let rotated = RefreshHashes {
                hash: presented.successor.to_owned(),
                previous: Some(presented.hash.to_owned()),
                rotated_at: now.seconds(),
                opened_at: hashes.opened_at,
                client: Some(presented.client.to_owned()),
            };
            return Refresh::Rotated(self.with_token(id, rotated, now, lifetime_seconds));
        }
        let is_previous = hashes.previous.as_deref() == Some(presented.hash) && hashes.hash == presented.successor;
        let in_grace = now.seconds() - hashes.rotated_at <= REFRESH_GRACE_SECONDS;
        let misuse = match &hashes.client {
            _ if !is_previous => Misuse::UnknownToken,
            _ if !in_grace => Misuse::SpentToken,
            None => Misuse::RepeatedAgain,
            Some(client) if client != presented.client => Misuse::OtherClient,
            Some(_) => {
                let mut next = self.clone();
                next.credential.refresh.insert(id, RefreshHashes { client: None, ..hashes.clone() });
                return Refresh::Repeated(next);
            }
        };
        Refresh::Misused(Self { auth: self.auth.without_session(id), ..self.clone() }.tidy(), misuse)
    }

    /// With another password, which ends every session but `kept`.
    #[must_use]
    pub fn with_password(&self, hash: String, kept: SessionId) -> Self {
        let mut next = self.clone();
        next.auth.sessions.retain(|id, _| *id == kept);
        next.auth.must_change_password = false;
        next.credential.password_hash = hash;
        next.tidy()
    }

    fn with_token(&self, id: SessionId, hashes: RefreshHashes, now: Time, lifetime_seconds: i64) -> Self {
        let left = hashes.opened_at + MAX_SESSION_SECONDS - now.seconds();
        let mut next = Self { auth: self.auth.with_session(id, now, lifetime_seconds.min(left)), ..self.clone() };
        next.credential.refresh.insert(id, hashes);
        next.tidy()
    }

    /// Without the refresh tokens of sessions that ended.
    fn tidy(mut self) -> Self {
        self.credential.refresh.retain(|id, _| self.auth.sessions.contains_key(id));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Role;
    use crate::user::{MAX_SESSIONS, UserStatus};
    use uuid::Uuid;

    fn sign_in() -> SignIn {
        let user_id = UserId::new(Uuid::from_u128(1));
        let auth = Auth {
            user_id,
            name: "Ann".into(),
            status: UserStatus::Active,
            role: Role::SalesRep,
            team_id: None,
            managed: vec![],
            must_change_password: false,
            sessions: BTreeMap::new(),
            rev: 1,
        };
        SignIn { auth, credential: Credential::new(user_id, "password".into()) }
    }

    fn session(n: u128) -> SessionId {
        SessionId::new(Uuid::from_u128(n))
    }

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    /// What the usual client presents.
    fn shows<'a>(hash: &'a str, successor: &'a str) -> Presented<'a> {
        Presented { hash, successor, client: "home" }
    }

    fn misuse(found: Refresh) -> Misuse {
        let Refresh::Misused(ended, misuse) = found else { panic!("misused: {found:?}") };
        assert!(ended.auth.sessions.is_empty() && ended.credential.refresh.is_empty());
        misuse
    }

    #[test]
    fn a_spent_token_ends_the_session_but_a_lost_answer_may_be_asked_again_once_by_the_same_client() {
        let start = sign_in().with_session(session(1), "h1".into(), at(0), 100);
        let Refresh::Rotated(next) = start.refresh(session(1), shows("h1", "h2"), at(5), 100) else { panic!("rotates") };
        let Refresh::Repeated(again) = next.refresh(session(1), shows("h1", "h2"), at(15), 100) else { panic!("repeats") };
        assert_eq!(misuse(again.refresh(session(1), shows("h1", "h2"), at(15), 100)), Misuse::RepeatedAgain);
        let Refresh::Rotated(third) = again.refresh(session(1), shows("h2", "h3"), at(15), 100) else { panic!("rotates") };
        assert!(matches!(third.refresh(session(1), shows("h2", "h3"), at(16), 100), Refresh::Repeated(_)));
        assert_eq!(misuse(next.refresh(session(1), shows("h1", "h2"), at(16), 100)), Misuse::SpentToken);
        assert_eq!(misuse(next.refresh(session(1), Presented { client: "elsewhere", ..shows("h1", "h2") }, at(6), 100)), Misuse::OtherClient);
        assert_eq!(misuse(next.refresh(session(1), shows("stolen", "x"), at(6), 100)), Misuse::UnknownToken);
        assert_eq!(next.refresh(session(2), shows("h2", "h3"), at(6), 100), Refresh::Gone);
        assert_eq!(next.refresh(session(1), shows("h2", "h3"), at(105), 100), Refresh::Gone);
    }

    #[test]
    fn a_token_two_generations_old_is_spent_even_within_the_grace() {
        let start = sign_in().with_session(session(1), "h1".into(), at(0), 100);
        let Refresh::Rotated(second) = start.refresh(session(1), shows("h1", "h2"), at(1), 100) else { panic!("rotates") };
        let Refresh::Rotated(third) = second.refresh(session(1), shows("h2", "h3"), at(2), 100) else { panic!("rotates") };
        assert_eq!(misuse(third.refresh(session(1), shows("h1", "h2"), at(3), 100)), Misuse::UnknownToken);
    }

    #[test]
    fn a_session_ends_when_its_time_is_over_however_often_it_was_refreshed() {
        const MONTH: i64 = 30 * 24 * 3600;
        let mut state = sign_in().with_session(session(1), "h0".into(), at(0), MONTH);
        for n in 1..4 {
            let (shown, next) = (format!("h{}", n - 1), format!("h{n}"));
            let found = state.refresh(session(1), shows(&shown, &next), at(n * (MONTH - 1)), MONTH);
            let Refresh::Rotated(next) = found else { panic!("rotates") };
            state = next;
        }
        assert_eq!(state.auth.sessions[&session(1)], MAX_SESSION_SECONDS);
        assert_eq!(state.refresh(session(1), shows("h3", "h4"), at(MAX_SESSION_SECONDS), MONTH), Refresh::Gone);
    }

    #[test]
    fn a_token_counts_only_while_both_know_its_session_and_what_is_left_of_others_goes() {
        let both = sign_in().with_session(session(1), "h1".into(), at(0), 100).with_session(session(2), "i1".into(), at(0), 100);
        let ended = SignIn { auth: both.auth.without_session(session(1)), ..both.clone() };
        assert_eq!(ended.refresh(session(1), shows("h1", "h2"), at(1), 100), Refresh::Gone);
        let unknown = SignIn { credential: sign_in().credential, ..both.clone() };
        assert_eq!(unknown.refresh(session(1), shows("h1", "h2"), at(1), 100), Refresh::Gone);
        assert!(both.knows(session(1), "h1") && !both.knows(session(1), "i1") && !ended.knows(session(1), "h1"));
        let Refresh::Rotated(next) = ended.refresh(session(2), shows("i1", "i2"), at(1), 100) else { panic!("rotates") };
        assert!(next.credential.refresh.keys().eq([&session(2)]));
        assert!(next.knows(session(2), "i1") && next.knows(session(2), "i2"));
    }

    #[test]
    fn a_new_password_keeps_one_session() {
        let both = sign_in().with_session(session(1), "h1".into(), at(0), 100).with_session(session(2), "i1".into(), at(0), 100);
        let next = both.with_password("new".into(), session(2));
        assert_eq!(next.credential.password_hash, "new");
        assert!(next.auth.sessions.keys().eq([&session(2)]) && next.credential.refresh.keys().eq([&session(2)]));
    }

    #[test]
    fn the_longest_unused_session_makes_room() {
        let mut state = sign_in();
        for n in 0..25 {
            state = state.with_session(session(n), format!("h{n}"), at(i64::try_from(n).expect("small")), 1000);
        }
        assert_eq!(state.auth.sessions.len(), MAX_SESSIONS);
        assert!(state.auth.sessions.keys().eq(state.credential.refresh.keys()));
        assert!(!state.auth.sessions.contains_key(&session(4)) && state.auth.sessions.contains_key(&session(5)));
        // The new one stays, also where sessions have become shorter.
        let short = state.with_session(session(99), "h99".into(), at(25), 1);
        assert!(short.auth.sessions.contains_key(&session(99)) && !short.auth.sessions.contains_key(&session(5)));
    }
}
