//! The rules of follow-ups, and how calls about them are made up.

use crate::model::below::{Work, check_lead, due_list, is_due, is_of, is_overdue, is_word, with_parent};
use crate::model::call::{Act, Call};
use crate::model::customers;
use crate::model::expected::{ANY, Expected};
use crate::model::forms::{Form, date, one_of, or_null, somebody, word};
use crate::model::leads;
use crate::model::registry::Resource;
use crate::model::world::{After, Answer, Moves, Right, World, check_assignable, check_version, covers, in_order, moves, patch, put, team};
use serde_json::{Value, json};

const RIGHT: Right = Right::EVERYBODY.and_pool();

pub const RESOURCE: Resource = Resource {
    acts: &[
        Act::new("POST", "/follow-ups", 13, RIGHT, create, create_form).makes("follow-up").requires(&["dueAt"]),
        Act::new("GET", "/follow-ups", 5, RIGHT, list, list_form),
        Act::new("GET", "/follow-ups/{id}", 3, RIGHT, get, form),
        Act::new("PATCH", "/follow-ups/{id}", 8, RIGHT, update, update_form).never_null(&["status", "dueAt", "assigneeId"]),
        Act::new("DELETE", "/follow-ups/{id}", 2, RIGHT, delete, guarded_form),
    ],
    pages: |world| world.records.follow_ups.values().map(|found| (format!("/follow-ups/{}", found.id), Some(show(found)))).collect(),
    lists: &["/follow-ups?limit=100"],
};

/// The statuses and where each leads.
const MOVES: &Moves = &[("PENDING", &["COMPLETED", "CANCELLED"]), ("COMPLETED", &[]), ("CANCELLED", &[])];

#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp {
    id: String,
    pub lead: Option<String>,
    pub customer: Option<String>,
    due: String,
    notes: Option<String>,
    status: &'static str,
    assignee: String,
    version: u64,
}

fn show(follow_up: &FollowUp) -> Value {
    json!({
        "id": follow_up.id,
        "leadId": follow_up.lead,
        "customerId": follow_up.customer,
        "dueAt": follow_up.due,
        "notes": follow_up.notes,
        "status": follow_up.status,
        "overdue": follow_up.status == "PENDING" && is_overdue(&follow_up.due),
        "assigneeId": follow_up.assignee,
        "teamId": team(Some(&follow_up.assignee)),
        "completedAt": (follow_up.status == "COMPLETED").then_some(ANY),
        "version": follow_up.version,
    })
}

/// The pending follow-ups of a parent, the earliest first.
pub fn pending(world: &World, of_parent: impl Fn(&FollowUp) -> bool) -> Vec<&FollowUp> {
    let pending = world.records.follow_ups.values().filter(|follow_up| follow_up.status == "PENDING" && of_parent(follow_up));
    in_order(pending, |follow_up| (follow_up.due.clone(), follow_up.id.clone()), false)
}

/// What the page of a parent shows of them.
pub fn show_next(shown: &mut Value, pending: &[&FollowUp]) {
    let next = pending.first();
    shown["nextFollowUp"] = next.map_or(Value::Null, |next| json!({"id": next.id, "dueAt": next.due, "assigneeId": next.assignee}));
    shown["nextFollowUpAt"] = json!(next.map(|next| &next.due));
}

/// What hangs below a lead goes with it, in the background.
pub fn purge(world: &mut World, lead: &str) {
    let below = world.records.follow_ups.values().filter(|follow_up| follow_up.lead.as_deref() == Some(lead));
    for id in below.map(|follow_up| follow_up.id.clone()).collect::<Vec<_>>() {
        world.records.follow_ups.remove(&id);
        world.after.push((format!("/follow-ups/{id}"), None));
        world.gone.push(id);
    }
}

