//! The rules of customers, as far as leads become them, and how calls about them are made up.

use crate::model::call::{Act, Call};
use crate::model::duplicates;
use crate::model::expected::Expected;
use crate::model::follow_ups;
use crate::model::forms::{self, Form, or_null, some_email, somebody};
use crate::model::leads;
use crate::model::registry::Resource;
use crate::model::world::{Answer, Right, World, check_assignable, check_version, covers, patch, team};
use proptest::prelude::*;
use serde_json::{Value, json};

pub const READ: Right = Right::EVERYBODY.and_pool();
pub const UPDATE: Right = Right::EVERYBODY;
const DELETE: Right = Right::MANAGERS;
const ASSIGN: Right = Right::MANAGERS.and_pool();

pub const RESOURCE: Resource = Resource {
    acts: &[
        Act::new("GET", "/customers/{id}", 3, READ, get, form),
        Act::new("PATCH", "/customers/{id}", 1, UPDATE, update, update_form),
        Act::new("DELETE", "/customers/{id}", 1, DELETE, delete, guarded_form),
        Act::new("PATCH", "/customers/{id}/assign", 2, ASSIGN, assign, assign_form).requires(&["ownerId"]),
    ],
    pages: |world| world.records.customers.values().map(|found| (format!("/customers/{}", found.id), Some(page(world, found)))).collect(),
    lists: &["/customers?limit=100", "/customers?archived=true&limit=100"],
};

#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    pub id: String,
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub owner: Option<String>,
    pub archived: bool,
    pub from_lead: Option<String>,
    pub version: u64,
}

/// Whether a customer is there and inside.
pub fn sees(world: &World, who: &str, right: Right, id: &str) -> bool {
    world.records.customers.get(id).is_some_and(|customer| covers(who, right, customer.owner.as_deref()))
}

/// The customer of the path, if the caller reaches it.
fn reached(world: &World, call: &Call) -> Result<Customer, Expected> {
    let customer = world.records.customers.get(&call.id).filter(|_| sees(world, call.who, call.act.right, &call.id));
    customer.cloned().ok_or_else(|| Expected::unreached(sees(world, call.who, READ, &call.id)))
}

pub fn show(customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "name": customer.name,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "company": customer.company,
        "email": customer.email,
        "phone": customer.phone,
        "lifecycle": "CUSTOMER",
        "ownerId": customer.owner,
        "teamId": team(customer.owner.as_deref()),
        "archived": customer.archived,
        "convertedFromLeadId": customer.from_lead,
        "version": customer.version,
    })
}

/// The page of a customer: with what stands beside it and beside its leads.
fn page(world: &World, customer: &Customer) -> Value {
    let leads = leads::of_customer(world, &customer.id);
    let of_lead = |lead: &Option<String>| leads.iter().filter(|known| Some(&known.id) == lead.as_ref()).count();
    let own = |id: &Option<String>| usize::from(id.as_ref() == Some(&customer.id));
    let pending = follow_ups::pending(world, |follow_up| own(&follow_up.customer) + of_lead(&follow_up.lead) > 0);
    let tasks = world.records.tasks.values().filter(|task| task.is_open());
    let open: usize = tasks.map(|task| own(&task.customer) + of_lead(&task.lead)).sum();
    let mut shown = show(customer);
    shown["counts"] = json!({"activities": 0, "followUpsPending": pending.len(), "tasksOpen": open, "projects": 0, "orders": 0});
    shown["latestNotes"] = json!([]);
    follow_ups::show_next(&mut shown, &pending);
    shown
}

fn keep(world: &mut World, old: &Customer, mut new: Customer) -> Expected {
    new.version += u64::from(*old != new);
    world.records.customers.insert(new.id.clone(), new.clone());
    Expected::ok(page(world, &new), new.version)
}

fn get(world: &mut World, call: &Call) -> Answer {
    reached(world, call).map(|customer| Expected::ok(page(world, &customer), customer.version))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    check_version(call, old.version)?;
    let mut new = old.clone();
    patch(&mut new.email, call, "email");
    new.email = new.email.map(|address| address.to_lowercase());
    if call.body.get("archived") == Some(&json!(false)) {
        new.archived = false;
    }
    if !duplicates::allowed(call) {
        duplicates::check(world, call.who, &duplicates::of_customer(&old), &duplicates::of_customer(&new), false)?;
    }
    Ok(keep(world, &old, new))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    check_version(call, old.version)?;
    let new = Customer { archived: true, ..old.clone() };
    keep(world, &old, new);
    Ok(Expected::nothing())
}

fn assign(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let wanted = call.body.get("ownerId").ok_or_else(|| Expected::wrong(&["/ownerId"]))?;
    if let Some(owner) = wanted.as_str() {
        check_assignable(call.who, ASSIGN, owner, "/ownerId")?;
    }
    check_version(call, old.version)?;
    let new = Customer { owner: wanted.as_str().map(str::to_owned), ..old.clone() };
    leads::follow(world, &old.id, new.owner.as_ref());
    let answer = keep(world, &old, new);
    leads::follow_owner(world, &|_, customer| customer == Some(&old.id), old.owner.as_ref(), wanted.as_str());
    Ok(answer)
}

fn form(world: &World) -> Form {
    Form::about(world, world.records.customers.values().map(|customer| (customer.id.clone(), customer.version)).collect())
}

fn guarded_form(world: &World) -> Form {
    form(world).guarded()
}

fn update_form(world: &World) -> Form {
    forms::duplicates(guarded_form(world)).field(0.9, "archived", Just(false)).field(0.5, "email", some_email())
}

fn assign_form(world: &World) -> Form {
    guarded_form(world).field(0.95, "ownerId", or_null(somebody()))
}
