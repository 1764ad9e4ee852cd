//! Where leads stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, by_value, by_words, owned_by, owned_keys};
use crate::item::{Contacts, Stored};
use crate::keys::IndexKeys;
use crate::list::{Filter, Plan};
use crate::search::Searchable;
use domain::lead::{Lead, LeadStatus};
use domain::search::{RecordWords, Search, record_words};
use domain::value::{Email, Phone, Text};
use domain::{Entity, Record, Row, Scope, Time, UserId};

impl Stored for Lead {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.status.as_str())),
        }
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
    fn words(row: &Row<Self>) -> RecordWords {
        record_words(&domain::lead::findable(&row.data))
    }

    fn values(row: &Row<Self>) -> Vec<String> {
        row.data.source.iter().map(source_value).collect()
    }

    fn state(row: &Row<Self>) -> &'static str {
        if row.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

fn source_value(source: &Text<50>) -> String {
    format!("source:{source}")
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
        let mut plan = Plan { ascending: self.ascending, from: range.0, until: range.1, ..Plan::default() };
        let (state, by) = match (&self.search, self.status, &self.source) {
            (Some(_), ..) => (by_words(&mut plan, state), PLAIN),
            (None, None, Some(source)) => (by_value(&mut plan, state, &source_value(source)), PLAIN),
            (None, Some(status), source) if !self.archived => {
                plan.residual = source.is_some();
                (status.as_str().to_owned(), BY_STATUS)
            }
            (None, status, source) => {
                plan.residual = status.is_some() || source.is_some();
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
            && self.search.as_ref().is_none_or(|search| search.shown_at(&Lead::words(lead)).is_some())
    }

    fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    fn person(&self) -> Option<UserId> {
        self.owner.flatten()
    }
}