/// What is pending goes with a lead to the customer it became, in the background.
pub fn hand_over(world: &mut World, lead: &str, customer: &str) {
    let mut moved: Vec<After> = Vec::new();
    for follow_up in world.records.follow_ups.values_mut() {
        if follow_up.status == "PENDING" && follow_up.lead.as_deref() == Some(lead) {
            (follow_up.lead, follow_up.customer) = (None, Some(customer.to_owned()));
            moved.push((format!("/follow-ups/{}", follow_up.id), Some(show(follow_up))));
        }
    }
    world.after.extend(moved);
}

/// What is pending below what was given away goes from the former owner to the new one, in the background.
pub fn follow_owner(world: &mut World, is_below: &dyn Fn(Option<&String>, Option<&String>) -> bool, former: &str, to: &str) {
    let mut moved: Vec<After> = Vec::new();
    for follow_up in world.records.follow_ups.values_mut() {
        let below = is_below(follow_up.lead.as_ref(), follow_up.customer.as_ref());
        if below && follow_up.status == "PENDING" && follow_up.assignee == former {
            to.clone_into(&mut follow_up.assignee);
            follow_up.version += 1;
            moved.push((format!("/follow-ups/{}", follow_up.id), Some(show(follow_up))));
        }
    }
    world.after.extend(moved);
}

/// The follow-up of the path, if the caller may change it.
fn reached(world: &World, call: &Call) -> Result<FollowUp, Expected> {
    let found = world.records.follow_ups.get(&call.id).ok_or_else(Expected::not_found)?;
    work(found).check_changeable(world, call.who, RIGHT)?;
    Ok(found.clone())
}

fn work(follow_up: &FollowUp) -> Work<'_> {
    Work { person: &follow_up.assignee, lead: follow_up.lead.as_ref(), customer: follow_up.customer.as_ref() }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let (lead, customer) = (call.given("leadId"), call.given("customerId"));
    let mut wrong = match (&lead, &customer) {
        (None, None) => vec!["/leadId"],
        (Some(_), Some(_)) => vec!["/leadId", "/customerId"],
        (Some(lead), None) => match check_lead(world, call.who, RIGHT, lead) {
            Err(refused) if refused.status == 409 => return Err(refused),
            checked => checked.err().map(|_| "/leadId").into_iter().collect(),
        },
        (None, Some(customer)) => (!customers::sees(world, call.who, RIGHT, customer)).then_some("/customerId").into_iter().collect(),
    };
    let named = call.given("assigneeId");
    let refused = named.as_ref().is_some_and(|named| named != call.who && check_assignable(call.who, RIGHT, named, "/assigneeId").is_err());
    wrong.extend(refused.then_some("/assigneeId"));
    if !wrong.is_empty() {
        return Err(Expected::wrong(&wrong));
    }
    let owner = match (&lead, &customer) {
        (Some(lead), _) => world.records.leads[lead].owner.clone(),
        (None, Some(customer)) => world.records.customers[customer].owner.clone(),
        (None, None) => None,
    };
    let assignee = match named {
        Some(named) => named,
        None => owner.unwrap_or_else(|| call.who.to_owned()),
    };
    let (id, due) = (call.makes.clone(), call.given("dueAt").expect("a date"));
    let follow_up = FollowUp { id, lead, customer, due, notes: call.given("notes"), status: "PENDING", assignee, version: 1 };
    let shown = show(&follow_up);
    world.name(&follow_up.id);
    world.records.follow_ups.insert(follow_up.id.clone(), follow_up);
    Ok(Expected::created(shown))
}

/// Whose the follow-up of a change is, where the caller sees it.
pub fn assignee_shown(world: &World, call: &Call) -> Option<String> {
    let changed = (call.act.method, call.act.path) == ("PATCH", "/follow-ups/{id}") && is_seen(world, call);
    changed.then(|| world.records.follow_ups[&call.id].assignee.clone())
}

