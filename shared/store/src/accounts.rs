//! Accounts and teams: what one change of a user or a team writes, all in one transaction, each item
//! once.

use crate::error::Error;
use crate::item::{KEEPING_SHAPE, number, to_attribute};
use crate::keys;
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::account::Account;
use domain::credential::Credential;
use domain::event::Event;
use domain::team::{Team, TeamChange, TeamStamp, name_key, stamps};
use domain::user::{Auth, User};
use domain::{Record, TeamId, UserId};
use futures::future::try_join_all;
use std::collections::{BTreeMap, HashMap};

/// The space of unique team names.
pub(crate) const TEAM_NAME: &str = "TEAM_NAME";

impl Store {
    /// A user with the sign-in state, both strongly consistent.
    pub async fn account(&self, user: UserId) -> Result<Option<Account>, Error> {
        let (user, auth) = tokio::try_join!(self.get_latest::<User>(user), self.auth(user))?;
        Ok(user.zip(auth).map(|(user, auth)| Account { user, auth }))
    }

    /// Those of the users who exist, read at once.
    pub async fn accounts(&self, users: impl IntoIterator<Item = UserId>) -> Result<BTreeMap<UserId, Account>, Error> {
        let found = try_join_all(users.into_iter().map(|user| self.account(user))).await?;
        Ok(found.into_iter().flatten().map(|account| (account.user.id, account)).collect())
    }
}

impl Tx {
    /// Changes a user and all that refers to it: the sign-in state, the unique names, the teams that
    /// show the user, the count of administrators, and the hashes where the password is another.
    pub fn change_account(&mut self, old: &Account, new: &Account, credential: Option<&Credential>) {
        self.write_account(old, new, credential.is_some());
        if let Some(credential) = credential {
            self.reset_credential(credential);
        }
        let id = new.user.id.to_string();
        let (before, after) = (&old.user.data, &new.user.data);
        self.move_unique("USER_EMAIL", Some(before.email.as_str()), Some(after.email.as_str()), &id, "email");
        let (old_name, new_name) = (before.username.as_ref(), after.username.as_ref());
        self.move_unique("USERNAME", old_name.map(|name| name.as_str()), new_name.map(|name| name.as_str()), &id, "username");
        for (team, stamp) in stamps(&old.auth, &new.auth) {
            let joins = new.auth.team_id == Some(team) && old.auth.team_id != Some(team);
            self.stamp_team(team, &stamp, if joins { FailedCondition::Reference("teamId") } else { FailedCondition::Stale });
        }
        match (old.is_active_admin(), new.is_active_admin()) {
            (true, false) => self.remove_admin(new.user.id),
            (false, true) => self.add_admin(new.user.id),
            _ => {}
        }
    }

    /// Writes of an account what differs, if it is still as read; the sign-in state in any case where the
    /// password is set.
    fn write_account(&mut self, old: &Account, new: &Account, resets_password: bool) {
        if old.user != new.user {
            self.update(&old.user, &new.user);
        }
        if old.auth != new.auth || resets_password {
            self.update_auth(&old.auth, &new.auth);
        }
    }

    /// Creates a team; its manager's sign-in state learns of it.
    pub fn create_team(&mut self, team: &Record<Team>, manager: Option<&Auth>, event: &Event) {
        self.create(team);
        self.claim_unique(TEAM_NAME, &name_key(&team.data.name), &team.id.to_string(), "name");
        if let Some(manager) = manager {
            self.update_auth(manager, &manager.with_managed(team.id, true));
        }
        self.event(event);
    }

    /// Changes a team and everyone who changes with it.
    pub fn change_team(&mut self, old: &Record<Team>, change: &TeamChange) {
        let new = &change.team;
        self.update(old, new);
        let (before, after) = (name_key(&old.data.name), name_key(&new.data.name));
        self.move_unique(TEAM_NAME, Some(&before), Some(&after), &new.id.to_string(), "name");
        self.write_team_people(change);
    }

    /// Deletes a team with what that means for its people, if it is still as read.
    pub fn delete_team(&mut self, team: &Record<Team>, change: &TeamChange) {
        self.delete(team, FailedCondition::Stale);
        self.release_unique(TEAM_NAME, &name_key(&team.data.name));
        self.write_team_people(change);
    }

    /// Writes those who change with a team, and what happened.
    fn write_team_people(&mut self, change: &TeamChange) {
        for (before, after) in &change.accounts {
            self.write_account(before, after, false);
        }
        for (team, stamp) in &change.others {
            self.stamp_team(*team, stamp, FailedCondition::Stale);
        }
        self.events(&change.events);
    }

    /// Writes what a team shows of its people.
    pub fn stamp_team(&mut self, team: TeamId, stamp: &TeamStamp, refusal: FailedCondition) {
        let mut names = HashMap::new();
        let mut values = HashMap::from([(":none".to_owned(), number(0)), (":one".to_owned(), number(1))]);
        let (mut set, mut remove) = (vec![KEEPING_SHAPE.to_owned()], Vec::new());
        for (position, (user, member)) in stamp.members.iter().enumerate() {
            names.insert(format!("#m{position}"), user.to_string());
            match member.as_ref().map(to_attribute).transpose() {
                Err(error) => self.fail(error),
                Ok(Some(member)) => {
                    values.insert(format!(":m{position}"), member);
                    set.push(format!("derived.members.#m{position} = :m{position}"));
                }
                Ok(None) => remove.push(format!("derived.members.#m{position}")),
            }
        }
        match stamp.manager.as_ref().map(to_attribute).transpose() {
            Err(error) => self.fail(error),
            Ok(Some(manager)) => {
                values.insert(":manager".into(), manager);
                set.push("derived.manager = :manager".to_owned());
            }
            Ok(None) => {}
        }
        let clauses = [("SET", set), ("REMOVE", remove), ("ADD", vec!["rev :one".to_owned()])];
        let written = clauses.iter().filter(|(_, parts)| !parts.is_empty()).map(|(verb, parts)| format!("{verb} {}", parts.join(", ")));
        let expression = written.collect::<Vec<_>>().join(" ");
        self.update_if(&keys::record("TEAM", team), &expression, Some("attribute_exists(pk)"), names, values, refusal);
    }
}
