//! The sign-in state of users and what refers to it.

use crate::error::Error;
use crate::item::{Item, KEEPING_SHAPE, bare, from_attribute, get_number, get_text, number, text, to_attribute, unreadable};
use crate::keys::{self, Key};
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::credential::{Credential, SignIn};
use domain::event::Event;
use domain::team::stamps;
use domain::text::TextValue;
use domain::user::{Auth, User};
use domain::{Record, Role, SessionId, Time, UserId};
use serde::Serialize;
use std::collections::HashMap;

/// How much of a client's name is kept, characters.
pub const USER_AGENT: usize = 200;

/// From where a session was opened, kept beside the sign-in state until the session ends.
#[derive(Debug, Clone)]
pub struct NewAuth {
    /// The session.
    pub session: SessionId,
    /// The client program, as it calls itself.
    pub user_agent: Option<String>,
    /// The client's address.
    pub ip: String,
    /// When the record may be forgotten.
    pub expires_at: Time,
}

/// What is noted of a session that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSession {
    /// The session.
    pub id: SessionId,
    /// The client program, as it calls itself.
    pub user_agent: Option<String>,
    /// The client's address.
    pub ip: String,
    /// When it was opened.
    pub opened_at: Option<Time>,
    /// When it was last refreshed.
    pub used_at: Option<Time>,
}

fn to_opened(item: &Item) -> Result<OpenedSession, Error> {
    let id = get_text(item, "sk").and_then(|sk| sk.strip_prefix(keys::SESSION)).and_then(|id| SessionId::read(id).ok());
    let time = |name: &str| get_text(item, name).and_then(|at| Time::read(at).ok());
    Ok(OpenedSession {
        id: id.ok_or_else(|| unreadable(item, "no session"))?,
        user_agent: get_text(item, "userAgent").map(str::to_owned),
        ip: get_text(item, "ip").unwrap_or_default().to_owned(),
        opened_at: time("openedAt"),
        used_at: time("usedAt"),
    })
}

/// An item that is replaced only at the `rev` at which it was read.
fn guarded<T: Serialize>(key: &Key, kind: &str, rev: u64, data: &T) -> Result<Item, Error> {
    let mut item = bare(key, kind);
    item.insert("rev".into(), number(rev));
    item.insert("data".into(), to_attribute(data)?);
    Ok(item)
}

fn to_item(auth: &Auth) -> Result<Item, Error> {
    guarded(&keys::auth(auth.user_id), "AUTH", auth.rev, auth)
}

fn to_auth(item: &Item) -> Result<Auth, Error> {
    let mut auth: Auth = from_attribute(item, "data")?;
    auth.rev = get_number(item, "rev").unwrap_or(auth.rev);
    Ok(auth)
}

fn to_credential_item(credential: &Credential) -> Result<Item, Error> {
    guarded(&keys::credential(credential.user_id), "CREDENTIAL", credential.rev, credential)
}

fn to_credential(item: &Item) -> Result<Credential, Error> {
    let rev = get_number(item, "rev").ok_or_else(|| unreadable(item, "no rev"))?;
    Ok(Credential { rev, ..from_attribute(item, "data")? })
}

impl Store {
    /// The hashes of a user, strongly consistent.
    pub async fn credential(&self, user: UserId) -> Result<Option<Credential>, Error> {
        self.get_item(&keys::credential(user), true).await?.as_ref().map(to_credential).transpose()
    }

    /// The sign-in state with the hashes, read at once. Either may be of before a change and the other of
    /// after it: what follows from them is written only if both are still as read.
    pub async fn sign_in(&self, user: UserId) -> Result<Option<SignIn>, Error> {
        let (auth, credential) = tokio::try_join!(self.auth(user), self.credential(user))?;
        Ok(auth.zip(credential).map(|(auth, credential)| SignIn { auth, credential }))
    }

    /// The sign-in state, strongly consistent.
    pub async fn auth(&self, user: UserId) -> Result<Option<Auth>, Error> {
        self.get_item(&keys::auth(user), true).await?.as_ref().map(to_auth).transpose()
    }

    /// What is noted of the sessions a user opened; those that ended are among them until the table
    /// forgets them.
    pub async fn opened_sessions(&self, user: UserId) -> Result<Vec<OpenedSession>, Error> {
        let items = self.children(&keys::auth(user).pk, keys::SESSION).await?;
        items.iter().map(to_opened).collect()
    }

    /// Whether there is an active administrator, strongly consistent.
    pub async fn has_admin(&self) -> Result<bool, Error> {
        Ok(self.get_item(&keys::admins(), true).await?.is_some())
    }

    /// Whose e-mail address or username this is.
    pub async fn user_of_login(&self, login: &str) -> Result<Option<UserId>, Error> {
        let space = if login.contains('@') { "USER_EMAIL" } else { "USERNAME" };
        let item = self.get_item(&keys::unique(space, login), false).await?;
        Ok(item.as_ref().and_then(|item| get_text(item, "id")).and_then(|id| UserId::read(id).ok()))
    }
}

impl Tx {
    /// Registers a user: the record, the sign-in state with the hashes, the unique names, the team's list
    /// of members, the count of administrators, and the event.
    pub fn register(&mut self, user: &Record<User>, sign_in: &SignIn, event: &Event) {
        self.register_uncounted(user, sign_in, event);
        if user.data.role == Role::Admin {
            self.add_admin(user.id);
        }
    }