/// Whether the caller reads the record of the path.
pub fn is_seen(world: &World, call: &Call) -> bool {
    world.records.follow_ups.get(&call.id).is_some_and(|found| work(found).is_seen(world, call.who, RIGHT))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let inside = |found: &&FollowUp| work(found).is_seen(world, call.who, RIGHT);
    let found = world.records.follow_ups.get(&call.id).filter(inside).ok_or_else(Expected::not_found)?;
    Ok(Expected::ok(show(found), found.version))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    if let Some(assignee) = call.given("assigneeId").filter(|id| *id != old.assignee && *id != call.who) {
        check_assignable(call.who, RIGHT, &assignee, "/assigneeId")?;
    }
    check_version(call, old.version)?;
    let mut new = old.clone();
    if let Some(status) = call.given("status") {
        new.status = moves(MOVES, &status).0;
    }
    put(&mut new.due, call, "dueAt");
    put(&mut new.assignee, call, "assigneeId");
    let (_, allowed) = moves(MOVES, old.status);
    let is_final = allowed.is_empty();
    if is_final && new != old {
        return Err(Expected::refused("FOLLOW_UP_TRANSITION", allowed));
    }
    patch(&mut new.notes, call, "notes");
    new.version += u64::from(new != old);
    let expected = Expected::ok(show(&new), new.version);
    world.records.follow_ups.insert(new.id.clone(), new);
    Ok(expected)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    check_version(call, old.version)?;
    if old.status != "PENDING" {
        return Err(Expected::refused("FOLLOW_UP_TRANSITION", &[]));
    }
    world.records.follow_ups.remove(&old.id);
    world.gone.push(old.id);
    Ok(Expected::nothing())
}

fn list(world: &mut World, call: &Call) -> Answer {
    let (lead, customer, due) = (call.asked("leadId"), call.asked("customerId"), call.asked("due"));
    if lead.is_some() && customer.is_some() {
        return Err(Expected::wrong(&["?leadId"]));
    }
    let word = is_word(due);
    if word && call.asked("status").is_some_and(|status| status != "PENDING") {
        return Err(Expected::wrong(&["?status"]));
    }
    let status = call.asked("status").or(word.then_some("PENDING"));
    let hidden =
        lead.is_some_and(|id| !leads::sees(world, call.who, RIGHT, id)) || customer.is_some_and(|id| !customers::sees(world, call.who, RIGHT, id));
    if hidden {
        return Err(Expected::not_found());
    }
    let wanted = |found: &&FollowUp| {
        let inside = match (lead, customer) {
            (None, None) => covers(call.who, RIGHT, Some(&found.assignee)),
            _ => found.lead.as_deref() == lead && found.customer.as_deref() == customer,
        };
        inside && is_of(call, "assigneeId", &found.assignee) && status.is_none_or(|status| found.status == status) && is_due(Some(&found.due), due)
    };
    let order = |found: &FollowUp| (found.due.clone(), found.id.clone());
    let rows = in_order(world.records.follow_ups.values().filter(wanted), order, call.asked("sort") == Some("-dueAt"));
    Ok(Expected::rows(rows.into_iter().map(show).collect()))
}

fn form(world: &World) -> Form {
    Form::about(world, world.records.follow_ups.values().map(|found| (found.id.clone(), found.version)).collect())
}

fn guarded_form(world: &World) -> Form {
    form(world).guarded()
}

fn create_form(world: &World) -> Form {
    let form = with_parent(Form::new(), world, 0.95).field(0.97, "dueAt", date()).field(0.5, "notes", word());
    form.field(0.33, "assigneeId", somebody()).spoilt(&["dueAt", "leadId", "assigneeId"])
}

fn list_form(world: &World) -> Form {
    due_list(world, "assigneeId", &["PENDING", "PENDING", "COMPLETED", "CANCELLED"])
}

fn update_form(world: &World) -> Form {
    let form = guarded_form(world).field(0.5, "status", one_of(&["PENDING", "COMPLETED", "CANCELLED"])).field(0.33, "dueAt", date());
    let form = form.field(0.33, "notes", or_null(word())).field(0.25, "assigneeId", somebody());
    form.nulled(&["status", "dueAt", "assigneeId"]).spoilt(&["status", "dueAt", "assigneeId"])
}
