//! Accounts: a user's record and the sign-in state beside it, which change together.
//!
//! Owns: what a change of a user means for the sign-in state, and the events of it. Does not own:
//! sessions and tokens ([`crate::user`]), nor the teams the user is in ([`crate::team`]).

use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::permission::Role;
use crate::record::Record;
use crate::user::{Auth, User, UserData, UserStatus, UserText};
use serde_json::{Map, Value, json};

/// A user with the sign-in state that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The record.
    pub user: Record<User>,
    /// The sign-in state.
    pub auth: Auth,
}

/// What an account is to become.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Short fields.
    pub data: UserData,
    /// Long fields.
    pub text: UserText,
    /// Whether somebody else sets the password: it has to be changed, and every session ends.
    pub resets_password: bool,
}

impl Account {
    /// Whether it counts among the administrators of whom one has to stay.
    pub fn is_active_admin(&self) -> bool {
        self.user.data.role == Role::Admin && self.user.data.status == UserStatus::Active
    }

    /// The account as it is, to begin a change from.
    pub fn wanted(&self) -> Wanted {
        Wanted { data: self.user.data.clone(), text: self.user.text.clone(), resets_password: false }
    }

    /// A person's change, with one event for each thing that happened; `None` when nothing did.
    pub fn change(&self, act: &Act, wanted: Wanted) -> Option<(Self, Vec<Event>)> {
        self.become_wanted(act, wanted, None)
    }

    /// Ends every session and closes sign-in; open records go to `reassign_to`. `None` when it is
    /// closed already.
    pub fn disable(&self, act: &Act, reassign_to: Option<UserId>) -> Option<(Self, Vec<Event>)> {
        let mut wanted = self.wanted();
        wanted.data.status = UserStatus::Disabled;
        self.become_wanted(act, wanted, reassign_to)
    }

    /// Moves the user to another team or out of any; `None` when the user is there.
    pub fn move_to(&self, act: &Act, team: Option<TeamId>) -> Option<(Self, Vec<Event>)> {
        let mut wanted = self.wanted();
        wanted.data.team_id = team;
        self.become_wanted(act, wanted, None)
    }

    fn become_wanted(&self, act: &Act, wanted: Wanted, reassign_to: Option<UserId>) -> Option<(Self, Vec<Event>)> {
        let Wanted { mut data, text, resets_password: reset } = wanted;
        data.must_change_password |= reset;
        let (mut user, changes) = match self.user.changed(act, data, text) {
            Some(changed) => changed,
            // A new password is a change although it does not show in the record.
            None if reset => (self.user.touched(act), Map::new()),
            None => return None,
        };
        if user.data.email != self.user.data.email {
            // What came back from the old address says nothing of the new one.
            user.derived.email_status = None;
        }
        let disabled = user.data.status == UserStatus::Disabled && self.user.data.status != UserStatus::Disabled;
        let mut auth = Auth {
            name: user.data.name(),
            status: user.data.status,
            role: user.data.role,
            team_id: user.data.team_id,
            must_change_password: user.data.must_change_password,
            ..self.auth.clone()
        };
        if disabled || reset {
            auth.sessions.clear();
        }
        let next = Self { user, auth };
        let events = self.events(act, &next, changes, reset, disabled.then_some(reassign_to));
        Some((next, events))
    }

    /// One event for each thing that happened. `disabled` says to whom the records go.
    fn events(&self, act: &Act, next: &Self, mut changes: Map<String, Value>, reset: bool, disabled: Option<Option<UserId>>) -> Vec<Event> {
        let (user, actor, name) = (&next.user, &act.actor_name, next.user.data.name());
        // Device tokens open devices: the audit trail says how many there were, not which.
        if let Some(change) = changes.get_mut("pushTokens") {
            *change = json!({"old": self.user.text.push_tokens.len(), "new": user.text.push_tokens.len()});
        }
        let mut events = Vec::new();
        let mut take = |field: &str| changes.remove(field).map(|change| Map::from_iter([(field.to_owned(), change)])).unwrap_or_default();
        if let Some(reassign_to) = disabled {
            let event = user.event(act, EventKind::UserDeleted, format!("{actor} disabled {name}"), json!({"reassignTo": reassign_to}));
            events.push(event.with_changes(take("status")));
        }
        let (old, new) = (self.user.data.team_id, user.data.team_id);
        if old != new {
            let event = user.event(act, EventKind::UserTeamChanged, format!("{actor} moved {name} to another team"), json!({"old": old, "new": new}));
            events.push(event.with_changes(take("teamId")));
        }
        let (old, new) = (self.user.data.role, user.data.role);
        if old != new {
            let summary = format!("{actor} gave {name} the role {new}");
            events.push(user.event(act, EventKind::UserRoleChanged, summary, json!({"old": old, "new": new})).with_changes(take("role")));
        }
        if reset {
            let summary = format!("{actor} set a new password for {name}");
            let event = user.event(act, EventKind::UserPasswordChanged, summary, json!({"reset": true}));
            events.push(event.with_changes(take("mustChangePassword")));
        }
        if !changes.is_empty() {
            let data = json!({"nameChanged": self.auth.name != next.auth.name});
            events.push(user.event(act, EventKind::UserUpdated, format!("{actor} changed {name}"), data).with_changes(changes));
        }
        events
    }
}

