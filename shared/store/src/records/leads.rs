//! Where leads stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, children, owned_by, owned_keys, prefix};
use crate::item::{Contacts, Stored};
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Plan};
use crate::search::Searchable;
use domain::lead::{Lead, LeadStatus};
use domain::search::{Search, record_words};
use domain::value::{Email, Phone, Text};
use domain::{Entity, Parent, PartyId, Record, Row, Scope, Time, UserId};

impl Stored for Lead {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut keys = match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.status.as_str())),
        };
        // One that was converted stands under its customer.
        keys.partitions.extend(record.data.converted_customer_id.map(|id| children(Parent::Party(PartyId::Customer(id)), Self::KIND)));
        keys
    }

    /// Archived, closed and converted leads stand in nobody's way.
    fn contacts(row: &Row<Self>) -> Contacts {
        let data = &row.data;
        if data.archived_at.is_some() || !data.status.is_open() {
            return Contacts::default();
        }
        Contacts { email: data.email.as_ref().map(Email::to_string), phone: data.phone.as_ref().map(Phone::to_string) }
    }
}

impl Searchable for Lead {
    const POOLED: bool = true;

    fn words(row: &Row<Self>) -> Vec<String> {
        record_words(domain::lead::search_texts(&row.data))
    }

    fn state(row: &Row<Self>) -> &'static str {
        if row.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

/// What `GET /leads` asks for.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Archived ones instead of live ones.
    pub archived: bool,
    /// Of this status.
    pub status: Option<LeadStatus>,
    /// Of this owner; `Some(None)` is nobody.
    pub owner: Option<Option<UserId>>,
    /// From this source.
    pub source: Option<Text<50>>,
    /// By words.
    pub search: Option<Search>,
    /// Made at this moment or later.
    pub created_from: Option<Time>,
    /// Made before this moment.
    pub created_until: Option<Time>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for LeadFilter {
    type Entity = Lead;

    /// Archived leads have no status partitions, so there the status is a residual filter; the words'
    /// partitions are not split by status or ordered by time either.
    fn plan(&self, scope: &Scope) -> Plan {
        let state = if self.archived { ARCHIVED } else { LIVE };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let range = (time(self.created_from), time(self.created_until));
        let mut plan = Plan { ascending: self.ascending, residual: self.source.is_some(), from: range.0, until: range.1, ..Plan::default() };
        let (state, by) = match (&self.search, self.status) {
            (Some(search), _) => {
                prefix(&mut plan, &search.prefix);
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

    fn matches(&self, lead: &Row<Lead>) -> bool {
        let data = &lead.data;
        data.archived_at.is_some() == self.archived
            && self.owner.is_none_or(|owner| data.owner_id == owner)
            && self.status.is_none_or(|wanted| data.status == wanted)
            && self.source.as_ref().is_none_or(|wanted| data.source.as_ref() == Some(wanted))
            && self.created_from.is_none_or(|from| lead.created_at >= from)
            && self.created_until.is_none_or(|until| lead.created_at < until)
    }

    fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    fn person(&self) -> Option<UserId> {
        self.owner.flatten()
    }
}
