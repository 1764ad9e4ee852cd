//! Where customers stand, and where their list reads.

use super::{ARCHIVED, BY_STATUS, LIVE, PLAIN, by_value, by_words, owned_by, owned_keys};
use crate::item::{Contacts, Stored};
use crate::keys::IndexKeys;
use crate::list::{Filter, Plan};
use crate::search::Searchable;
use domain::customer::{Customer, Engagement, LevelCode, Lifecycle};
use domain::search::{RecordWords, Search, record_words};
use domain::value::{Email, Phone};
use domain::{Entity, Record, Row, Scope, Time, UserId};

impl Stored for Customer {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.engagement.as_str())),
        }
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

impl Searchable for Customer {
    fn words(row: &Row<Self>) -> RecordWords {
        record_words(&domain::customer::findable(&row.data))
    }

    fn values(row: &Row<Self>) -> Vec<String> {
        vec![lifecycle_value(row.data.lifecycle), level_value(level(row))]
    }

    fn state(row: &Row<Self>) -> &'static str {
        if row.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

fn lifecycle_value(lifecycle: Lifecycle) -> String {
    format!("lifecycle:{}", lifecycle.as_str())
}

fn level_value(level: LevelCode) -> String {
    format!("level:{}", level.as_str())
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
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for CustomerFilter {
    type Entity = Customer;

    /// Archived customers have no status partitions, so there the engagement is a residual filter; the
    /// words' partitions are not split by engagement either.
    fn plan(&self, scope: &Scope) -> Plan {
        let state = if self.archived { ARCHIVED } else { LIVE };
        let filters = [self.engagement.is_some(), self.lifecycle.is_some(), self.level.is_some(), self.not_contacted_since.is_some()];
        let several = filters.into_iter().filter(|set| *set).count() > 1;
        let mut plan = Plan { ascending: self.ascending, ..Plan::default() };
        let value = self.lifecycle.map(lifecycle_value).or_else(|| self.level.map(level_value));
        let (state, by) = match (&self.search, self.engagement, value) {
            (Some(_), ..) => (by_words(&mut plan, state), PLAIN),
            (None, None, Some(value)) if !several => (by_value(&mut plan, state, &value), PLAIN),
            (None, Some(engagement), _) if !self.archived => {
                plan.residual = several;
                (engagement.as_str().to_owned(), BY_STATUS)
            }
            (None, ..) => {
                plan.residual = filters.contains(&true);
                (state.to_owned(), PLAIN)
            }
        };
        plan.partitions = owned_by(scope, self.owner, Customer::KIND, &state, by);
        plan
    }

    fn matches(&self, customer: &Row<Customer>) -> bool {
        let (data, derived) = (&customer.data, &customer.derived);
        data.archived_at.is_some() == self.archived
            && self.owner.is_none_or(|owner| data.owner_id == owner)
            && self.engagement.is_none_or(|wanted| data.engagement == wanted)
            && self.lifecycle.is_none_or(|wanted| data.lifecycle == wanted)
            && self.level.is_none_or(|wanted| level(customer) == wanted)
            && self.not_contacted_since.is_none_or(|limit| derived.last_contacted_at.is_none_or(|last| last < limit))
            && self.search.as_ref().is_none_or(|search| search.shown_at(&Customer::words(customer)).is_some())
    }

    fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    fn person(&self) -> Option<UserId> {
        self.owner.flatten()
    }
}
