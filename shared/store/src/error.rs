//! What can go wrong at the table.

use crate::item::Item;
use crate::tx::FailedCondition;

/// A failure of the table or a refused transaction.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Conditions of a transaction did not hold: which, with the item that stood in the way.
    #[error("the transaction was refused: {0:?}")]
    Refused(Vec<(FailedCondition, Option<Item>)>),
    /// Throttled or in conflict for longer than was worth waiting: try again later.
    #[error("the table is busy: {0}")]
    Busy(String),
    /// A transaction that cannot be sent or that the table finds invalid: trying again does not help.
    #[error("the transaction is invalid: {0}")]
    Invalid(String),
    /// A cursor that is not one of this list's.
    #[error("the cursor does not belong to this list")]
    Cursor,
    /// An item that cannot be read as what it should be.
    #[error("item {key} cannot be read: {cause}")]
    Unreadable {
        /// Its partition and sort key.
        key: String,
        /// The reason.
        cause: String,
    },
    /// The call failed: network, permission, service.
    #[error("the table did not answer: {0}")]
    Call(String),
}

impl Error {
    /// Whether the transaction was refused with this among the reasons.
    pub fn is_refused(&self, refusal: &FailedCondition) -> bool {
        matches!(self, Self::Refused(list) if list.iter().any(|(found, _)| found == refusal))
    }

    /// The fields whose contact data others have.
    pub fn duplicate_fields(&self) -> Vec<&'static str> {
        let Self::Refused(list) = self else { return Vec::new() };
        list.iter().filter_map(|(found, _)| if let FailedCondition::Duplicate { field, .. } = found { Some(*field) } else { None }).collect()
    }
}
