//! The rules of converting a lead: what becomes of it, of its customer and of the open work.

use crate::model::call::Call;
use crate::model::customers::{self, Customer};
use crate::model::duplicates;
use crate::model::expected::Expected;
use crate::model::leads::{Lead, MOVES, check_unconverted, reached, whole};
use crate::model::world::{After, Answer, World, check_version, moves};
use crate::model::{follow_ups, tasks};
use serde_json::json;

pub fn convert(world: &mut World, call: &Call) -> Answer {
    let lead = reached(world, call)?;
    if let Some(customer) = &lead.customer {
        if call.given("customerId").is_some_and(|wanted| wanted != *customer) {
            check_unconverted(&lead).map_err(|refused| refused.about("/customerId"))?;
        }
        let members = json!({"customer": customers::show(&world.records.customers[customer]), "lead": whole(&lead)});
        return Ok(Expected::ok(members, lead.version));
    }
    check_version(call, lead.version)?;
    if lead.archived {
        return Err(Expected::refused("LEAD_TRANSITION", &[]));
    }
    if lead.status == "CLOSED" {
        return Err(Expected::refused("LEAD_TRANSITION", moves(MOVES, "CLOSED").1));
    }
    let customer = match call.given("customerId") {
        Some(id) => joined(world, call, &lead, &id)?,
        None => {
            let customer = made_of(call, &lead);
            if !duplicates::allowed(call) {
                duplicates::check(world, call.who, &[None, None], &duplicates::of_customer(&customer), false)?;
            }
            world.name(&customer.id);
            customer
        }
    };
    let next =
        Lead { status: "CONVERTED", customer: Some(customer.id.clone()), owner: customer.owner.clone(), version: lead.version + 1, ..lead.clone() };
    let members = json!({"customer": customers::show(&customer), "lead": whole(&next)});
    let version = next.version;
    follow_ups::hand_over(world, &lead.id, &customer.id);
    tasks::change_all(world, |task| {
        let moves = task.lead.as_ref() == Some(&lead.id) && task.is_work();
        if moves {
            task.lead = None;
            task.customer.get_or_insert_with(|| customer.id.clone());
        }
        moves
    });
    world.records.leads.insert(next.id.clone(), next);
    world.records.customers.insert(customer.id.clone(), customer);
    Ok(Expected::ok(members, version))
}

/// The customer that a lead becomes part of.
fn joined(world: &World, call: &Call, lead: &Lead, id: &str) -> Result<Customer, Expected> {
    let usable = customers::sees(world, call.who, customers::UPDATE, id) && !world.records.customers[id].archived;
    if !usable {
        return Err(Expected::wrong(&["/customerId"]));
    }
    let old = world.records.customers[id].clone();
    Ok(Customer { version: old.version + 1, from_lead: old.from_lead.clone().or(Some(lead.id.clone())), ..old })
}

/// The customer that a lead becomes by itself.
fn made_of(call: &Call, lead: &Lead) -> Customer {
    let name = match (&lead.first_name, &lead.last_name) {
        (Some(first), Some(last)) => format!("{first} {last}"),
        (None, Some(last)) => last.clone(),
        _ => lead.company.clone().unwrap_or_else(|| lead.title.clone()),
    };
    Customer {
        id: call.makes.clone(),
        name,
        first_name: lead.first_name.clone(),
        last_name: lead.last_name.clone(),
        company: lead.company.clone(),
        email: lead.email.clone(),
        phone: lead.phone.clone(),
        owner: lead.owner.clone(),
        archived: false,
        from_lead: Some(lead.id.clone()),
        version: 1,
    }
}

/// The leads that became a customer.
pub fn of_customer<'a>(world: &'a World, customer: &str) -> Vec<&'a Lead> {
    world.records.leads.values().filter(|lead| lead.customer.as_deref() == Some(customer)).collect()
}

/// The leads that became a customer belong to its owner: in the background.
pub fn follow(world: &mut World, customer: &str, owner: Option<&String>) {
    let mut followed: Vec<After> = Vec::new();
    for lead in world.records.leads.values_mut().filter(|lead| lead.customer.as_deref() == Some(customer)) {
        lead.owner = owner.cloned();
        followed.push((format!("/leads/{}", lead.id), Some(whole(lead))));
    }
    world.after.extend(followed);
}
