//! Where activities stand: under their author, and under their lead or customer with the times of
//! contact and the notes beside it.

use super::{LIVE, Parent};
use crate::error::Error;
use crate::item::{Item, Stored, Tally, bare, key_of, to_attribute, to_record};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Page, Paging, Plan};
use crate::table::Store;
use domain::activity::Activity;
use domain::customer::Customer;
use domain::lead::Lead;
use domain::{Entity, PartyId, Record, Scope, UserId};
use std::collections::HashSet;

impl Stored for Activity {
    const STIRS: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = vec![(Index::Owner, keys::of_owner(record.created_by, Self::KIND, LIVE))];
        partitions.extend(record.party().map(|party| Parent::Party(party).children(Self::KIND)));
        IndexKeys { partitions, sort: keys::by_time(record.data.occurred_at, record.id) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let Some(party) = record.party() else { return Ok(Vec::new()) };
        let (kind, id) = Parent::Party(party).parts();
        let Some(note) = record.as_note() else {
            return Ok(vec![bare(&keys::contact(kind, id, record.data.occurred_at, record.id), "CONTACT")]);
        };
        let mut item = bare(&keys::note(kind, id, record.created_at, record.id), "NOTE");
        item.insert("data".into(), to_attribute(&note)?);
        Ok(vec![item])
    }

    fn tallies(record: &Record<Self>) -> Vec<Tally> {
        let parts = record.party().map(|party| Parent::Party(party).parts());
        parts.map(|(kind, id)| Tally::child(kind, id, "activities", true)).into_iter().collect()
    }
}

impl Store {
    /// A page of what somebody wrote, as far as its leads and customers are inside the scope: those
    /// are read as they are now, so a record that was handed over a moment ago counts as it stands.
    pub async fn list_of_author(
        &self,
        plan: &Plan,
        paging: Paging<'_>,
        scope: &Scope,
        keep: impl Fn(&Record<Activity>) -> bool,
    ) -> Result<Page<Record<Activity>>, Error> {
        let page = self.list::<Activity>(plan, paging, keep).await?;
        let key = |party: PartyId| {
            let (kind, id) = Parent::Party(party).parts();
            keys::record(kind, id)
        };
        let mut wanted: Vec<Key> = page.items.iter().filter_map(Record::<Activity>::party).map(key).collect();
        wanted.sort_unstable_by(|a, b| a.pk.cmp(&b.pk));
        wanted.dedup();
        let (mut inside, mut converted) = (HashSet::new(), Vec::new());
        for item in self.get_items(&wanted).await? {
            let pk = key_of(&item).pk;
            if pk.starts_with(Customer::KIND) {
                if to_record::<Customer>(&item)?.inside(scope) {
                    inside.insert(pk);
                }
                continue;
            }
            let lead = to_record::<Lead>(&item)?;
            match lead.data.converted_customer_id {
                // A converted lead is reached through its customer.
                Some(customer) => converted.push((pk, keys::record(Customer::KIND, customer))),
                None if lead.inside(scope) => drop(inside.insert(pk)),
                None => {}
            }
        }
        let mut customers: Vec<Key> = converted.iter().map(|(_, customer)| customer.clone()).collect();
        customers.sort_unstable_by(|a, b| a.pk.cmp(&b.pk));
        customers.dedup();
        let mut reached = HashSet::new();
        for item in self.get_items(&customers).await? {
            if to_record::<Customer>(&item)?.inside(scope) {
                reached.insert(key_of(&item).pk);
            }
        }
        inside.extend(converted.into_iter().filter(|(_, customer)| reached.contains(&customer.pk)).map(|(pk, _)| pk));
        let seen = |activity: &Record<Activity>| activity.party().is_some_and(|party| inside.contains(&key(party).pk));
        Ok(Page { items: page.items.into_iter().filter(seen).collect(), next: page.next })
    }
}

/// Where everything somebody wrote stands, by the time it took place.
pub fn author_plan(author: UserId) -> Plan {
    Plan { partitions: vec![(Index::Owner, keys::of_owner(Some(author), Activity::KIND, LIVE))], ..Plan::default() }
}
