//! Fields that routes of more than one resource take.

use domain::input::{Int, Invalid, Patch, TextValue};
use domain::{Scope, UserId};

/// Most bytes of metadata, as compact JSON.
pub const METADATA_BYTES: usize = 16 * 1024;

/// How many rows a page may have.
pub type Limit = Int<1, 100>;

/// A cursor as it is sent: what was answered as `nextCursor`.
pub type CursorText = domain::value::Text<1000>;

/// The limit in force.
pub fn limit(limit: Option<Limit>) -> Option<usize> {
    limit.and_then(|limit| usize::try_from(limit.0).ok())
}

/// Sets a field that was sent.
pub fn set<T: Clone>(slot: &mut T, patch: &Patch<T>) {
    patch.clone().apply(slot);
}

domain::choice! {
    /// The order of a list by the time of creation.
    pub enum Sort {
        /// Newest first.
        Newest = "-createdAt",
        /// Oldest first.
        Oldest = "createdAt",
    }
}

domain::choice! {
    /// The order of a list by due date.
    pub enum DueSort {
        /// Earliest first, what has no date last.
        Earliest = "dueAt",
        /// Latest first, what has no date before it.
        Latest = "-dueAt",
    }
}

/// Whose records: a user's, one's own, or nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerFilter {
    /// The caller's.
    Me,
    /// Nobody's: the pool.
    None,
    /// This user's.
    User(UserId),
}

impl OwnerFilter {
    /// The owner to look for; `None` is nobody.
    pub fn owner(self, scope: &Scope) -> Option<UserId> {
        match self {
            Self::Me => Some(scope.user),
            Self::None => None,
            Self::User(id) => Some(id),
        }
    }
}

impl TextValue for OwnerFilter {
    fn read(text: &str) -> Result<Self, Invalid> {
        match text {
            "me" => Ok(Self::Me),
            "none" => Ok(Self::None),
            id => UserId::read(id).map(Self::User).map_err(|_| Invalid::new("format", "must be me, none or the id of a user")),
        }
    }

    fn text_schema() -> serde_json::Value {
        serde_json::json!({"type": "string", "description": "me, none or the id of a user"})
    }
}

/// Whose records, where each has somebody: a user's or one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonFilter {
    /// The caller's.
    Me,
    /// This user's.
    User(UserId),
}

impl PersonFilter {
    /// The person to look for.
    pub fn person(self, scope: &Scope) -> UserId {
        match self {
            Self::Me => scope.user,
            Self::User(id) => id,
        }
    }
}

impl TextValue for PersonFilter {
    fn read(text: &str) -> Result<Self, Invalid> {
        match text {
            "me" => Ok(Self::Me),
            id => UserId::read(id).map(Self::User).map_err(|_| Invalid::new("format", "must be me or the id of a user")),
        }
    }

    fn text_schema() -> serde_json::Value {
        serde_json::json!({"type": "string", "description": "me or the id of a user"})
    }
}
