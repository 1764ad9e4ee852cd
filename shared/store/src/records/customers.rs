//! Where customers stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, by_words, either, orders, owned_by, owned_keys, partitions, state};
use crate::error::Error;
use crate::found::FoundBy;
use crate::item::{Contacts, Item, Stored, bare, get_number, put_index_keys};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{By, Entry, Filter, Named, Page, Paging, Plan, id_in};
use crate::table::Store;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::customer::{Customer, Engagement, LevelCode, Lifecycle};
use domain::message::month_and_day;
use domain::search::{RecordWords, Search, record_words};
use domain::text::TextValue;
use domain::value::{Email, Phone};
use domain::{CustomerId, Entity, Order, Record, Row, Scope, Time, UserId};

impl Stored for Customer {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => {
                let mut keys = owned_keys(record, LIVE, Some(record.data.engagement.as_str()));
                keys.partitions.extend(
                    record.data.birthday.filter(|_| is_ours(record)).map(|day| (Index::Parent, keys::of_birthday(&month_and_day(day), Self::KIND))),
                );
                keys.partitions.extend(record.derived.review_at.map(|at| (Index::Due, keys::due_in(Self::KIND, at))));
                keys
            }
        }
    }

    /// Where the RFM score is worked out next; nobody looks at archived ones.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let due = record.derived.rfm_review_at.filter(|_| record.data.archived_at.is_none());
        Ok(due.map(|due| scoring(record.id, due)).into_iter().collect())
    }

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy {
            state: state(row.data.archived_at.is_some()),
            words: words(row),
            values: vec![value(row.data.lifecycle, level(row))],
            orders: orders(row, row.data.name.as_str()),
            sharers: Vec::new(),
        })
    }

    /// Archived customers stand in nobody's way.
    fn contacts(row: &Row<Self>) -> Contacts {
        let data = &row.data;
        if data.archived_at.is_some() {
            return Contacts::default();
        }
        Contacts { email: data.email.as_ref().map(Email::to_string), phone: data.phone.as_ref().map(Phone::to_string) }
    }
}

/// Whether a customer is told of what we wish customers.
fn is_ours(row: &Row<Customer>) -> bool {
    row.data.lifecycle == Lifecycle::Customer && row.data.archived_at.is_none()
}

/// Of what the hours are in which scores are worked out.
const RFM: &str = "RFM";

fn scoring(customer: CustomerId, due: Time) -> Item {
    let mut item = bare(&keys::scoring(customer), "DUE");
    let partitions = vec![(Index::Due, keys::due_in(RFM, due))];
    put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(due, customer) });
    item
}

/// Whether the row of a customer tells of orders, or of a score; one that cannot be read does.
fn ever_bought(row: &Item) -> bool {
    let Some(Ok(derived)) = row.get("derived").map(AttributeValue::as_m) else { return true };
    derived.contains_key("rfm") || get_number::<u64>(derived, "orderCount") != Some(0)
}

impl Store {
    /// The customers whose score is to be worked out from a moment of the hour of this one (UTC) on, up to and with `until`, in order: by
    /// name alone, so that one that cannot be read holds up none of the others.
    pub async fn scorings(&self, hour: Time, until: Time, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        self.due_up_to(keys::due_in(RFM, hour), until, paging).await
    }

    /// All customers that are not archived and bought something, by name alone.
    pub async fn all_buyers(&self, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        let partitions = vec![(Index::All, keys::of_all(Customer::KIND, LIVE))];
        let plan = Plan { partitions, ascending: true, residual: true, ..Plan::default() };
        let id = |entry: &Entry| CustomerId::read(id_in(&entry.sort)).ok().filter(|_| ever_bought(&entry.item));
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(id(entry))).await
    }
}

/// What lists of a lifecycle and of a level are found by: one value for both.
pub(super) fn value(lifecycle: Lifecycle, level: LevelCode) -> String {
    format!("{}-{}", lifecycle.as_str(), level.as_str())
}

