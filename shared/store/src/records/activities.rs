//! Where activities stand: under their author, and under their lead or customer with the times of
//! contact and the notes beside it; those of a lead that became a customer under both.

use super::{LIVE, children};
use crate::error::Error;
use crate::item::{Item, Rollup, Stored, bare, key_of, row_item, to_attribute, to_row};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{AT_ONCE, Cursor, Filter, MOST_READ, Page, Paging, Plan};
use crate::table::Store;
use domain::activity::{Activity, ActivityType};
use domain::customer::Customer;
use domain::lead::Lead;
use domain::overview::Counter;
use domain::{Entity, Parent, PartyId, Reach, Record, Row, Scope, Time, UserId};
use std::collections::HashSet;

impl Stored for Activity {
    const TOUCHES_PARENTS: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let (author, kind) = (record.created_by, record.data.kind);
        let mut partitions =
            vec![(Index::Owner, keys::of_owner(author, Self::KIND, LIVE)), (Index::OwnerStatus, keys::of_owner(author, Self::KIND, kind.as_str()))];
        if let Some(party) = record.party().map(Parent::Party) {
            partitions.extend([children(party, Self::KIND), of_type(party, kind)]);
        }
        IndexKeys { partitions, sort: keys::by_time(record.data.occurred_at, record.id) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        for (kind, id) in parents(record) {
            items.push(match record.as_note() {
                None => bare(&keys::contact(kind, id, record.data.occurred_at, record.id), "CONTACT"),
                Some(note) => {
                    let mut item = bare(&keys::note(kind, id, record.created_at, record.id), "NOTE");
                    item.insert("data".into(), to_attribute(&note)?);
                    item
                }
            });
        }
        if let Some(customer) = record.derived.customer_id {
            let customer = Parent::Party(PartyId::Customer(customer));
            let partitions = vec![children(customer, Self::KIND), of_type(customer, record.data.kind)];
            items.push(row_item(record, Customer::KIND, partitions, Self::index_keys(record).sort)?);
        }
        Ok(items)
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        parents(record).map(|(kind, id)| Rollup::child(kind, id, Counter::Activities, true)).collect()
    }
}

/// Where the activities of a type stand that a lead or customer has.
fn of_type(party: Parent, kind: ActivityType) -> (Index, String) {
    let (parent, id) = party.parts();
    (Index::AllStatus, keys::of_parent_as(parent, id, Activity::KIND, kind.as_str()))
}

/// Kind and id of those beside whom an activity stands.
fn parents(activity: &Row<Activity>) -> impl Iterator<Item = (&'static str, String)> {
    activity.parties().map(|party| Parent::Party(party).parts())
}

/// Whose activities are asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Whose {
    /// Those of a lead or customer.
    Of(PartyId),
    /// What somebody wrote.
    By(UserId),
}

/// What `GET /activities` asks for.
#[derive(Debug, Clone)]
pub struct ActivityFilter {
    /// Whose.
    pub whose: Whose,
    /// Of this type.
    pub kind: Option<ActivityType>,
    /// At this moment or later.
    pub from: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
    /// Earliest first.
    pub ascending: bool,
}

impl Filter for ActivityFilter {
    type Entity = Activity;

    /// What somebody wrote is about leads and customers that are looked up row by row.
    fn plan(&self, scope: &Scope) -> Plan {
        let (partitions, looked_up) = match &self.whose {
            Whose::Of(party) => {
                (vec![self.kind.map_or_else(|| children(Parent::Party(*party), Activity::KIND), |kind| of_type(Parent::Party(*party), kind))], false)
            }
            Whose::By(author) => {
                let (index, state) = self.kind.map_or((Index::Owner, LIVE), |kind| (Index::OwnerStatus, kind.as_str()));
                (vec![(index, keys::of_owner(Some(*author), Activity::KIND, state))], scope.reach() != Reach::All)
            }
        };
        let text = |time: Option<Time>| time.map(|time| time.to_string());
        Plan { partitions, ascending: self.ascending, from: text(self.from), until: text(self.until), residual: looked_up, ..Plan::default() }
    }

