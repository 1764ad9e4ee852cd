//! Where customers stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, owned_by, owned_keys, prefix};
use crate::item::Stored;
use crate::keys::{self, IndexKeys};
use crate::list::Plan;
use crate::search::Searchable;
use domain::customer::{Customer, Engagement};
use domain::search::{Search, record_words};
use domain::{Entity, Record, Scope, UserId};

impl Stored for Customer {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.engagement.as_str())),
        }
    }
}

impl Searchable for Customer {
    const POOLED: bool = true;

    fn words(record: &Record<Self>) -> Vec<String> {
        record_words(domain::customer::search_texts(&record.data))
    }

    fn state(record: &Record<Self>) -> &'static str {
        if record.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

/// The filters of `GET /customers` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Archived ones instead of live ones.
    pub archived: bool,
    /// Of this engagement.
    pub engagement: Option<Engagement>,
    /// Of this owner; `Some(None)` is nobody.
    pub owner: Option<Option<UserId>>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl CustomerFilter {
    /// Where the list reads. Archived customers have no status partitions, so there the engagement
    /// is a residual filter; the words' partitions are not split by engagement either.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let state = if self.archived { ARCHIVED } else { LIVE };
        let mut plan = Plan { ascending: self.ascending, residual: self.residual, ..Plan::default() };
        let (state, by) = match (&self.search, self.engagement) {
            (Some(search), _) => {
                prefix(&mut plan, &search.prefix);
                plan.residual = true;
                (keys::search_state(state, &search.prefix), PLAIN)
            }
            (None, Some(engagement)) if !self.archived => (engagement.as_str().to_owned(), BY_STATUS),
            (None, engagement) => {
                plan.residual |= engagement.is_some();
                (state.to_owned(), PLAIN)
            }
        };
        plan.partitions = owned_by(scope, self.owner, Customer::KIND, &state, by);
        plan
    }
}
