//! Marker items: values that are unique, and contact data that is checked for duplicates.

use crate::error::Error;
use crate::item::{Item, Stored, bare, text};
use crate::keys;
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::lead::Lead;
use domain::text::TextValue;
use domain::{CustomerId, Entity, LeadId, PartyId, Record};
use std::collections::{BTreeMap, HashMap};

impl Tx {
    /// Claims a unique value; refused as taken, with the field, when another has it.
    pub fn claim_unique(&mut self, space: &str, value: &str, id: &str, field: &'static str) {
        let mut item = bare(&keys::unique(space, value), "UNIQUE");
        item.insert("id".into(), text(id));
        self.put_new(item, FailedCondition::Taken(field));
    }

    /// Gives a unique value up.
    pub fn release_unique(&mut self, space: &str, value: &str) {
        self.remove(&keys::unique(space, value));
    }

    /// Moves a unique value that changed.
    pub fn move_unique(&mut self, space: &str, old: Option<&str>, new: Option<&str>, id: &str, field: &'static str) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.release_unique(space, old);
        }
        if let Some(new) = new {
            self.claim_unique(space, new, id, field);
        }
    }

    /// One update for each value of contact data.
    pub(crate) fn write_contacts(&mut self, moves: ContactMoves, allow: bool) {
        for ((field, value), change) in moves.0 {
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
            let space = if field == EMAIL { "EMAIL" } else { "PHONE" };
            let condition = checked.then(|| conditions.join(" AND "));
            let refusal = FailedCondition::Duplicate { field, leads: of_lead };
            self.update_if(&keys::unique(space, &value), &expression, condition.as_deref(), names, values, refusal);
        }
    }
}

const EMAIL: &str = "email";
const PHONE: &str = "phone";

/// Which id leaves and which joins the holders of a value.
type LeaveJoin = (Option<String>, Option<String>);

/// What changes at one value.
#[derive(Debug, Default)]
struct Change {
    leads: LeaveJoin,
    customers: LeaveJoin,
}

/// What changes at which value of which field.
#[derive(Debug, Default)]
pub(crate) struct ContactMoves(BTreeMap<(&'static str, String), Change>);

impl ContactMoves {
    /// Moves a record from the values it stood under to those it stands under.
    pub(crate) fn between<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let Some(id) = old.or(new).map(|record| record.id.to_string()) else { return };
        let of = |record: Option<&Record<E>>| record.map(|record| E::contacts(record)).unwrap_or_default();
        let (old, new) = (of(old), of(new));
        let side: fn(&mut Change) -> &mut LeaveJoin = if E::KIND == Lead::KIND { |change| &mut change.leads } else { |change| &mut change.customers };
        for (field, old, new) in [(EMAIL, old.email, new.email), (PHONE, old.phone, new.phone)] {
            if old == new {
                continue;
            }
            if let Some(value) = old {
                side(self.0.entry((field, value)).or_default()).0 = Some(id.clone());
            }
            if let Some(value) = new {
                side(self.0.entry((field, value)).or_default()).1 = Some(id.clone());
            }
        }
    }

    /// Takes over the moves of another.
    pub(crate) fn append(&mut self, other: Self) {
        for (value, change) in other.0 {
            let here = self.0.entry(value).or_default();
            for (slot, moved) in [(&mut here.leads, change.leads), (&mut here.customers, change.customers)] {
                *slot = (slot.0.take().or(moved.0), slot.1.take().or(moved.1));
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
            let (FailedCondition::Duplicate { leads: with_leads, .. }, Some(item)) = (refusal, item) else { continue };
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