    fn matches(&self, activity: &Row<Activity>) -> bool {
        self.kind.is_none_or(|wanted| activity.data.kind == wanted)
    }

    fn parent(&self) -> Option<Parent> {
        match self.whose {
            Whose::Of(party) => Some(Parent::Party(party)),
            Whose::By(_) => None,
        }
    }

    fn person(&self) -> Option<UserId> {
        match self.whose {
            Whose::Of(_) => None,
            Whose::By(author) => Some(author),
        }
    }
}

impl Store {
    /// A page of those activities whose leads and customers are inside the scope: looks on until it is full,
    /// nothing is left, or as many were read as one request may.
    pub async fn page_inside(&self, filter: &ActivityFilter, scope: &Scope, paging: Paging<'_>) -> Result<Page<Row<Activity>>, Error> {
        let mut cursor = paging.cursor.map(str::to_owned);
        let (mut items, mut read) = (Vec::new(), 0);
        let (next, scanned_to) = loop {
            let some = Paging { limit: AT_ONCE, cursor: cursor.as_deref(), ..paging };
            let page = self.page(filter, scope, some, |_| true).await?;
            read += page.items.len();
            items.extend(self.inside_parties(page.items, scope).await?);
            match page.next {
                Some(next) if items.len() <= paging.limit && read < MOST_READ => cursor = Some(next.to_string()),
                next => break (next, page.scanned_to),
            }
        };
        if items.len() <= paging.limit {
            return Ok(Page { items, next, scanned_to });
        }
        items.truncate(paging.limit);
        let last = items.last().map(|row| (row.data.occurred_at, keys::by_time(row.data.occurred_at, row.id)));
        let (scanned_to, next) = last.map(|(at, sort)| (at.to_string(), Cursor::at(paging.binding, sort))).unzip();
        Ok(Page { items, next, scanned_to })
    }

    /// Those activities whose leads and customers are inside the scope: these are read as they are now, so a
    /// record that was handed over a moment ago counts as it stands.
    async fn inside_parties(&self, rows: Vec<Row<Activity>>, scope: &Scope) -> Result<Vec<Row<Activity>>, Error> {
        let key = |party: PartyId| {
            let (kind, id) = Parent::Party(party).parts();
            keys::record(kind, id)
        };
        let mut wanted: Vec<Key> = rows.iter().filter_map(Row::<Activity>::party).map(key).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (mut inside, mut converted) = (HashSet::new(), Vec::new());
        for item in self.get_items(&wanted).await? {
            let pk = key_of(&item).pk;
            if pk.starts_with(Customer::KIND) {
                if to_row::<Customer>(&item)?.inside(scope) {
                    inside.insert(pk);
                }
                continue;
            }
            let lead = to_row::<Lead>(&item)?;
            match lead.data.converted_customer_id {
                // A converted lead is reached through its customer.
                Some(customer) => converted.push((pk, keys::record(Customer::KIND, customer))),
                None if lead.inside(scope) => drop(inside.insert(pk)),
                None => {}
            }
        }
        let mut customers: Vec<Key> = converted.iter().map(|(_, customer)| customer.clone()).collect();
        customers.sort_unstable();
        customers.dedup();
        let mut reached = HashSet::new();
        for item in self.get_items(&customers).await? {
            if to_row::<Customer>(&item)?.inside(scope) {
                reached.insert(key_of(&item).pk);
            }
        }
        inside.extend(converted.into_iter().filter(|(_, customer)| reached.contains(&customer.pk)).map(|(pk, _)| pk));
        let seen = |activity: &Row<Activity>| activity.party().is_some_and(|party| inside.contains(&key(party).pk));
        Ok(rows.into_iter().filter(seen).collect())
    }
}
