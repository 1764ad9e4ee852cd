//! Fields that routes of more than one resource take.

use crate::Int;
use domain::text::{Form, Invalid, TextValue};
use domain::{Order, Scope, UserId};

/// How many rows a page has where nobody says.
pub const DEFAULT_LIMIT: usize = 20;

/// How many rows a page may have.
pub type Limit = Int<1, 100>;

/// A cursor as it is sent: what was answered as `nextCursor`.
pub type CursorText = domain::value::Text<1000>;

/// The limit in force.
pub fn limit(limit: Option<Limit>) -> Option<usize> {
    limit.and_then(|limit| usize::try_from(limit.0).ok())
}

crate::choice! {
    /// The order of a list by the time of creation.
    pub enum Sort {
        /// Newest first.
        Newest = "-createdAt",
        /// Oldest first.
        Oldest = "createdAt",
    }
}

crate::choice! {
    /// The order of leads and customers.
    pub enum RecordSort {
        /// Newest first.
        Newest = "-createdAt",
        /// Oldest first.
        Oldest = "createdAt",
        /// What was changed last first.
        Updated = "-updatedAt",
        /// What was changed longest ago first.
        Stalest = "updatedAt",
        /// From A to Z: case and accents do not count.
        Name = "name",
        /// From Z to A.
        NameBackwards = "-name",
    }
}

impl RecordSort {
    /// The order meant, where it is another than that of creation.
    pub fn order(self) -> Option<Order> {
        match self {
            Self::Newest | Self::Oldest => None,
            Self::Updated | Self::Stalest => Some(Order::Updated),
            Self::Name | Self::NameBackwards => Some(Order::Name),
        }
    }

    /// Whether what is least in the order comes first.
    pub fn is_ascending(self) -> bool {
        matches!(self, Self::Oldest | Self::Stalest | Self::Name)
    }
}

crate::choice! {
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
            Self::Me => Some(scope.user()),
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

    fn form() -> Form {
        Form { meaning: Some("me, none or the id of a user"), example: Some("me"), ..Form::default() }
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
            Self::Me => scope.user(),
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

    fn form() -> Form {
        Form { meaning: Some("me or the id of a user"), example: Some("me"), ..Form::default() }
    }
}

crate::text_values!(taken: OwnerFilter, PersonFilter);

/// Free data of the frontend, at most 16 KB.
pub use domain::json::Metadata;
