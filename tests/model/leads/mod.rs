//! The rules of leads: what each route answers, and what follows.

mod calls;
mod conversion;

use crate::model::call::{Act, Call};
use crate::model::duplicates;
use crate::model::expected::{ANY, Expected};
use crate::model::follow_ups;
use crate::model::registry::Resource;
use crate::model::tasks;
use crate::model::world::{Answer, Moves, Right, World, check_assignable, check_version, covers, holds, in_order, moves, patch, team};
pub use conversion::{follow, of_customer};
use serde_json::{Value, json};

pub const READ: Right = Right::EVERYBODY.and_pool();
pub const UPDATE: Right = Right::EVERYBODY.and_pool();
const DELETE: Right = Right::EVERYBODY;
const PURGE: Right = Right::ADMINISTRATORS;
const ASSIGN: Right = Right::MANAGERS.and_pool();
const CONVERT: Right = Right::EVERYBODY;

pub const RESOURCE: Resource = Resource {
    acts: &[
        Act::new("POST", "/leads", 14, Right::EVERYBODY, create, calls::create).makes("lead"),
        Act::new("GET", "/leads", 5, READ, list, calls::list),
        Act::new("GET", "/leads/{id}", 4, READ, get, calls::get),
        Act::new("PATCH", "/leads/{id}", 8, UPDATE, update, calls::update),
        Act::new("DELETE", "/leads/{id}", 6, DELETE, delete, calls::delete),
        Act::new("PATCH", "/leads/{id}/status", 8, UPDATE, set_status, calls::set_status).requires(&["status"]),
        Act::new("PATCH", "/leads/{id}/assign", 5, ASSIGN, assign, calls::assign).requires(&["ownerId"]),
        Act::new("POST", "/leads/{id}/convert", 7, CONVERT, conversion::convert, calls::convert).makes("customer").bare(),
    ],
    pages: |world| world.records.leads.values().map(|lead| (format!("/leads/{}", lead.id), Some(page(world, lead)))).collect(),
    lists: &["/leads?limit=100", "/leads?archived=true&limit=100"],
};

/// The statuses and where each leads.
const MOVES: &Moves = &[
    ("NEW", &["CONTACTED", "IN_PROGRESS", "QUALIFIED", "CLOSED"]),
    ("CONTACTED", &["IN_PROGRESS", "QUALIFIED", "CLOSED"]),
    ("IN_PROGRESS", &["CONTACTED", "QUALIFIED", "CLOSED"]),
    ("QUALIFIED", &["IN_PROGRESS", "CLOSED"]),
    ("CLOSED", &["NEW", "IN_PROGRESS"]),
    ("CONVERTED", &[]),
];

#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    pub id: String,
    created: String,
    title: String,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    description: Option<String>,
    pub status: &'static str,
    close_reason: Option<String>,
    close_note: Option<String>,
    pub owner: Option<String>,
    pub archived: bool,
    pub customer: Option<String>,
    pub version: u64,
}

/// Who decides about the reach of a lead: its owner, or that of the customer it became.
fn keeper(world: &World, lead: &Lead) -> Option<String> {
    match &lead.customer {
        Some(customer) => world.records.customers[customer].owner.clone(),
        None => lead.owner.clone(),
    }
}

/// Whether a lead is there and inside.
pub fn sees(world: &World, who: &str, right: Right, id: &str) -> bool {
    world.records.leads.get(id).is_some_and(|lead| covers(who, right, keeper(world, lead).as_deref()))
}

/// The lead of the path, if the caller reaches it.
fn reached(world: &World, call: &Call) -> Result<Lead, Expected> {
    let lead = world.records.leads.get(&call.id).filter(|_| sees(world, call.who, call.act.right, &call.id));
    lead.cloned().ok_or_else(|| Expected::unreached(sees(world, call.who, READ, &call.id)))
}

/// Refuses a change of a lead that was converted.
pub fn check_unconverted(lead: &Lead) -> Result<(), Expected> {
    let refused = |customer: &String| Expected { members: json!({"customerId": customer}), ..Expected::problem(409, "LEAD_CONVERTED") };
    lead.customer.as_ref().map_or(Ok(()), |customer| Err(refused(customer)))
}

fn check_duplicates(world: &World, call: &Call, old: Option<&Lead>, new: &Lead) -> Result<(), Expected> {
    if duplicates::allowed(call) {
        return Ok(());
    }
    duplicates::check(world, call.who, &old.map(duplicates::of_lead).unwrap_or_default(), &duplicates::of_lead(new), true)
}

