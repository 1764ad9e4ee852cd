//! Marker items: values that are unique, and contact data that is checked for duplicates.

use crate::error::Error;
use crate::item::{Item, bare, text};
use crate::keys;
use crate::tx::{Refusal, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::customer::Customer;
use domain::input::TextValue;
use domain::lead::Lead;
use domain::value::{Email, Phone};
use domain::{CustomerId, LeadId, PartyId, Record};
use std::collections::{BTreeMap, HashMap};

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

    /// Keeps the duplicate look-ups of a customer true: archived ones stand in none.
    pub fn move_customer_contacts(&mut self, old: Option<&Record<Customer>>, new: &Record<Customer>, allow_duplicate: bool) {
        let mut moves = Moves::default();
        moves.customer(old, new);
        self.move_contacts(moves, allow_duplicate);
    }

    /// Keeps the duplicate look-ups of a lead true: archived, closed and converted ones stand in none.
    pub fn move_lead_contacts(&mut self, old: Option<&Record<Lead>>, new: Option<&Record<Lead>>, allow_duplicate: bool) {
        let mut moves = Moves::default();
        moves.lead(old, new);
        self.move_contacts(moves, allow_duplicate);
    }

    /// Lets a lead's contact data pass to its customer.
    pub fn convert_contacts(
        &mut self,
        lead: (&Record<Lead>, &Record<Lead>),
        customer: (Option<&Record<Customer>>, &Record<Customer>),
        allow_duplicate: bool,
    ) {
        let mut moves = Moves::default();
        moves.lead(Some(lead.0), Some(lead.1));
        moves.customer(customer.0, customer.1);
        self.move_contacts(moves, allow_duplicate);
    }

    /// One update for each value, since a transaction touches an item once.
    fn move_contacts(&mut self, moves: Moves, allow: bool) {
        for ((pointer, value), change) in moves.0 {
            let mut names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
            let mut values = HashMap::from([(":type".to_owned(), text("UNIQUE"))]);
            let (mut add, mut delete, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
            for (set, leave, join) in [("leads", change.leads.0, change.leads.1), ("customers", change.customers.0, change.customers.1)] {
                names.insert(format!("#{set}"), set.to_owned());
                let one = |id: String| AttributeValue::Ss(vec![id]);
                match (leave, join) {
                    (_, Some(id)) => {
                        conditions.push(format!("(attribute_not_exists(#{set}) OR (size(#{set}) = :one AND contains(#{set}, :id_{set})))"));
                        if !allow {
                            values.insert(format!(":id_{set}"), text(&*id));
                        }
                        values.insert(format!(":{set}"), one(id));
                        add.push(format!("#{set} :{set}"));
                    }
                    (Some(id), None) => {
                        values.insert(format!(":{set}"), one(id));
                        delete.push(format!("#{set} :{set}"));
                    }
                    (None, None) => {
                        names.remove(&format!("#{set}"));
                    }
                }
            }
            // A lead is new to us only if no customer has its address either.
            let of_lead = add.iter().any(|part| part.starts_with("#leads"));
            if of_lead && !allow {
                names.insert("#customers".into(), "customers".into());
                conditions.push("attribute_not_exists(#customers)".into());
            }
            let checked = !allow && !conditions.is_empty();
            if checked {
                values.insert(":one".into(), crate::item::number(1));
            }
            let mut expression = "SET #type = :type".to_owned();
            for (verb, parts) in [("ADD", add), ("DELETE", delete)] {
                if !parts.is_empty() {
                    expression.push_str(&format!(" {verb} {}", parts.join(", ")));
                }
            }
            let space = if pointer == EMAIL { "EMAIL" } else { "PHONE" };
            let condition = checked.then(|| conditions.join(" AND "));
            let refusal = Refusal::Duplicate { pointer, leads: of_lead };
            self.update_if(&keys::unique(space, &value), &expression, condition.as_deref(), names, values, refusal);
        }
    }
}

const EMAIL: &str = "/email";
const PHONE: &str = "/phone";

/// Which id leaves and which joins the holders of a value.
type LeaveJoin = (Option<String>, Option<String>);

/// What changes at one value.
#[derive(Default)]
struct Change {
    leads: LeaveJoin,
    customers: LeaveJoin,
}

/// What changes at which value of which field.
#[derive(Default)]
struct Moves(BTreeMap<(&'static str, String), Change>);

/// The contact data a record stands under.
type Contacts = (Option<String>, Option<String>);

fn contacts(stands: bool, email: Option<&Email>, phone: Option<&Phone>) -> Contacts {
    let filter = |value: Option<&str>| value.filter(|_| stands).map(str::to_owned);
    (filter(email.map(Email::as_str)), filter(phone.map(Phone::as_str)))
}

impl Moves {
    fn customer(&mut self, old: Option<&Record<Customer>>, new: &Record<Customer>) {
        let of = |customer: &Record<Customer>| {
            let data = &customer.data;
            contacts(data.archived_at.is_none(), data.email.as_ref(), data.phone.as_ref())
        };
        self.between(old.map(of).unwrap_or_default(), of(new), &new.id.to_string(), |change| &mut change.customers);
    }

    fn lead(&mut self, old: Option<&Record<Lead>>, new: Option<&Record<Lead>>) {
        let of = |lead: &Record<Lead>| {
            let data = &lead.data;
            contacts(data.archived_at.is_none() && data.status.is_open(), data.email.as_ref(), data.phone.as_ref())
        };
        let Some(id) = old.or(new).map(|lead| lead.id.to_string()) else { return };
        self.between(old.map(of).unwrap_or_default(), new.map(of).unwrap_or_default(), &id, |change| &mut change.leads);
    }

    fn between(&mut self, old: Contacts, new: Contacts, id: &str, side: fn(&mut Change) -> &mut LeaveJoin) {
        for (pointer, old, new) in [(EMAIL, old.0, new.0), (PHONE, old.1, new.1)] {
            if old == new {
                continue;
            }
            if let Some(value) = old {
                side(self.0.entry((pointer, value)).or_default()).0 = Some(id.to_owned());
            }
            if let Some(value) = new {
                side(self.0.entry((pointer, value)).or_default()).1 = Some(id.to_owned());
            }
        }
    }
}

impl Error {
    /// Who already has the e-mail address or phone number that a refused transaction wanted for a
    /// record: customers, and leads where they count; sorted.
    pub fn duplicates(&self) -> Vec<PartyId> {
        let Self::Refused(list) = self else { return Vec::new() };
        let ids = |item: &Item, set: &str| item.get(set).and_then(|value| value.as_ss().ok()).cloned().unwrap_or_default();
        let (mut customers, mut leads) = (Vec::new(), Vec::new());
        for (refusal, item) in list {
            let (Refusal::Duplicate { leads: with_leads, .. }, Some(item)) = (refusal, item) else { continue };
            customers.extend(ids(item, "customers").iter().filter_map(|id| CustomerId::read(id).ok()));
            if *with_leads {
                leads.extend(ids(item, "leads").iter().filter_map(|id| LeadId::read(id).ok()));
            }
        }
        customers.sort_unstable();
        customers.dedup();
        leads.sort_unstable();
        leads.dedup();
        customers.into_iter().map(PartyId::Customer).chain(leads.into_iter().map(PartyId::Lead)).collect()
    }
}
