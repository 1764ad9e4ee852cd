//! Who stands in the way of whom: leads and customers with the same e-mail address or phone number.

use crate::model::call::Call;
use crate::model::customers::{self, Customer};
use crate::model::expected::Expected;
use crate::model::leads::{self, Lead};
use crate::model::world::World;
use serde_json::json;

/// The e-mail address and the phone number that a record stands with.
pub type Contacts = [Option<String>; 2];

/// Those of a lead: while it is open.
pub fn of_lead(lead: &Lead) -> Contacts {
    let stands = !lead.archived && !matches!(lead.status, "CLOSED" | "CONVERTED");
    [&lead.email, &lead.phone].map(|value| value.clone().filter(|_| stands))
}

pub fn of_customer(customer: &Customer) -> Contacts {
    [&customer.email, &customer.phone].map(|value| value.clone().filter(|_| !customer.archived))
}

/// Whether the call takes duplicates as they are.
pub fn allowed(call: &Call) -> bool {
    call.asked("allowDuplicate") == Some("true")
}

/// Refuses contact data that is new to a record and that another has: for a lead any lead or
/// customer, for a customer other customers.
pub fn check(world: &World, who: &str, old: &Contacts, new: &Contacts, is_lead: bool) -> Result<(), Expected> {
    let (mut customers, mut leads, mut pointers) = (Vec::new(), Vec::new(), Vec::new());
    for (field, pointer) in ["/email", "/phone"].into_iter().enumerate() {
        let found = customers.len() + leads.len();
        if new[field].is_none() || old[field] == new[field] {
            continue;
        }
        let records = &world.records;
        customers.extend(records.customers.values().filter(|other| of_customer(other)[field] == new[field]).map(|other| &other.id));
        if is_lead {
            leads.extend(records.leads.values().filter(|other| of_lead(other)[field] == new[field]).map(|other| &other.id));
        }
        if customers.len() + leads.len() > found {
            pointers.push(pointer.to_owned());
        }
    }
    for list in [&mut customers, &mut leads] {
        list.sort_unstable();
        list.dedup();
    }
    let count = customers.len() + leads.len();
    if count == 0 {
        return Ok(());
    }
    customers.retain(|id| customers::sees(world, who, customers::READ, id));
    leads.retain(|id| leads::sees(world, who, leads::READ, id));
    let visible: Vec<&String> = customers.into_iter().chain(leads).collect();
    let hidden = count - visible.len();
    Err(Expected { members: json!({"matches": {"ids": visible, "hidden": hidden}}), pointers, ..Expected::problem(409, "DUPLICATE") })
}
