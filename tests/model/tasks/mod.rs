//! The rules of tasks: what each route answers, and when a task comes again.

mod calls;

use crate::model::below::{Work, check_lead, is_due, is_of, is_overdue, is_word};
use crate::model::calendar::later;
use crate::model::call::{Act, Call, WRONG};
use crate::model::customers;
use crate::model::expected::{ANY, Expected};
use crate::model::leads;
use crate::model::registry::Resource;
use crate::model::world::{Answer, Moves, Right, World, check_assignable, check_version, covers, in_order, moves, patch, put, team};
use serde_json::{Value, json};

const RIGHT: Right = Right::EVERYBODY.and_pool();

pub const RESOURCE: Resource = Resource {
    acts: &[
        Act::new("POST", "/tasks", 12, Right::EVERYBODY, create, calls::create).makes("task").requires(&["title"]),
        Act::new("GET", "/tasks", 5, RIGHT, list, calls::list),
        Act::new("GET", "/tasks/{id}", 3, RIGHT, get, calls::get),
        Act::new("PATCH", "/tasks/{id}", 7, RIGHT, update, calls::update).never_null(&["title", "priority", "ownerId"]),
        Act::new("PATCH", "/tasks/{id}/status", 7, RIGHT, set_status, calls::set_status).requires(&["status"]),
        Act::new("DELETE", "/tasks/{id}", 2, RIGHT, delete, calls::delete),
    ],
    pages: |world| world.records.tasks.values().map(|task| (format!("/tasks/{}", task.id), Some(whole(world, task)))).collect(),
    lists: &["/tasks?limit=100"],
};

/// The statuses and where each leads.
const MOVES: &Moves = &[
    ("TODO", &["IN_PROGRESS", "DONE", "CANCELLED"]),
    ("IN_PROGRESS", &["TODO", "DONE", "CANCELLED"]),
    ("DONE", &["TODO"]),
    ("CANCELLED", &["TODO"]),
];

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    id: String,
    created: String,
    title: String,
    description: Option<String>,
    status: &'static str,
    priority: String,
    due: Option<String>,
    owner: String,
    pub customer: Option<String>,
    pub lead: Option<String>,
    pub recurrence: Value,
    version: u64,
}

impl Task {
    pub fn is_open(&self) -> bool {
        matches!(self.status, "TODO" | "IN_PROGRESS")
    }

    /// Open, or to come again.
    pub fn is_work(&self) -> bool {
        self.is_open() || !self.recurrence.is_null()
    }
}

/// When a task comes again: the first repetition after its date and after now.
fn next_occurrence(world: &World, task: &Task) -> Option<String> {
    let rule = task.recurrence.as_object()?;
    let now = world.time();
    let step = rule["every"].as_i64().expect("a number") * if rule["unit"] == "WEEK" { 7 } else { 1 };
    let mut next = later(task.due.as_ref().unwrap_or(&task.created), step);
    while next <= now {
        next = later(&next, step);
    }
    rule["until"].as_str().is_none_or(|until| &next[..10] <= until).then_some(next)
}

fn show(world: &World, task: &Task) -> Value {
    json!({
        "id": task.id,
        "title": task.title,
        "status": task.status,
        "priority": task.priority,
        "dueAt": task.due,
        "overdue": task.is_open() && task.due.as_deref().is_some_and(is_overdue),
        "ownerId": task.owner,
        "teamId": team(Some(&task.owner)),
        "customerId": task.customer,
        "leadId": task.lead,
        "projectId": null,
        "recurrence": task.recurrence,
        "nextOccurrenceAt": next_occurrence(world, task),
        "templateId": null,
        "completedAt": (task.status == "DONE").then_some(ANY),
        "createdAt": task.created,
        "version": task.version,
    })
}

/// With the members that only a single task has.
fn whole(world: &World, task: &Task) -> Value {
    let mut shown = show(world, task);
    shown["description"] = json!(task.description);
    shown
}

/// Changes tasks as the background does, without a new version, and notes which to look at.
pub fn change_all(world: &mut World, change: impl Fn(&mut Task) -> bool) {
    let changed: Vec<String> = world.records.tasks.values_mut().filter_map(|task| change(task).then(|| task.id.clone())).collect();
    for id in changed {
        let shown = show(world, &world.records.tasks[&id]);
        world.after.push((format!("/tasks/{id}"), Some(shown)));
    }
}

