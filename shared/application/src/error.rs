//! Why the application says no.

use domain::{Permission, Refused};

/// Something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Absent, or outside reach: the two are not told apart.
    #[error("there is no such record, or it is outside reach")]
    NotFound,
    /// The permission is missing.
    #[error("this needs the permission {}", .0.name())]
    Forbidden(Permission),
    /// A rule was broken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There were too many wrong passwords; there is room again in so many seconds.
    #[error("too many attempts")]
    Throttled(i64),
    /// There were too many searches; there is room again in so many seconds.
    #[error("too many searches")]
    TooManySearches(i64),
    /// It kept changing for longer than was worth waiting; nothing was written.
    #[error("{0} kept changing")]
    Contended(String),
    /// The table refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// A reference that is absent or outside reach.
    pub fn reference(field: impl Into<String>, message: &str) -> Self {
        Self::Refused(Refused::field(field, "reference", message))
    }
}