impl Auth {
    /// With or without a team among those the user manages.
    #[must_use]
    pub fn with_managed(&self, team: TeamId, manages: bool) -> Self {
        let mut next = self.clone();
        next.managed.retain(|managed| *managed != team);
        if manages {
            next.managed.push(team);
        }
        next
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::SessionId;
    use crate::text::TextValue;
    use crate::time::Time;
    use crate::user::register;
    use crate::value::Text;
    use std::sync::Arc;
    use uuid::Uuid;

    pub(crate) fn act() -> Act {
        Act {
            at: Time::from_millis(1000),
            actor: Some(UserId::new(Uuid::from_u128(1))),
            actor_name: "Ann".into(),
            request: None,
            ids: Arc::new(Uuid::now_v7),
        }
    }

    pub(crate) fn team(n: u128) -> TeamId {
        TeamId::new(Uuid::from_u128(n))
    }

    /// An active user with one session.
    pub(crate) fn account(name: &str, role: Role, team: Option<TeamId>) -> Account {
        let data = json!({
            "email": format!("{}@example.com", name.to_lowercase()), "firstName": name, "role": role,
            "teamId": team, "status": "ACTIVE", "mustChangePassword": false,
        });
        let data = serde_json::from_value(data).expect("data");
        let (user, sign_in, _) = register(&act(), data, UserText::default(), "hash".into());
        let auth = sign_in.auth.with_session(SessionId::new(Uuid::from_u128(7)), Time::from_millis(0), 1000);
        Account { user, auth }
    }

    fn kinds(events: &[Event]) -> Vec<EventKind> {
        events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn nothing_wanted_is_nothing_done() {
        let bob = account("Bob", Role::SalesRep, None);
        assert_eq!(bob.change(&act(), bob.wanted()), None);
        assert_eq!(bob.move_to(&act(), None), None);
    }

    #[test]
    fn a_new_name_is_marked_for_those_who_copied_it() {
        let bob = account("Bob", Role::SalesRep, None);
        let mut wanted = bob.wanted();
        wanted.data.last_name = Some(Text::read("Ross").expect("valid"));
        let (next, events) = bob.change(&act(), wanted).expect("changed");
        assert_eq!((next.auth.name.as_str(), next.user.version), ("Bob Ross", 2));
        assert_eq!((kinds(&events), &events[0].data["nameChanged"]), (vec![EventKind::UserUpdated], &json!(true)));
        assert_eq!(next.auth.sessions.len(), 1);
    }

    #[test]
    fn a_password_set_by_another_ends_every_session_and_has_to_be_changed() {
        let mut bob = account("Bob", Role::SalesRep, None);
        for _ in 0..2 {
            let mut wanted = bob.wanted();
            wanted.resets_password = true;
            let (next, events) = bob.change(&act(), wanted).expect("changed");
            assert!(next.auth.sessions.is_empty() && next.auth.must_change_password && next.user.data.must_change_password);
            assert_eq!(kinds(&events), [EventKind::UserPasswordChanged]);
            assert_eq!(next.user.version, bob.user.version + 1);
            bob = next;
        }
    }

    #[test]
    fn another_role_is_an_event_of_its_own() {
        let bob = account("Bob", Role::SalesRep, None);
        let mut wanted = bob.wanted();
        wanted.data.role = Role::Manager;
        wanted.data.last_name = Some(Text::read("Ross").expect("valid"));
        let (_, events) = bob.change(&act(), wanted).expect("changed");
        assert_eq!(kinds(&events), [EventKind::UserRoleChanged, EventKind::UserUpdated]);
        assert_eq!(events[0].data, json!({"old": "SALES_REP", "new": "MANAGER"}));
        assert!(!events[1].changes.contains_key("role"));
    }

    #[test]
    fn disabling_is_told_apart_from_other_changes_and_happens_once() {
        let bob = account("Bob", Role::Admin, Some(team(1)));
        let (next, events) = bob.disable(&act(), Some(UserId::new(Uuid::from_u128(9)))).expect("changed");
        assert!(bob.is_active_admin() && !next.is_active_admin() && next.auth.sessions.is_empty());
        assert_eq!((kinds(&events), &events[0].data["reassignTo"]), (vec![EventKind::UserDeleted], &json!(UserId::new(Uuid::from_u128(9)))));
        assert_eq!(next.disable(&act(), None), None);
        let mut wanted = next.wanted();
        wanted.data.status = UserStatus::Active;
        wanted.data.team_id = None;
        let (back, events) = next.change(&act(), wanted).expect("changed");
        assert_eq!(kinds(&events), [EventKind::UserTeamChanged, EventKind::UserUpdated]);
        assert_eq!((&events[0].data["old"], &events[0].data["new"]), (&json!(team(1)), &Value::Null));
        assert!(back.is_active_admin());
    }

    #[test]
    fn device_tokens_are_counted_in_the_audit_trail_and_not_shown() {
        let bob = account("Bob", Role::SalesRep, None);
        let mut wanted = bob.wanted();
        wanted.text.push_tokens = vec!["secret-token".into()];
        let (_, events) = bob.change(&act(), wanted).expect("changed");
        assert_eq!(events[0].changes["pushTokens"], json!({"old": 0, "new": 1}));
    }
}