/// Who was not rated yet stands at the lowest.
fn level(row: &Row<Customer>) -> LevelCode {
    row.derived.level_code.unwrap_or(LevelCode::Bronze)
}

/// What `GET /customers` asks for.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Archived ones instead of live ones.
    pub archived: bool,
    /// Of this engagement.
    pub engagement: Option<Engagement>,
    /// Of this lifecycle.
    pub lifecycle: Option<Lifecycle>,
    /// Of this loyalty level.
    pub level: Option<LevelCode>,
    /// Of this owner; `Some(None)` is nobody.
    pub owner: Option<Option<UserId>>,
    /// Without a contact at this moment or later.
    pub not_contacted_since: Option<Time>,
    /// Made at this moment or later.
    pub created_from: Option<Time>,
    /// Made before this moment.
    pub created_until: Option<Time>,
    /// By words.
    pub search: Option<Search>,
    /// In this order instead of that of creation.
    pub order: Option<Order>,
    /// Oldest, or first in the order, first.
    pub ascending: bool,
}

impl CustomerFilter {
    /// The values of lifecycle and level that pass.
    fn values(&self) -> Vec<String> {
        either(self.lifecycle.as_slice(), Lifecycle::ALL, self.level.as_slice(), LevelCode::ALL, value)
    }
}

/// What a customer's words are made of.
fn words(row: &Row<Customer>) -> RecordWords {
    record_words(&domain::customer::findable(&row.data))
}

impl Filter for CustomerFilter {
    type Entity = Customer;

    /// A single filter reads where it stands alone. Of several, one decides where is read and the others
    /// are residual: archived customers have no partitions by engagement, nor have orders and words.
    fn searches(&self) -> bool {
        self.search.is_some()
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let (state, places) = (state(self.archived), owned_by(scope, self.owner));
        let created = self.created_from.is_some() || self.created_until.is_some();
        let valued = self.lifecycle.is_some() || self.level.is_some();
        let (engaged, stale) = (self.engagement.is_some(), self.not_contacted_since.is_some());
        if let Some(search) = &self.search {
            return by_words(search, state, places, engaged || valued || stale || created);
        }
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let plan = Plan { ascending: self.ascending, from: time(self.created_from), until: time(self.created_until), ..Plan::default() };
        match (self.order, self.engagement) {
            (Some(order), _) => {
                let by = By::Order(order.as_str());
                Plan { named: Some(Named { state, by, places }), residual: engaged || valued || stale || created, ..plan }
            }
            (None, None) if valued => {
                let by = By::Values(self.values());
                Plan { named: Some(Named { state, by, places }), residual: stale, ..plan }
            }
            (None, Some(engagement)) if !self.archived => {
                Plan { partitions: partitions(&places, Customer::KIND, engagement.as_str(), BY_STATUS), residual: valued || stale, ..plan }
            }
            (None, _) => Plan { partitions: partitions(&places, Customer::KIND, state, PLAIN), residual: engaged || valued || stale, ..plan },
        }
    }

    fn matches(&self, customer: &Row<Customer>) -> bool {
        let (data, derived) = (&customer.data, &customer.derived);
        data.archived_at.is_some() == self.archived
            && self.owner.is_none_or(|owner| data.owner_id == owner)
            && self.engagement.is_none_or(|wanted| data.engagement == wanted)
            && self.lifecycle.is_none_or(|wanted| data.lifecycle == wanted)
            && self.level.is_none_or(|wanted| level(customer) == wanted)
            && self.created_from.is_none_or(|from| customer.created_at >= from)
            && self.created_until.is_none_or(|until| customer.created_at < until)
            && self.not_contacted_since.is_none_or(|limit| derived.last_contacted_at.is_none_or(|last| last < limit))
    }

    fn person(&self) -> Option<UserId> {
        self.owner.flatten()
    }
}
