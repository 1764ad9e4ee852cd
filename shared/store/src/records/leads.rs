//! Where leads stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, by_words, children, orders, owned_by, owned_keys, partitions, state};
use crate::found::FoundBy;
use crate::item::{Contacts, Stored};
use crate::keys::IndexKeys;
use crate::list::{By, Filter, Named, Plan};
use crate::migrations::LEAD_SOURCE_KEY;
use domain::lead::{Lead, LeadStatus, source_key};
use domain::search::{Search, record_words};
use domain::value::{Email, Phone, Text};
use domain::{Entity, Order, Parent, PartyId, Record, Row, Scope, Time, UserId};

impl Stored for Lead {
    const COUNTED: bool = true;

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy {
            state: state(row.data.archived_at.is_some()),
            words: record_words(&domain::lead::findable(&row.data)),
            values: sources(row),
            orders: orders(row, row.data.title.as_str()),
            sharers: Vec::new(),
        })
    }

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

fn source_value(source: &str) -> String {
    format!("source:{source}")
}

/// What lists of a source are found by: the source as it was typed, for the release before, and as sources are
/// compared. What is still stored in the first shape has only the one.
fn sources(row: &Row<Lead>) -> Vec<String> {
    let key = row.derived.source_key.as_deref().filter(|_| row.shape >= LEAD_SOURCE_KEY.to);
    let typed = row.data.source.as_ref().map(Text::as_str);
    asked(typed, key)
}

/// The values of a source that was typed so and is compared so, each once.
fn asked(typed: Option<&str>, key: Option<&str>) -> Vec<String> {
    let mut values: Vec<String> = [typed, key].into_iter().flatten().map(source_value).collect();
    values.dedup();
    values
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
    /// From this source, however it is written.
    pub source: Option<Text<50>>,
    /// By words.
    pub search: Option<Search>,
    /// Made at this moment or later.
    pub created_from: Option<Time>,
    /// Made before this moment.
    pub created_until: Option<Time>,
    /// In this order instead of that of creation.
    pub order: Option<Order>,
    /// Oldest, or first in the order, first.
    pub ascending: bool,
}

impl Filter for LeadFilter {
    type Entity = Lead;

    /// A single filter reads where it stands alone. Of several, one decides where is read and the others
    /// are residual: archived leads have no partitions by status, nor have orders and words.
    fn searches(&self) -> bool {
        self.search.is_some()
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let (state, places) = (state(self.archived), owned_by(scope, self.owner));
        let created = self.created_from.is_some() || self.created_until.is_some();
        if let Some(search) = &self.search {
            return by_words(search, state, places, self.status.is_some() || self.source.is_some() || created);
        }
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let plan = Plan { ascending: self.ascending, from: time(self.created_from), until: time(self.created_until), ..Plan::default() };
        match (self.order, self.status, &self.source) {
            (Some(order), status, source) => {
                let residual = status.is_some() || source.is_some() || created;
                Plan { named: Some(Named { state, by: By::Order(order.as_str()), places }), residual, ..plan }
            }
            (None, None, Some(source)) => {
                // A lead that was stored by the release before, and not changed since, stands under what was typed alone.
                let by = By::Values(asked(Some(source.as_str()), Some(&source_key(source.as_str()))));
                Plan { named: Some(Named { state, by, places }), ..plan }
            }
            (None, Some(status), source) if !self.archived => {
                Plan { partitions: partitions(&places, Lead::KIND, status.as_str(), BY_STATUS), residual: source.is_some(), ..plan }
            }
            (None, status, source) => {
                let residual = status.is_some() || source.is_some();
                Plan { partitions: partitions(&places, Lead::KIND, state, PLAIN), residual, ..plan }
            }
        }
    }

    fn matches(&self, lead: &Row<Lead>) -> bool {
        let data = &lead.data;
        data.archived_at.is_some() == self.archived
            && self.owner.is_none_or(|owner| data.owner_id == owner)
            && self.status.is_none_or(|wanted| data.status == wanted)
            && self.source.as_ref().is_none_or(|wanted| lead.derived.source_key.as_deref() == Some(&*source_key(wanted.as_str())))
            && self.created_from.is_none_or(|from| lead.created_at >= from)
            && self.created_until.is_none_or(|until| lead.created_at < until)
    }

    fn person(&self) -> Option<UserId> {
        self.owner.flatten()
    }
}
