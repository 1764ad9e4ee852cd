//! Users: who may sign in, and the sign-in state beside the profile.

use crate::credential::{Credential, SignIn};
use crate::event::{Act, Event, EventKind};
use crate::id::{SessionId, TeamId, UserId};
use crate::notification::Preferences;
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

impl EmailStatus {
    /// Whether it is more than what was known of an address: what was reported as spam did arrive, and is the graver of the two.
    pub fn is_news(self, known: Option<Self>) -> bool {
        known != Some(self) && known != Some(Self::Complained)
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

    /// What somebody who knows the person tries first.
    pub fn known_words(&self) -> Vec<String> {
        Self::words(Some(&self.email), self.username.as_ref(), [self.first_name.as_ref(), self.last_name.as_ref()])
    }

    /// The same of as much as is known: names and addresses, whole and in parts.
    pub fn words(email: Option<&Email>, username: Option<&Username>, names: [Option<&Text<100>>; 2]) -> Vec<String> {
        let mut words: Vec<String> = email.iter().map(|email| email.as_str().to_owned()).collect();
        words.extend(username.map(ToString::to_string));
        words.extend(names.into_iter().flatten().map(|name| name.as_str().to_lowercase()));
        let parts = |word: &String| word.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
        let parts: Vec<String> = words.iter().flat_map(parts).filter(|part| part.chars().count() > 2).collect();
        words.extend(parts);
        words
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
    /// Kinds of notification to on or off per channel; the rest is as it is for everybody.
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

/// The sign-in state of a user: read by every request, strongly consistent. What it takes to sign in is
/// not in it ([`crate::credential`]).
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
    /// Whether the next thing to do is a new password.
    pub must_change_password: bool,
    /// Sessions, and when each ends by itself, seconds since 1970.
    #[serde(default)]
    pub sessions: BTreeMap<SessionId, i64>,
    /// Rises with every write.
    pub rev: u64,
}

impl Auth {
    /// Whether this session is alive.
    pub fn has_session(&self, id: SessionId, now: Time) -> bool {
        self.status == UserStatus::Active && self.sessions.get(&id).is_some_and(|ends_at| *ends_at > now.seconds())
    }

    /// Without this session.
    #[must_use]
    pub fn without_session(&self, id: SessionId) -> Self {
        let mut next = self.clone();
        next.sessions.remove(&id);
        next
    }

    /// With a session that was used just now. Expired ones go, and the one unused for longest when there
    /// are too many: it would end first.
    pub(crate) fn with_session(&self, id: SessionId, now: Time, lifetime_seconds: i64) -> Self {
        let mut next = self.clone();
        next.sessions.insert(id, now.seconds() + lifetime_seconds);
        next.sessions.retain(|_, ends_at| *ends_at > now.seconds());
        while next.sessions.len() > MAX_SESSIONS {
            let others = next.sessions.iter().filter(|(other, _)| **other != id);
            let Some(oldest) = others.min_by_key(|(other, ends_at)| (**ends_at, **other)).map(|(other, _)| *other) else { break };
            next.sessions.remove(&oldest);
        }
        next
    }
}

/// A user to whose address mails do not arrive, or who does not want them; `None` where that is known, or the address is another by
/// now. No person's change.
pub fn bounced(user: &Record<User>, address: &Email, status: EmailStatus) -> Option<Record<User>> {
    (user.data.email == *address && status.is_news(user.derived.email_status)).then(|| {
        let mut next = user.clone();
        next.derived.email_status = Some(status);
        next
    })
}

/// A new user: the record, the sign-in state without sessions, with the password, and the event.
pub fn register(act: &Act, data: UserData, text: UserText, password_hash: String) -> (Record<User>, SignIn, Event) {
    let name = data.name();
    let user: Record<User> = Record::new(act.id(), act, data, text, UserDerived::default());
    let auth = Auth {
        user_id: user.id,
        name: name.clone(),
        status: user.data.status,
        role: user.data.role,
        team_id: user.data.team_id,
        managed: Vec::new(),
        must_change_password: user.data.must_change_password,
        sessions: BTreeMap::new(),
        rev: 1,
    };
    let summary = format!("{} registered {name}", act.actor_name);
    let event = user.event(act, EventKind::UserCreated, summary, json!({"role": user.data.role}));
    let credential = Credential::new(user.id, password_hash);
    (user, SignIn { auth, credential }, event)
}