/// What is work below what was given away goes from the former owner to the new one, in the background.
pub fn follow_owner(world: &mut World, is_below: &dyn Fn(Option<&String>, Option<&String>) -> bool, former: &str, to: &str) {
    change_all(world, |task| {
        let moves = task.is_work() && task.owner == former && is_below(task.lead.as_ref(), task.customer.as_ref());
        if moves {
            to.clone_into(&mut task.owner);
            task.version += 1;
        }
        moves
    });
}

/// What is opened again, or is to come again, under a lead that was converted goes to its customer.
fn follow_lead(world: &World, task: &mut Task) {
    let became = task.lead.as_ref().and_then(|lead| world.records.leads.get(lead)).and_then(|lead| lead.customer.clone());
    if became.is_some() && task.is_work() {
        task.lead = None;
        task.customer = task.customer.take().or(became);
    }
}

/// What a body hangs a task under, where it does not yet: each inside what the caller may read, and the
/// lead not converted.
fn check_named(world: &World, call: &Call, old: Option<&Task>) -> Result<(), Expected> {
    let mut wrong = Vec::new();
    let new = |name: &str, of: fn(&Task) -> &Option<String>| call.given(name).filter(|id| old.is_none_or(|old| of(old).as_ref() != Some(id)));
    if new("customerId", |task| &task.customer).is_some_and(|id| !customers::sees(world, call.who, customers::READ, &id)) {
        wrong.push("/customerId");
    }
    if call.given("projectId").is_some() {
        wrong.push("/projectId");
    }
    if ends_early(world, call, old) {
        wrong.push("/recurrence/until");
    }
    if let Some(id) = new("leadId", |task| &task.lead) {
        match check_lead(world, call.who, leads::READ, &id) {
            Err(refused) if refused.status == 409 => return Err(refused),
            Err(_) => wrong.push("/leadId"),
            Ok(()) => {}
        }
    }
    let owner = call.given("ownerId").filter(|id| *id != call.who && old.is_none_or(|old| old.owner != *id));
    wrong.extend(owner.and_then(|owner| check_assignable(call.who, RIGHT, &owner, "/ownerId").err()).map(|_| "/ownerId"));
    if wrong.is_empty() { Ok(()) } else { Err(Expected::wrong(&wrong)) }
}

/// Whether a body has a series, another than there is, that ends before the day of its first task: its date, else the day
/// it is made.
fn ends_early(world: &World, call: &Call, old: Option<&Task>) -> bool {
    let made = old.map_or_else(|| world.time(), |old| old.created.clone());
    let first = match call.body.get("dueAt") {
        Some(due) => due.as_str().filter(|due| *due != WRONG),
        None => old.and_then(|old| old.due.as_deref()),
    };
    let first = first.unwrap_or(&made);
    let rule = call.body.get("recurrence").filter(|rule| old.is_none_or(|old| old.recurrence != recurrence(rule)));
    let until = rule.and_then(|rule| rule["until"].as_str());
    until.is_some_and(|until| until < &first[..10])
}

/// The recurrence of a body as it is shown.
fn recurrence(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { json!({"every": value["every"], "unit": value["unit"], "until": value["until"]}) }
}

/// The task of the path, if the caller may change it.
fn reached(world: &World, call: &Call) -> Result<Task, Expected> {
    let found = world.records.tasks.get(&call.id).ok_or_else(Expected::not_found)?;
    work(found).check_changeable(world, call.who, RIGHT)?;
    Ok(found.clone())
}

fn work(task: &Task) -> Work<'_> {
    Work { person: &task.owner, lead: task.lead.as_ref(), customer: task.customer.as_ref() }
}

/// What the task of a change hangs under already, and whose it is, where the caller sees it.
pub fn links_shown(world: &World, call: &Call) -> Vec<String> {
    let changed = world.records.tasks.get(&call.id).filter(|_| (call.act.method, call.act.path) == ("PATCH", "/tasks/{id}"));
    let shown = changed.filter(|task| work(task).is_seen(world, call.who, RIGHT));
    let links = |task: &Task| [task.lead.clone(), task.customer.clone(), Some(task.owner.clone())];
    shown.into_iter().flat_map(links).flatten().collect()
}

fn keep(world: &mut World, old: &Task, mut new: Task) -> Expected {
    new.version += u64::from(*old != new);
    let expected = Expected::ok(whole(world, &new), new.version);
    world.records.tasks.insert(new.id.clone(), new);
    expected
}

