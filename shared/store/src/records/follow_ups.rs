//! Where follow-ups stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, Parent, between, children_plan, owned_by, owned_partitions};
use crate::error::Error;
use crate::item::{Item, Stored, Tally, bare, to_attribute};
use crate::keys::{self, IndexKeys};
use crate::list::Plan;
use domain::follow_up::{FollowUp, FollowUpStatus, Next};
use domain::{Entity, PartyId, Record, Scope, Time, UserId};

impl Stored for FollowUp {
    const STIRS: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, Some(record.data.status.as_str()));
        partitions.extend(record.party().map(|party| Parent::Party(party).children(Self::KIND)));
        IndexKeys { partitions, sort: keys::by_time(record.data.due_at, record.id) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let Some(party) = record.party().filter(|_| record.is_open()) else { return Ok(Vec::new()) };
        let (kind, id) = Parent::Party(party).parts();
        let mut item = bare(&keys::pending(kind, id, record.data.due_at, record.id), "PENDING");
        let next = Next { id: record.id, due_at: record.data.due_at, assignee_id: record.data.assignee_id };
        item.insert("data".into(), to_attribute(&next)?);
        Ok(vec![item])
    }

    fn tallies(record: &Record<Self>) -> Vec<Tally> {
        let parts = record.party().map(|party| Parent::Party(party).parts());
        parts.map(|(kind, id)| Tally::child(kind, id, "followUpsPending", record.is_open())).into_iter().collect()
    }
}

/// The filters of `GET /follow-ups` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct FollowUpFilter {
    /// Of this lead or customer.
    pub party: Option<PartyId>,
    /// Of this assignee.
    pub assignee: Option<UserId>,
    /// Of this status.
    pub status: Option<FollowUpStatus>,
    /// Due between these moments.
    pub due: Option<(Option<Time>, Option<Time>)>,
    /// Latest first.
    pub descending: bool,
}

impl FollowUpFilter {
    /// Where the list reads: a lead's or customer's own, where the other filters are residual, or
    /// those of the people inside reach.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let mut plan = match self.party {
            Some(party) => {
                Plan { residual: self.assignee.is_some() || self.status.is_some(), ..children_plan(&[Parent::Party(party)], FollowUp::KIND) }
            }
            None => {
                let (state, by) = match self.status {
                    Some(status) => (status.as_str(), BY_STATUS),
                    None => (LIVE, PLAIN),
                };
                Plan { partitions: owned_by(scope, self.assignee.map(Some), FollowUp::KIND, state, by), ..Plan::default() }
            }
        };
        plan.ascending = !self.descending;
        between(&mut plan, self.due);
        plan
    }
}
