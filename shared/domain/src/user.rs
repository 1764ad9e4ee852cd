//! Users: who may sign in, and the sign-in state beside the profile.

use crate::event::{Act, Event, EventKind};
use crate::id::{SessionId, TeamId, UserId};
use crate::json::Preferences;
use crate::permission::Role;
use crate::record::{Access, Entity, Record, Row};
use crate::time::Time;
use crate::value::{Email, Locale, Phone, Text, Username};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

crate::choice! {
    /// Whether a user may sign in.
    pub enum UserStatus {
        /// May sign in.
        Active = "ACTIVE",
        /// May not; owns nothing open.
        Disabled = "DISABLED",
    }
}

crate::choice! {
    /// Whether mail to an address arrives.
    pub enum EmailStatus {
        /// Nothing bad is known.
        Ok = "OK",
        /// Mail came back.
        Bounced = "BOUNCED",
        /// The recipient reported spam.
        Complained = "COMPLAINED",
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct User;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserData {
    /// Unique.
    pub email: Email,
    /// Unique; signs in like the e-mail address.
    pub username: Option<Username>,
    /// First name.
    pub first_name: Option<Text<100>>,
    /// Last name.
    pub last_name: Option<Text<100>>,
    /// Phone.
    pub phone: Option<Phone>,
    /// What the user is.
    pub role: Role,
    /// The user's team.
    pub team_id: Option<TeamId>,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// Whether the next thing to do is a new password.
    pub must_change_password: bool,
    /// Language tag.
    pub locale: Option<Locale>,
}

impl UserData {
    /// Those of an active user with this address and role, and nothing else.
    pub fn new(email: Email, role: Role) -> Self {
        Self {
            email,
            username: None,
            first_name: None,
            last_name: None,
            phone: None,
            role,
            team_id: None,
            status: UserStatus::Active,
            must_change_password: false,
            locale: None,
        }
    }

    /// First and last name, else the username, else the e-mail address.
    pub fn name(&self) -> String {
        let parts: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(Text::as_str).collect();
        match (parts.is_empty(), &self.username) {
            (false, _) => parts.join(" "),
            (true, Some(username)) => username.to_string(),
            (true, None) => self.email.to_string(),
        }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserText {
    /// Event name to on or off per channel.
    #[serde(default)]
    pub notification_prefs: Preferences,
    /// Device tokens for push messages.
    #[serde(default)]
    pub push_tokens: Vec<String>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDerived {
    /// When the user last signed in.
    pub last_login_at: Option<Time>,
    /// Whether mail arrives; `None` is OK.
    pub email_status: Option<EmailStatus>,
}

impl Entity for User {
    const KIND: &'static str = "USER";
    type Id = UserId;
    type Data = UserData;
    type Text = UserText;
    type Derived = UserDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.data.team_id
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Owner
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name()
    }
}

/// How many sessions a user may have; the one unused for longest makes room for a new one.
pub const MAX_SESSIONS: usize = 20;

/// How long a client that lost the answer may repeat a refresh and get the same successor, seconds.
pub const REFRESH_GRACE_SECONDS: i64 = 10;

/// One sign-in. Field names are short because all twenty stand in the item that every request
/// reads, which has to stay under 4 KB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Hash of the refresh token in force.
    #[serde(rename = "h")]
    pub hash: String,
    /// Hash of the token it replaced.
    #[serde(rename = "p", default)]
    pub previous: Option<String>,
    /// When it was last rotated, seconds since 1970.
    #[serde(rename = "r")]
    pub rotated_at: i64,
    /// When it ends by itself, seconds since 1970.
    #[serde(rename = "e")]
    pub expires_at: i64,
}

/// The sign-in state of a user: read by every request, strongly consistent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// The user.
    pub user_id: UserId,
    /// The name shown in events and as owner.
    pub name: String,
    /// Whether sign-in is open.
    pub status: UserStatus,
    /// The role in force.
    pub role: Role,
    /// The team in force.
    pub team_id: Option<TeamId>,
    /// Teams this user manages.
    #[serde(default)]
    pub managed: Vec<TeamId>,
    /// PHC string.
    pub password_hash: String,
    /// Whether the next thing to do is a new password.
    pub must_change_password: bool,
    /// Live sessions.
    #[serde(default)]
    pub sessions: BTreeMap<SessionId, Session>,
    /// Rises with every write.
    pub rev: u64,
}

/// What presenting a refresh token leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Refresh {
    /// The token was in force: the state with its successor in place.
    Rotated(Auth),
    /// The token was replaced a moment ago and its successor is still in force: give it again.
    Repeated,
    /// The token was spent: the state without the session.
    Reused(Auth),
    /// There is no such session, or it ended.
    Gone,
}

impl Auth {
    /// The live session of this id.
    pub fn session(&self, id: SessionId, now: Time) -> Option<&Session> {
        self.sessions.get(&id).filter(|session| self.status == UserStatus::Active && session.expires_at > now.seconds())
    }

    /// With a new session; expired ones go, and the one unused for longest when there are too many.
    #[must_use]
    pub fn with_session(&self, id: SessionId, hash: String, now: Time, lifetime_seconds: i64) -> Self {
        let mut next = self.clone();
        next.sessions.retain(|_, session| session.expires_at > now.seconds());
        while next.sessions.len() >= MAX_SESSIONS {
            let oldest = next.sessions.iter().min_by_key(|(id, session)| (session.rotated_at, **id)).map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            next.sessions.remove(&oldest);
        }
        let expires_at = now.seconds() + lifetime_seconds;
        next.sessions.insert(id, Session { hash, previous: None, rotated_at: now.seconds(), expires_at });
        next
    }

    /// Rotation with reuse detection (RFC 9700 section 4.14.2): a spent token ends its session.
    pub fn refresh(&self, id: SessionId, presented: &str, successor: &str, now: Time, lifetime_seconds: i64) -> Refresh {
        let Some(session) = self.session(id, now) else { return Refresh::Gone };
        let mut next = self.clone();
        if session.hash == presented {
            let rotated = Session {
                hash: successor.to_owned(),
                previous: Some(presented.to_owned()),
                rotated_at: now.seconds(),
                expires_at: now.seconds() + lifetime_seconds,
            };
            next.sessions.insert(id, rotated);
            return Refresh::Rotated(next);
        }
        let in_grace = now.seconds() - session.rotated_at <= REFRESH_GRACE_SECONDS;
        if in_grace && session.previous.as_deref() == Some(presented) && session.hash == successor {
            return Refresh::Repeated;
        }
        next.sessions.remove(&id);
        Refresh::Reused(next)
    }

    /// Without any session but `kept`.
    #[must_use]
    pub fn with_only_session(&self, kept: Option<SessionId>) -> Self {
        let mut next = self.clone();
        next.sessions.retain(|id, _| Some(*id) == kept);
        next
    }
}

/// A new user: the record, the sign-in state without sessions, and the event.
pub fn register(act: &Act, data: UserData, text: UserText, password_hash: String) -> (Record<User>, Auth, Event) {
    let name = data.name();
    let user: Record<User> = Record::new(act.id(), act, data, text, UserDerived::default());
    let auth = Auth {
        user_id: user.id,
        name: name.clone(),
        status: user.data.status,
        role: user.data.role,
        team_id: user.data.team_id,
        managed: Vec::new(),
        password_hash,
        must_change_password: user.data.must_change_password,
        sessions: BTreeMap::new(),
        rev: 1,
    };
    let summary = format!("{} registered {name}", act.actor_name);
    let event = user.event(act, EventKind::UserCreated, summary, json!({"role": user.data.role}));
    (user, auth, event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn auth() -> Auth {
        Auth {
            user_id: UserId::new(Uuid::from_u128(1)),
            name: "Ann".into(),
            status: UserStatus::Active,
            role: Role::SalesRep,
            team_id: None,
            managed: vec![],
            password_hash: String::new(),
            must_change_password: false,
            sessions: BTreeMap::new(),
            rev: 1,
        }
    }

    fn session(n: u128) -> SessionId {
        SessionId::new(Uuid::from_u128(n))
    }

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn a_spent_token_ends_the_session_but_a_lost_answer_may_be_asked_again() {
        let start = auth().with_session(session(1), "h1".into(), at(0), 100);
        let Refresh::Rotated(next) = start.refresh(session(1), "h1", "h2", at(5), 100) else { panic!("rotates") };
        assert_eq!(next.refresh(session(1), "h1", "h2", at(15), 100), Refresh::Repeated);
        let Refresh::Reused(ended) = next.refresh(session(1), "h1", "h2", at(16), 100) else { panic!("reused") };
        assert!(ended.sessions.is_empty());
        assert!(matches!(next.refresh(session(1), "stolen", "x", at(6), 100), Refresh::Reused(_)));
        assert_eq!(next.refresh(session(2), "h2", "h3", at(6), 100), Refresh::Gone);
        assert_eq!(next.refresh(session(1), "h2", "h3", at(106), 100), Refresh::Gone);
    }

    #[test]
    fn a_token_two_generations_old_is_spent_even_within_the_grace() {
        let start = auth().with_session(session(1), "h1".into(), at(0), 100);
        let Refresh::Rotated(second) = start.refresh(session(1), "h1", "h2", at(1), 100) else { panic!("rotates") };
        let Refresh::Rotated(third) = second.refresh(session(1), "h2", "h3", at(2), 100) else { panic!("rotates") };
        assert!(matches!(third.refresh(session(1), "h1", "h2", at(3), 100), Refresh::Reused(_)));
    }

    #[test]
    fn the_longest_unused_session_makes_room() {
        let mut state = auth();
        for n in 0..25 {
            state = state.with_session(session(n), format!("h{n}"), at(i64::try_from(n).expect("small")), 1000);
        }
        assert_eq!(state.sessions.len(), MAX_SESSIONS);
        assert!(!state.sessions.contains_key(&session(4)) && state.sessions.contains_key(&session(5)));
    }
}