/// The title of a lead that was given none.
fn built_title(lead: &Lead) -> Option<String> {
    let name = match (&lead.first_name, &lead.last_name) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (None, last) => last.clone(),
        (Some(_), None) => None,
    };
    name.or_else(|| lead.company.clone()).or_else(|| lead.email.clone()).or_else(|| lead.phone.clone())
}

fn show(lead: &Lead) -> Value {
    json!({
        "id": lead.id,
        "title": lead.title,
        "firstName": lead.first_name,
        "lastName": lead.last_name,
        "company": lead.company,
        "email": lead.email,
        "phone": lead.phone,
        "status": lead.status,
        "closeReason": lead.close_reason,
        "closeNote": lead.close_note,
        "ownerId": lead.owner,
        "teamId": team(lead.owner.as_deref()),
        "archived": lead.archived,
        "archivedAt": lead.archived.then_some(ANY),
        "convertedCustomerId": lead.customer,
        "convertedAt": lead.customer.as_ref().map(|_| ANY),
        "createdAt": lead.created,
        "version": lead.version,
    })
}

/// With the members that only a single lead has.
pub fn whole(lead: &Lead) -> Value {
    let mut shown = show(lead);
    shown["description"] = json!(lead.description);
    shown
}

/// The page of a lead: with what stands beside it.
fn page(world: &World, lead: &Lead) -> Value {
    let pending = follow_ups::pending(world, |follow_up| follow_up.lead.as_ref() == Some(&lead.id));
    let open = world.records.tasks.values().filter(|task| task.is_open() && task.lead.as_ref() == Some(&lead.id)).count();
    let mut shown = whole(lead);
    shown["counts"] = json!({"activities": 0, "followUpsPending": pending.len(), "tasksOpen": open});
    shown["latestNotes"] = json!([]);
    follow_ups::show_next(&mut shown, &pending);
    shown
}

/// What the former owner of a lead or customer had to do on it goes to the new one, in the background.
pub fn follow_owner(world: &mut World, is_below: &dyn Fn(Option<&String>, Option<&String>) -> bool, former: Option<&String>, to: Option<&str>) {
    if let (Some(former), Some(to)) = (former, to)
        && former != to
    {
        follow_ups::follow_owner(world, is_below, former, to);
        tasks::follow_owner(world, is_below, former, to);
    }
}

/// Keeps a changed lead; what did not change stays at its version.
fn keep(world: &mut World, old: &Lead, mut new: Lead) -> Expected {
    new.version += u64::from(*old != new);
    world.records.leads.insert(new.id.clone(), new.clone());
    Expected::ok(page(world, &new), new.version)
}

fn create(world: &mut World, call: &Call) -> Answer {
    let mut lead = Lead {
        id: call.makes.clone(),
        created: world.time(),
        title: String::new(),
        first_name: call.given("firstName"),
        last_name: call.given("lastName"),
        company: call.given("company"),
        email: call.given("email").map(|address| address.to_lowercase()),
        phone: call.given("phone"),
        description: call.given("description"),
        status: "NEW",
        close_reason: None,
        close_note: None,
        owner: None,
        archived: false,
        customer: None,
        version: 1,
    };
    let mut wrong = Vec::new();
    match call.given("title").or_else(|| built_title(&lead)) {
        Some(title) => lead.title = title,
        None => wrong.push("/title"),
    }
    if let Some(status) = call.given("status") {
        lead.status = moves(MOVES, &status).0;
        if matches!(lead.status, "CLOSED" | "CONVERTED") {
            wrong.push("/status");
        }
    }
    lead.owner = match call.body.get("ownerId").map(Value::as_str) {
        None => Some(call.who.to_owned()),
        Some(Some(owner)) if owner == call.who => Some(owner.to_owned()),
        Some(_) if !holds(call.who, ASSIGN) => return Err(Expected::forbidden()),
        Some(Some(owner)) => {
            wrong.extend(check_assignable(call.who, ASSIGN, owner, "/ownerId").is_err().then_some("/ownerId"));
            Some(owner.to_owned())
        }
        Some(None) => None,
    };
    if !wrong.is_empty() {
        return Err(Expected::wrong(&wrong));
    }
    check_duplicates(world, call, None, &lead)?;
    let shown = page(world, &lead);
    world.name(&lead.id);
    world.records.leads.insert(lead.id.clone(), lead);
    Ok(Expected::created(shown))
}

