//! How calls about tasks are made up.

use crate::model::below::{due_list, with_parent};
use crate::model::call::NEVER;
use crate::model::forms::{Form, date, day, one_of, or_null, somebody, word};
use crate::model::world::World;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Value, json};

const STATUSES: &[&str] = &["TODO", "IN_PROGRESS", "DONE", "CANCELLED"];

fn form(world: &World) -> Form {
    Form::about(world, world.records.tasks.values().map(|task| (task.id.clone(), task.version)).collect())
}

fn recurrence() -> impl Strategy<Value = Value> {
    (1..10, one_of(&["DAY", "WEEK"]), weighted(0.33, day())).prop_map(|(every, unit, until)| match until {
        Some(until) => json!({"every": every, "unit": unit, "until": until}),
        None => json!({"every": every, "unit": unit}),
    })
}

/// The fields that a task may have.
fn with_fields(form: Form, world: &World, chance: f64) -> Form {
    let form = with_parent(form, world, chance).field(chance, "dueAt", or_null(date()));
    let form = form.field(chance / 2.0, "priority", one_of(&["LOW", "NORMAL", "HIGH"])).field(chance / 2.0, "description", or_null(word()));
    form.field(chance / 3.0, "recurrence", or_null(recurrence())).field(0.03, "projectId", Just(NEVER))
}

pub fn create(world: &World) -> Form {
    let form = Form::new().field(0.97, "title", word()).field(0.25, "status", one_of(STATUSES)).field(0.33, "ownerId", somebody());
    with_fields(form, world, 0.5).spoilt(&["dueAt", "status", "leadId", "ownerId", "priority", "recurrence"])
}

pub fn list(world: &World) -> Form {
    due_list(world, "ownerId", &["open", "open", "TODO", "IN_PROGRESS", "DONE", "CANCELLED"])
}

pub fn get(world: &World) -> Form {
    form(world)
}

pub fn update(world: &World) -> Form {
    let form = form(world).guarded().field(0.33, "title", word()).field(0.25, "ownerId", somebody());
    let form = with_fields(form, world, 0.25).field(0.08, "leadId", Just(Value::Null)).field(0.08, "customerId", Just(Value::Null));
    form.nulled(&["title", "priority", "ownerId"]).spoilt(&["dueAt", "leadId", "ownerId", "priority", "recurrence"])
}

pub fn set_status(world: &World) -> Form {
    form(world).guarded().field(0.97, "status", one_of(STATUSES)).spoilt(&["status"])
}

pub fn delete(world: &World) -> Form {
    form(world).guarded()
}
