//! How calls about leads are made up.

use crate::model::forms::{Form, contact, duplicates, one_of, or_null, paged, reference, somebody, word};
use crate::model::world::World;
use proptest::prelude::*;
use proptest::sample::select;

const STATUSES: &[&str] = &["NEW", "CONTACTED", "IN_PROGRESS", "IN_PROGRESS", "QUALIFIED", "CLOSED", "CONVERTED"];

fn form(world: &World) -> Form {
    Form::about(world, world.records.leads.values().map(|lead| (lead.id.clone(), lead.version)).collect())
}

/// About any lead, or half of the time about one that something hangs below.
fn loaded(world: &World) -> Form {
    let records = &world.records;
    let parents =
        records.follow_ups.values().filter_map(|found| found.lead.as_ref()).chain(records.tasks.values().filter_map(|task| task.lead.as_ref()));
    let parents = parents.filter_map(|id| records.leads.get(id)).map(|lead| (lead.id.clone(), lead.version));
    let all = records.leads.values().map(|lead| (lead.id.clone(), lead.version));
    Form::about(world, all.chain(parents).collect())
}

pub fn create(_: &World) -> Form {
    let form = contact(duplicates(Form::new()).field(0.66, "title", word()), 0.5);
    form.field(0.5, "ownerId", or_null(somebody())).field(0.2, "status", one_of(STATUSES)).spoilt(&["email", "phone", "ownerId", "status"])
}

pub fn list(_: &World) -> Form {
    let form = Form::new().query(0.5, "status", one_of(STATUSES));
    let form = form.query(0.33, "ownerId", prop_oneof![Just("me"), Just("none"), somebody()]);
    let form = form.query(0.25, "archived", one_of(&["true", "true", "false"])).query(0.33, "sort", one_of(&["createdAt", "-createdAt"]));
    paged(form).spoilt_query("status")
}

pub fn get(world: &World) -> Form {
    form(world)
}

pub fn update(world: &World) -> Form {
    let form = contact(duplicates(form(world).guarded()).field(0.33, "title", or_null(word())), 0.25);
    form.field(0.33, "archived", select(vec![false, false, false, true])).spoilt(&["email", "phone", "archived"])
}

pub fn delete(world: &World) -> Form {
    loaded(world).guarded().query(0.5, "hard", one_of(&["true", "true", "false"]))
}

pub fn set_status(world: &World) -> Form {
    let reasons = (one_of(&["WON", "LOST_PRICE", "OTHER"]), word());
    let reasons =
        proptest::option::weighted(0.12, reasons.prop_map(|(reason, note)| vec![("closeReason", reason.into()), ("closeNote", note.into())]));
    let form = duplicates(form(world).guarded()).field(0.97, "status", one_of(STATUSES));
    form.fields(reasons.prop_map(Option::unwrap_or_default)).spoilt(&["status", "closeReason"])
}

pub fn assign(world: &World) -> Form {
    form(world).guarded().field(0.95, "ownerId", or_null(somebody())).spoilt(&["ownerId"])
}

pub fn convert(world: &World) -> Form {
    let form = duplicates(loaded(world).guarded());
    form.field(0.5, "customerId", reference(world, world.records.customers.keys().cloned())).spoilt(&["customerId"])
}
