//! Where leads stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, owned_by, owned_keys, prefix};
use crate::item::Stored;
use crate::keys::{self, IndexKeys};
use crate::list::Plan;
use crate::search::Searchable;
use domain::lead::{Lead, LeadStatus};
use domain::search::{Search, record_words};
use domain::{Entity, Record, Scope, Time, UserId};

impl Stored for Lead {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.status.as_str())),
        }
    }
}

impl Searchable for Lead {
    const POOLED: bool = true;

    fn words(record: &Record<Self>) -> Vec<String> {
        record_words(domain::lead::search_texts(&record.data))
    }

    fn state(record: &Record<Self>) -> &'static str {
        if record.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

/// The filters of `GET /leads` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Archived ones instead of live ones.
    pub archived: bool,
    /// Of this status.
    pub status: Option<LeadStatus>,
    /// Of this owner; `Some(None)` is nobody.
    pub owner: Option<Option<UserId>>,
    /// By words.
    pub search: Option<Search>,
    /// Made at this moment or later.
    pub created_from: Option<Time>,
    /// Made before this moment.
    pub created_until: Option<Time>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl LeadFilter {
    /// Where the list reads. Archived leads have no status partitions, so there the status is a
    /// residual filter; the words' partitions are not split by status or ordered by time either.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let state = if self.archived { ARCHIVED } else { LIVE };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let range = (time(self.created_from), time(self.created_until));
        let mut plan = Plan { ascending: self.ascending, residual: self.residual, from: range.0, until: range.1, ..Plan::default() };
        let (state, by) = match (&self.search, self.status) {
            (Some(search), _) => {
                prefix(&mut plan, &search.prefix);
                plan.residual = true;
                (keys::search_state(state, &search.prefix), PLAIN)
            }
            (None, Some(status)) if !self.archived => (status.as_str().to_owned(), BY_STATUS),
            (None, status) => {
                plan.residual |= status.is_some();
                (state.to_owned(), PLAIN)
            }
        };
        plan.partitions = owned_by(scope, self.owner, Lead::KIND, &state, by);
        plan
    }
}