fn create(world: &mut World, call: &Call) -> Answer {
    check_named(world, call, None)?;
    let owner = call.given("ownerId").unwrap_or_else(|| call.who.to_owned());
    let task = Task {
        id: call.makes.clone(),
        created: world.time(),
        title: call.given("title").expect("a title"),
        description: call.given("description"),
        status: moves(MOVES, call.given("status").as_deref().unwrap_or("TODO")).0,
        priority: call.given("priority").unwrap_or_else(|| "NORMAL".to_owned()),
        due: call.given("dueAt"),
        owner,
        customer: call.given("customerId"),
        lead: call.given("leadId"),
        recurrence: call.body.get("recurrence").map(recurrence).unwrap_or_default(),
        version: 1,
    };
    let shown = whole(world, &task);
    world.name(&task.id);
    world.records.tasks.insert(task.id.clone(), task);
    Ok(Expected::created(shown))
}

/// Whether the caller reads the record of the path.
pub fn is_seen(world: &World, call: &Call) -> bool {
    world.records.tasks.get(&call.id).is_some_and(|found| work(found).is_seen(world, call.who, RIGHT))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let inside = |found: &&Task| work(found).is_seen(world, call.who, RIGHT);
    let found = world.records.tasks.get(&call.id).filter(inside).ok_or_else(Expected::not_found)?;
    Ok(Expected::ok(whole(world, found), found.version))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    check_named(world, call, Some(&old))?;
    check_version(call, old.version)?;
    let mut new = old.clone();
    put(&mut new.title, call, "title");
    put(&mut new.priority, call, "priority");
    put(&mut new.owner, call, "ownerId");
    patch(&mut new.description, call, "description");
    patch(&mut new.due, call, "dueAt");
    patch(&mut new.customer, call, "customerId");
    patch(&mut new.lead, call, "leadId");
    if let Some(rule) = call.body.get("recurrence") {
        new.recurrence = recurrence(rule);
        if !new.recurrence.is_null() {
            follow_lead(world, &mut new);
        }
    }
    Ok(keep(world, &old, new))
}

fn set_status(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let (to, _) = moves(MOVES, &call.given("status").unwrap_or_default());
    check_version(call, old.version)?;
    let (from, allowed) = moves(MOVES, old.status);
    if from != to && !allowed.contains(&to) {
        return Err(Expected::refused("TASK_TRANSITION", allowed));
    }
    let mut new = Task { status: to, ..old.clone() };
    if to != from {
        follow_lead(world, &mut new);
    }
    Ok(keep(world, &old, new))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    check_version(call, old.version)?;
    world.records.tasks.remove(&old.id);
    world.gone.push(old.id);
    Ok(Expected::nothing())
}

fn list(world: &mut World, call: &Call) -> Answer {
    let (lead, customer, due, status) = (call.asked("leadId"), call.asked("customerId"), call.asked("due"), call.asked("status"));
    let word = is_word(due);
    if word && matches!(status, Some("DONE" | "CANCELLED")) {
        return Err(Expected::wrong(&["?status"]));
    }
    // The lead comes first; the customer then only narrows the list.
    let hidden = match (lead, customer) {
        (Some(id), _) => !leads::sees(world, call.who, RIGHT, id),
        (None, Some(id)) => !customers::sees(world, call.who, RIGHT, id),
        (None, None) => false,
    };
    if hidden {
        return Err(Expected::not_found());
    }
    let wanted = |found: &&Task| {
        let inside = lead.is_some() || customer.is_some() || covers(call.who, RIGHT, Some(&found.owner));
        let in_status = match status {
            Some("open") => found.is_open(),
            Some(status) => found.status == status,
            None => !word || found.is_open(),
        };
        inside
            && in_status
            && (lead.is_none() || found.lead.as_deref() == lead)
            && (customer.is_none() || found.customer.as_deref() == customer)
            && is_of(call, "ownerId", &found.owner)
            && is_due(found.due.as_deref(), due)
    };
    // What has no date stands behind every date.
    let descending = call.asked("sort") == Some("-dueAt");
    let nowhen = if descending { "" } else { "~" };
    let order = |found: &Task| (found.due.clone().unwrap_or_else(|| nowhen.to_owned()), found.id.clone());
    let rows = in_order(world.records.tasks.values().filter(wanted), order, descending);
    Ok(Expected::rows(rows.into_iter().map(|found| show(world, found)).collect()))
}
