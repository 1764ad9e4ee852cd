//! What every record has in common: stamps, version, and three maps of fields.

use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::party::{Parent, PartyId};
use crate::reach::Scope;
use crate::text::TextValue;
use crate::time::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::ops::{Deref, DerefMut};

/// An order of leads and customers other than that of their creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By name, or title: case and accents do not count.
    Name,
    /// By the latest change that a person made.
    Updated,
}

impl Order {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Updated => "updated",
        }
    }
}

/// A kind of record: its id type and the three groups of its fields.
pub trait Entity: Sized + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The kind as it stands in keys: `CUSTOMER`.
    const KIND: &'static str;
    /// The id type.
    type Id: Copy + std::fmt::Display + std::fmt::Debug + PartialEq + TextValue + Send + Sync;
    /// Short fields that people set; they stand in every list row.
    type Data: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq + Send + Sync;
    /// Long fields that people set; they stand in the record only.
    type Text: Serialize + DeserializeOwned + Clone + Default + std::fmt::Debug + PartialEq + Send + Sync;
    /// What the system derives; it never raises the version.
    type Derived: Serialize + DeserializeOwned + Clone + Default + std::fmt::Debug + PartialEq + Send + Sync;

    /// Whose record it is, for reach.
    fn owner(row: &Row<Self>) -> Option<UserId>;
    /// Which team's record it is, for reach.
    fn team(row: &Row<Self>) -> Option<TeamId>;
    /// Through what it is reached.
    fn access(row: &Row<Self>) -> Access;
    /// Whether it counts as this person's beside its owner's, as a project does for its members.
    fn shared_with(_: &Row<Self>, _: UserId) -> bool {
        false
    }
    /// What a person calls it, for the feed.
    fn label(row: &Row<Self>) -> String;
}

/// Through what a record is reached: each kind says it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// By whoever holds the permission.
    Everyone,
    /// By its owner, the owner's team and whom it is shared with.
    Owner,
    /// By its owner as above; for reading also through any of its parents.
    OwnerReadThrough(Vec<Parent>),
    /// The same; changed also by whoever may change a lead or customer among its parents.
    OwnerOrParents(Vec<Parent>),
    /// As the lead or customer that it is about is reached now.
    Party(PartyId),
    /// The same; changed by its author as long as the author may read it, with a wider reach by others too.
    PartyThenAuthor(PartyId),
}

/// The shape of what was never stored: newer than any.
pub const UNSTORED: u32 = u32::MAX;

/// A row without its long texts, as lists read it. No transaction takes one: its texts are not
/// empty but unread, and writing them back would lose them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<E: Entity> {
    /// Its id.
    pub id: E::Id,
    /// When it was made.
    pub created_at: Time,
    /// When a person last changed it.
    pub updated_at: Time,
    /// Who made it; `None` is the system.
    pub created_by: Option<UserId>,
    /// Rises with every change that a person makes; the `ETag`.
    pub version: u64,
    /// Rises with every write; what optimistic locking compares.
    pub rev: u64,
    /// In which shape it is stored; [`UNSTORED`] before it is. A write always stores the present one.
    pub shape: u32,
    /// Short fields.
    pub data: E::Data,
    /// Derived fields.
    pub derived: E::Derived,
}

impl<E: Entity> Row<E> {
    /// Whether the row itself is inside a scope, by its owner, its team or whom it is shared with.
    pub fn inside(&self, scope: &Scope) -> bool {
        scope.covers(E::owner(self), E::team(self)) || E::shared_with(self, scope.user())
    }
}

/// A stored record, whole. Its short and derived fields are those of its [`Row`].
#[derive(Debug, Clone, PartialEq)]
pub struct Record<E: Entity> {
    /// All but the long fields.
    pub row: Row<E>,
    /// Long fields.
    pub text: E::Text,
}

impl<E: Entity> Deref for Record<E> {
    type Target = Row<E>;

    fn deref(&self) -> &Row<E> {
        &self.row
    }
}

impl<E: Entity> DerefMut for Record<E> {
    fn deref_mut(&mut self) -> &mut Row<E> {
        &mut self.row
    }
}

impl<E: Entity> Record<E> {
    /// A new record, made by `act`.
    pub fn new(id: E::Id, act: &Act, data: E::Data, text: E::Text, derived: E::Derived) -> Self {
        let row = Row { id, created_at: act.at, updated_at: act.at, created_by: act.actor, version: 1, rev: 1, shape: UNSTORED, data, derived };
        Self { row, text }
    }

    /// The event that something happened to this record.
    pub fn event(&self, act: &Act, kind: EventKind, summary: String, data: Value) -> Event {
        Event::new(act, kind, (E::KIND, self.id.to_string(), E::label(self)), summary, data).seen_by(E::owner(self), E::team(self))
    }

    /// This record after a person's change to `data` and `text`, with what changed; `None` when
    /// nothing did.
    pub fn changed(&self, act: &Act, data: E::Data, text: E::Text) -> Option<(Self, Map<String, Value>)> {
        let mut changes = self::changes(&self.data, &data);
        changes.extend(self::changes(&self.text, &text));
        if changes.is_empty() {
            return None;
        }
        let mut next = self.touched(act);
        next.data = data;
        next.text = text;
        Some((next, changes))
    }

    /// This record after a person's change of something that stands beside `data` and `text`.
    #[must_use]
    pub fn touched(&self, act: &Act) -> Self {
        let mut next = self.clone();
        (next.updated_at, next.version) = (act.at, self.version + 1);
        next
    }
}

/// How many characters of an old or new value an event keeps.
const CHANGE_LENGTH: usize = 256;

/// What differs between two groups of fields: `{field: {old, new}}`, values cut to 256 characters.
pub fn changes<T: Serialize>(old: &T, new: &T) -> Map<String, Value> {
    let object = |value: &T| match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (old, new) = (object(old), object(new));
    let value = |side: &Map<String, Value>, name: &str| match side.get(name) {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => Value::String(crate::value::cut(text, CHANGE_LENGTH)),
        Some(other) if other.to_string().len() <= CHANGE_LENGTH => other.clone(),
        Some(other) => Value::String(crate::value::cut(&other.to_string(), CHANGE_LENGTH)),
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name).unwrap_or(&Value::Null) != new.get(*name).unwrap_or(&Value::Null))
        .map(|name| (name.clone(), json!({"old": value(&old, name), "new": value(&new, name)})))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_a_change_and_long_values_are_cut() {
        let old = json!({"a": 1, "b": "x", "c": null});
        let new = json!({"a": 1, "b": "y".repeat(300), "d": true});
        let found = changes(&old, &new);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["b", "d"]);
        assert_eq!(found["b"]["new"].as_str().map(|s| s.chars().count()), Some(257));
    }
}
