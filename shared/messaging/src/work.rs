//! Messages on the work queue.

use domain::UserId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One piece of larger work. Each can be repeated without harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Work {
    /// Put the owner's present team and name on everything the user owns.
    Restamp {
        /// The owner.
        user: UserId,
    },
    /// Give what a disabled user owned to somebody else, or to the pool.
    MoveRecords {
        /// The former owner.
        user: UserId,
        /// The new owner; `None` is the pool.
        to: Option<UserId>,
    },
    /// Project a stream record again that was parked.
    Project {
        /// The stream record.
        record: Value,
    },
    /// Publish a stream record's event again that was parked.
    Relay {
        /// The stream record.
        record: Value,
    },
}
