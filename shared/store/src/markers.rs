//! Marker items: values that are unique, and contact data that is checked for duplicates.

use crate::error::Error;
use crate::item::{Item, bare, text};
use crate::keys;
use crate::tx::{Refusal, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::customer::Customer;
use domain::{CustomerId, Record};
use std::collections::HashMap;

impl Tx {
    /// Claims a unique value; refused as taken, with the pointer, when another has it.
    pub fn claim_unique(&mut self, space: &str, value: &str, id: &str, pointer: &'static str) {
        let mut item = bare(&keys::unique(space, value), "UNIQUE");
        item.insert("id".into(), text(id));
        self.put_new(item, Refusal::Taken(pointer));
    }

    /// Gives a unique value up.
    pub fn release_unique(&mut self, space: &str, value: &str) {
        self.remove(&keys::unique(space, value));
    }

    /// Moves a unique value that changed.
    pub fn move_unique(&mut self, space: &str, old: Option<&str>, new: Option<&str>, id: &str, pointer: &'static str) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.release_unique(space, old);
        }
        if let Some(new) = new {
            self.claim_unique(space, new, id, pointer);
        }
    }

    /// Puts a record on the list of those with this contact value. Unless duplicates are allowed it
    /// is refused as taken when another record is on it.
    fn join(&mut self, space: &str, value: &str, id: &str, allow: bool, pointer: &'static str) {
        let names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
        let mut values = HashMap::from([(":type".to_owned(), text("UNIQUE")), (":me".to_owned(), AttributeValue::Ss(vec![id.to_owned()]))]);
        let condition = "attribute_not_exists(ids) OR (size(ids) = :one AND contains(ids, :id))";
        if !allow {
            values.insert(":one".into(), crate::item::number(1));
            values.insert(":id".into(), text(id));
        }
        let key = keys::unique(space, value);
        let condition = (!allow).then_some(condition);
        self.update_if(&key, "SET #type = :type ADD ids :me", condition, names, values, Refusal::Taken(pointer));
    }

    fn leave(&mut self, space: &str, value: &str, id: &str) {
        let values = HashMap::from([(":me".to_owned(), AttributeValue::Ss(vec![id.to_owned()]))]);
        self.update_if(&keys::unique(space, value), "DELETE ids :me", None, HashMap::new(), values, Refusal::Stale);
    }

    /// Keeps the duplicate look-ups of a customer true: archived ones stand in none.
    pub fn move_customer_contacts(&mut self, old: Option<&Record<Customer>>, new: &Record<Customer>, allow_duplicate: bool) {
        let contacts = |customer: &Record<Customer>| match customer.data.archived_at {
            Some(_) => (None, None),
            None => (
                customer.data.email.as_ref().map(|email| email.as_str().to_owned()),
                customer.data.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            ),
        };
        let (old_email, old_phone) = old.map(contacts).unwrap_or_default();
        let (email, phone) = contacts(new);
        let id = new.id.to_string();
        for (space, pointer, old, new) in [("CUSTOMER_EMAIL", "/email", old_email, email), ("CUSTOMER_PHONE", "/phone", old_phone, phone)] {
            if old == new {
                continue;
            }
            if let Some(value) = old {
                self.leave(space, &value, &id);
            }
            if let Some(value) = new {
                self.join(space, &value, &id, allow_duplicate, pointer);
            }
        }
    }
}

/// The customers that hold contact data which a refused transaction wanted for itself.
pub(crate) fn holders(item: &Item) -> Vec<CustomerId> {
    use domain::input::TextValue;
    let ids = item.get("ids").and_then(|value| value.as_ss().ok());
    ids.map(|ids| ids.iter().filter_map(|id| CustomerId::read(id).ok()).collect()).unwrap_or_default()
}

impl Error {
    /// The customers that already have the e-mail address or phone number, sorted.
    pub fn duplicates(&self) -> Vec<CustomerId> {
        let Self::Refused(list) = self else { return Vec::new() };
        let mut ids: Vec<CustomerId> = list
            .iter()
            .filter(|(refusal, _)| matches!(refusal, Refusal::Taken("/email" | "/phone")))
            .filter_map(|(_, item)| item.as_ref())
            .flat_map(holders)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
