//! Teams: a name, a manager, members. A user is in one team at most.

use crate::id::{TeamId, UserId};
use crate::record::{Entity, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many memberships one change of a team may touch: each takes three writes of the hundred
/// that one transaction holds (DynamoDB's limit), and the teams left take one each.
pub const MAX_MEMBER_CHANGES: usize = 20;

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Team;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamData {
    /// Unique among teams.
    pub name: String,
    /// Who sees the team's records.
    pub manager_id: Option<UserId>,
}

/// Kept by the system, in the transaction that moves a member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamKept {
    /// Members' names by id.
    #[serde(default)]
    pub members: BTreeMap<UserId, String>,
    /// The manager's name.
    #[serde(default)]
    pub manager_name: Option<String>,
}

impl Entity for Team {
    const KIND: &'static str = "TEAM";
    type Id = TeamId;
    type Data = TeamData;
    type Text = ();
    type Kept = TeamKept;

    fn owner(record: &Record<Self>) -> Option<UserId> {
        record.data.manager_id
    }

    fn team(record: &Record<Self>) -> Option<TeamId> {
        Some(record.id)
    }

    fn label(record: &Record<Self>) -> String {
        record.data.name.clone()
    }
}
