//! Changes of what has a lifecycle: what comes of one, and why one is refused.

use crate::record::Record;
use crate::refused::Refused;
use serde_json::{Map, Value};
use std::fmt::Display;

/// A changed record with the old and new values of its fields; `None` when nothing changed.
pub type Edited<E> = Option<(Record<E>, Map<String, Value>)>;

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A rule was broken.
    #[error(transparent)]
    Rule(#[from] Refused),
    /// The lifecycle does not have this move.
    #[error("{detail}")]
    Move {
        /// A sentence for people.
        detail: String,
        /// Where it may go from here.
        allowed: Vec<String>,
    },
}

impl Denied {
    /// A lifecycle does not have this move; `allowed` lists those it has from here.
    pub fn no_move(detail: impl Into<String>, allowed: &[impl ToString]) -> Self {
        Self::Move { detail: detail.into(), allowed: allowed.iter().map(ToString::to_string).collect() }
    }
}

/// Refuses a move that is not among those allowed; staying is none. `what` is the record with its article.
pub fn check_move<S: Copy + PartialEq + Display>(what: &str, from: S, to: S, allowed: &[S]) -> Result<(), Denied> {
    if from == to || allowed.contains(&to) { Ok(()) } else { Err(Denied::no_move(format!("{what} that is {from} cannot become {to}"), allowed)) }
}