    /// Registers an administrator where there is none: refused as [`FailedCondition::Done`] as soon as there
    /// is one. The last one stays, so there will not be none again.
    pub fn register_first_admin(&mut self, user: &Record<User>, sign_in: &SignIn, event: &Event) {
        self.register_uncounted(user, sign_in, event);
        self.count_admin(user.id, Some("attribute_not_exists(pk)"), FailedCondition::Done);
    }

    fn register_uncounted(&mut self, user: &Record<User>, sign_in: &SignIn, event: &Event) {
        let id = user.id.to_string();
        self.create(user);
        self.create_sign_in(sign_in);
        self.claim_unique("USER_EMAIL", user.data.email.as_str(), &id, "email");
        if let Some(username) = &user.data.username {
            self.claim_unique("USERNAME", username.as_str(), &id, "username");
        }
        let nowhere = Auth { team_id: None, ..sign_in.auth.clone() };
        for (team, stamp) in stamps(&nowhere, &sign_in.auth) {
            self.stamp_team(team, &stamp, FailedCondition::Reference("teamId"));
        }
        self.event(event);
    }

    /// Adds the sign-in state and the hashes of a new user.
    fn create_sign_in(&mut self, sign_in: &SignIn) {
        for item in [to_item(&sign_in.auth), to_credential_item(&sign_in.credential)] {
            match item {
                Ok(item) => self.put_new(item, FailedCondition::Exists),
                Err(error) => self.fail(error),
            }
        }
    }

    /// Changes the sign-in state and the hashes, if both are still as read.
    pub fn update_sign_in(&mut self, old: &SignIn, new: &SignIn) {
        self.update_auth(&old.auth, &new.auth);
        let new = Credential { rev: old.credential.rev + 1, ..new.credential.clone() };
        match (to_credential_item(&old.credential), to_credential_item(&new)) {
            (Ok(old), Ok(new)) => self.replace(&old, &new, FailedCondition::Stale),
            (Err(error), _) | (_, Err(error)) => self.fail(error),
        }
    }

    /// Puts other hashes in the place of whatever there are: nothing follows from what they were. The
    /// sign-in state has to change in the same transaction, so that a sign-in at this moment is seen.
    pub(crate) fn reset_credential(&mut self, credential: &Credential) {
        let names = HashMap::from([("#data".to_owned(), "data".to_owned())]);
        match to_attribute(credential) {
            Ok(data) => {
                let values = HashMap::from([(":data".to_owned(), data), (":one".to_owned(), number(1))]);
                let key = keys::credential(credential.user_id);
                self.update_if(&key, "SET #data = :data ADD rev :one", Some("attribute_exists(pk)"), names, values, FailedCondition::Stale);
            }
            Err(error) => self.fail(error),
        }
    }

    /// Changes the sign-in state, if it is still as read.
    pub fn update_auth(&mut self, old: &Auth, new: &Auth) {
        let new = Auth { rev: old.rev + 1, ..new.clone() };
        match (to_item(old), to_item(&new)) {
            (Ok(old), Ok(new)) => self.replace(&old, &new, FailedCondition::Stale),
            (Err(error), _) | (_, Err(error)) => self.fail(error),
        }
    }

    /// Notes from where a session was opened and that the user signed in.
    pub fn open_session(&mut self, user: UserId, opened: &NewAuth, now: Time) {
        let mut item = bare(&keys::session(user, opened.session), "SESSION");
        item.insert("ip".into(), text(&*opened.ip));
        if let Some(agent) = &opened.user_agent {
            item.insert("userAgent".into(), text(domain::value::cut(agent, USER_AGENT)));
        }
        item.insert("openedAt".into(), text(now.to_string()));
        item.insert("ttl".into(), number(opened.expires_at.seconds()));
        self.put(item);
        let values =
            HashMap::from([(":now", text(now.to_string())), (":none", number(0)), (":one", number(1))].map(|(name, value)| (name.to_owned(), value)));
        let expression = &format!("SET derived.lastLoginAt = :now, {KEEPING_SHAPE} ADD rev :one");
        let condition = Some("attribute_exists(pk)");
        self.update_if(&keys::record("USER", user), expression, condition, HashMap::new(), values, FailedCondition::Stale);
    }

    /// Notes that a session was refreshed; the note lives as long as the session does.
    pub fn prolong_session(&mut self, user: UserId, session: SessionId, expires_at: Time, now: Time) {
        let names = HashMap::from([("#ttl".to_owned(), crate::schema::TTL.to_owned())]);
        let values = HashMap::from([(":end".to_owned(), number(expires_at.seconds())), (":now".to_owned(), text(now.to_string()))]);
        let expression = "SET #ttl = :end, usedAt = :now";
        self.update_if(&keys::session(user, session), expression, None, names, values, FailedCondition::Stale);
    }

    /// Counts a user among the active administrators.
    pub fn add_admin(&mut self, user: UserId) {
        self.count_admin(user, None, FailedCondition::Stale);
    }

    fn count_admin(&mut self, user: UserId, condition: Option<&str>, refusal: FailedCondition) {
        let values = HashMap::from([(":me".to_owned(), AttributeValue::Ss(vec![user.to_string()])), (":type".to_owned(), text("ADMINS"))]);
        let names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
        self.update_if(&keys::admins(), "SET #type = :type ADD ids :me", condition, names, values, refusal);
    }

    /// Takes a user from the active administrators; refused for the last one.
    pub fn remove_admin(&mut self, user: UserId) {
        let values = HashMap::from([(":me".to_owned(), AttributeValue::Ss(vec![user.to_string()])), (":one".to_owned(), number(1))]);
        self.update_if(&keys::admins(), "DELETE ids :me", Some("size(ids) > :one"), HashMap::new(), values, FailedCondition::LastAdmin);
    }
}
