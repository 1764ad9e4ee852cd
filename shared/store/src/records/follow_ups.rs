//! Where follow-ups stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, between, children, children_plan, held_by, owned_partitions, partitions};
use crate::error::Error;
use crate::item::{Item, Rollup, Stored, bare, to_attribute};
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Plan};
use domain::follow_up::{FollowUp, FollowUpStatus, Next};
use domain::overview::Counter;
use domain::{Entity, Parent, PartyId, Record, Row, Scope, Time, UserId};

impl Stored for FollowUp {
    const TOUCHES_PARENTS: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, Some(record.data.status.as_str()));
        partitions.extend(record.party().map(|party| children(Parent::Party(party), Self::KIND)));
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

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let parts = record.party().map(|party| Parent::Party(party).parts());
        parts.map(|(kind, id)| Rollup::child(kind, id, Counter::FollowUpsPending, record.is_open())).into_iter().collect()
    }
}

/// What `GET /follow-ups` asks for.
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

impl Filter for FollowUpFilter {
    type Entity = FollowUp;

    /// A lead's or customer's own, where the other filters are residual, or those of the people inside
    /// reach.
    fn plan(&self, scope: &Scope) -> Plan {
        let mut plan = match self.party {
            Some(party) => Plan { residual: self.assignee.is_some() || self.status.is_some(), ..children_plan(Parent::Party(party), FollowUp::KIND) },
            None => {
                let (state, by) = match self.status {
                    Some(status) => (status.as_str(), BY_STATUS),
                    None => (LIVE, PLAIN),
                };
                Plan { partitions: partitions(&held_by(scope, self.assignee), FollowUp::KIND, state, by), ..Plan::default() }
            }
        };
        plan.ascending = !self.descending;
        between(&mut plan, self.due);
        plan
    }

    fn matches(&self, follow_up: &Row<FollowUp>) -> bool {
        let data = &follow_up.data;
        self.assignee.is_none_or(|wanted| data.assignee_id == wanted) && self.status.is_none_or(|wanted| data.status == wanted)
    }

    fn parent(&self) -> Option<Parent> {
        self.party.map(Parent::Party)
    }

    fn person(&self) -> Option<UserId> {
        self.assignee
    }
}