fn get(world: &mut World, call: &Call) -> Answer {
    reached(world, call).map(|lead| Expected::ok(page(world, &lead), lead.version))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let archived = call.asked("archived") == Some("true");
    let wanted = |lead: &&Lead| {
        let of_owner = match call.asked("ownerId") {
            None => true,
            Some("me") => lead.owner.as_deref() == Some(call.who),
            Some("none") => lead.owner.is_none(),
            Some(owner) => lead.owner.as_deref() == Some(owner),
        };
        of_owner
            && lead.archived == archived
            && covers(call.who, READ, lead.owner.as_deref())
            && call.asked("status").is_none_or(|status| lead.status == status)
    };
    let newest_first = call.asked("sort") != Some("createdAt");
    let rows = in_order(world.records.leads.values().filter(wanted), |lead| (lead.created.clone(), lead.id.clone()), newest_first);
    Ok(Expected::rows(rows.into_iter().map(show).collect()))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let mut new = old.clone();
    patch(&mut new.first_name, call, "firstName");
    patch(&mut new.last_name, call, "lastName");
    patch(&mut new.company, call, "company");
    patch(&mut new.email, call, "email");
    new.email = new.email.map(|address| address.to_lowercase());
    patch(&mut new.phone, call, "phone");
    patch(&mut new.description, call, "description");
    let mut wrong = Vec::new();
    if let Some(title) = call.body.get("title") {
        match title.as_str().map(str::to_owned).or_else(|| built_title(&new)) {
            Some(title) => new.title = title,
            None => wrong.push("/title"),
        }
    }
    match call.body.get("archived").and_then(Value::as_bool) {
        Some(true) if !old.archived => wrong.push("/archived"),
        Some(false) => new.archived = false,
        _ => {}
    }
    if !wrong.is_empty() {
        return Err(Expected::wrong(&wrong));
    }
    check_version(call, old.version)?;
    check_unconverted(&old)?;
    check_duplicates(world, call, Some(&old), &new)?;
    Ok(keep(world, &old, new))
}

fn set_status(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let (to, _) = moves(MOVES, &call.given("status").unwrap_or_default());
    let reasons: Vec<&str> = ["/closeReason", "/closeNote"].into_iter().filter(|pointer| call.given(&pointer[1..]).is_some()).collect();
    if to != "CLOSED" && !reasons.is_empty() {
        return Err(Expected::wrong(&reasons));
    }
    check_version(call, old.version)?;
    check_unconverted(&old).map_err(|refused| refused.about("/status"))?;
    let (from, allowed) = moves(MOVES, old.status);
    if from == to {
        let mut new = old.clone();
        patch(&mut new.close_reason, call, "closeReason");
        patch(&mut new.close_note, call, "closeNote");
        return Ok(keep(world, &old, new));
    }
    if old.archived {
        return Err(Expected::refused("LEAD_TRANSITION", &[]));
    }
    if !allowed.contains(&to) {
        return Err(Expected::refused("LEAD_TRANSITION", allowed));
    }
    let new = Lead { status: to, close_reason: call.given("closeReason"), close_note: call.given("closeNote"), ..old.clone() };
    check_duplicates(world, call, Some(&old), &new)?;
    Ok(keep(world, &old, new))
}

fn assign(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let wanted = call.body.get("ownerId").ok_or_else(|| Expected::wrong(&["/ownerId"]))?;
    check_unconverted(&old)?;
    if let Some(owner) = wanted.as_str() {
        check_assignable(call.who, ASSIGN, owner, "/ownerId")?;
    }
    check_version(call, old.version)?;
    let new = Lead { owner: wanted.as_str().map(str::to_owned), ..old.clone() };
    let answer = keep(world, &old, new);
    follow_owner(world, &|lead, _| lead == Some(&old.id), old.owner.as_ref(), wanted.as_str());
    Ok(answer)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let old = reached(world, call)?;
    let hard = call.asked("hard") == Some("true");
    if hard && !holds(call.who, PURGE) {
        return Err(Expected::forbidden());
    }
    check_version(call, old.version)?;
    check_unconverted(&old)?;
    if !hard {
        let new = Lead { archived: true, ..old.clone() };
        keep(world, &old, new);
        return Ok(Expected::nothing());
    }
    world.records.leads.remove(&old.id);
    follow_ups::purge(world, &old.id);
    tasks::change_all(world, |task| {
        let hangs = task.lead.as_ref() == Some(&old.id);
        task.lead = task.lead.take().filter(|_| !hangs);
        hangs
    });
    world.gone.push(old.id);
    Ok(Expected::nothing())
}
