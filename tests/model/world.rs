//! Everything the plain model knows: people, time and records; who reaches what; and the answer to a
//! call. Written down again from the rules and without the CRM's own code.

use crate::model::call::{Call, NO_ID, WRONG, is_name};
use crate::model::expected::Expected;
use crate::model::registry::Records;
use crate::model::{customers, follow_ups, leads, tasks};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The date on which everything happens.
pub const TODAY: &str = "2026-03-02";
/// When it begins: in the morning, so that nothing reaches midnight. Each call comes a millisecond
/// after the one before.
pub const START_SECONDS_OF_DAY: i64 = 10 * 60 * 60;
/// The number of the first record that a call makes; those before are there from the beginning.
const FIRST_NUMBER: usize = 100;

/// What somebody is in the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Manager,
    Rep,
}

/// A user; the name stands for the id.
#[derive(Debug)]
pub struct Person {
    pub name: &'static str,
    pub team: Option<&'static str>,
    pub role: Role,
    pub active: bool,
}

/// An administrator, a manager and a rep of one team, a rep of another, and somebody disabled.
pub const PEOPLE: [Person; 5] = [
    Person { name: "admin", team: None, role: Role::Admin, active: true },
    Person { name: "manager", team: Some("team"), role: Role::Manager, active: true },
    Person { name: "rep", team: Some("team"), role: Role::Rep, active: true },
    Person { name: "stranger", team: Some("other team"), role: Role::Rep, active: true },
    Person { name: "former", team: Some("team"), role: Role::Rep, active: false },
];

/// A permission: which roles have it, and whether a manager has it for what nobody owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    manager: bool,
    rep: bool,
    pool: bool,
}

impl Right {
    pub const ADMINISTRATORS: Self = Self { manager: false, rep: false, pool: false };
    pub const MANAGERS: Self = Self { manager: true, ..Self::ADMINISTRATORS };
    pub const EVERYBODY: Self = Self { rep: true, ..Self::MANAGERS };

    pub const fn and_pool(self) -> Self {
        Self { pool: true, ..self }
    }
}

/// What must be so when the background has come to rest: a path that an administrator reads, and
/// what it answers; `None` is 404.
pub type After = (String, Option<Value>);

/// An answer that is predicted, or the one that ends the call before.
pub type Answer = Result<Expected, Expected>;

/// The state of the model.
#[derive(Debug, Clone)]
pub struct World {
    pub records: Records,
    /// How many calls there were.
    pub calls: usize,
    /// The names of what was deleted.
    pub gone: Vec<String>,
    /// The names of everything that was ever made.
    pub named: BTreeSet<String>,
    /// What the latest call has to answer.
    pub expected: Expected,
    /// What follows from it in the background.
    pub after: Vec<After>,
}

impl World {
    /// A world of these records.
    pub fn new(records: Records, named: BTreeSet<String>) -> Self {
        Self { records, calls: 0, gone: Vec::new(), named, expected: Expected::default(), after: Vec::new() }
    }

    /// Now.
    pub fn time(&self) -> String {
        let millis = i64::try_from(self.calls).expect("a number");
        let seconds = START_SECONDS_OF_DAY + millis / 1000;
        format!("{TODAY}T{:02}:{:02}:{:02}.{:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
    }

    /// A name for what the next call may make. It is kept when calls before are left out.
    pub fn next_name(&self, kind: &str) -> String {
        format!("{kind}-{:05}", FIRST_NUMBER + self.calls)
    }

    /// Whether everything that a call names was made before.
    pub fn knows_names_of(&self, call: &Call) -> bool {
        call.names().all(|name| self.named.contains(name))
    }

    /// Takes a call and predicts its answer, [`World::expected`].
    pub fn take(&mut self, call: &Call) {
        self.calls += 1;
        self.after.clear();
        self.expected = match self.decide(call) {
            Ok(expected) | Err(expected) => expected,
        };
        if self.expected.status == 422 && call.json().is_some() {
            let unusable = self.unusable(call);
            self.expected.also_wrong(unusable);
        }
    }

    /// Whether the caller reads the record of a change: for others it is not there, whatever is wrong.
    fn reads_changed(&self, call: &Call) -> bool {
        match (call.act.method, call.act.path) {
            ("PATCH", "/customers/{id}") => customers::sees(self, call.who, customers::READ, &call.id),
            ("PATCH", "/leads/{id}") => leads::sees(self, call.who, leads::READ, &call.id),
            ("PATCH", "/tasks/{id}") => tasks::is_seen(self, call),
            ("PATCH", "/follow-ups/{id}") => follow_ups::is_seen(self, call),
            _ => true,
        }
    }

    /// The references of a body that lead nowhere for the caller: they are named whatever else is wrong. What
    /// the caller sees that the record has already is none of them.
    fn unusable(&self, call: &Call) -> Vec<String> {
        let shown = tasks::links_shown(self, call).into_iter().chain(follow_ups::assignee_shown(self, call)).collect::<Vec<_>>();
        let leads_nowhere = |name: &str, id: &str| match name {
            "leadId" => !leads::sees(self, call.who, leads::READ, id),
            "customerId" => !customers::sees(self, call.who, customers::READ, id),
            // The model has no projects.
            "projectId" => true,
            _ => !covers(call.who, Right::EVERYBODY, Some(id)),
        };
        let given = call.body.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
        let named = given.filter(|(name, id)| name.ends_with("Id") && *id != WRONG && !shown.iter().any(|shown| shown == id));
        named.filter(|(name, id)| leads_nowhere(name, id)).map(|(name, _)| format!("/{name}")).collect()
    }

    /// A call of which some fields are wrong by their form, with the rules that the others break. A rule that
    /// needs one of the wrong fields says nothing.
    fn with_rules(&self, call: &Call, mut wrong: Expected) -> Expected {
        let unknown: Vec<String> = wrong.pointers.iter().filter_map(|pointer| pointer.strip_prefix('/')).map(str::to_owned).collect();
        let is_unknown = |name: &str| unknown.iter().any(|unknown| unknown == name);
        // Where a record goes is all that a move is about.
        if call.json().is_none() || (call.act.path.ends_with("/status") && is_unknown("status")) {
            return wrong;
        }
        let mut known = Call { tag: None, ..call.clone() };
        known.query.retain(|(_, value)| value != WRONG);
        known.body.retain(|name, _| !is_unknown(name));
        for (name, value) in [("title", "Word"), ("dueAt", "2026-03-01T12:00:00.000Z")] {
            if is_unknown(name) && call.act.required.contains(&name) {
                known.body.insert(name.to_owned(), json!(value));
            }
        }
        let one_of_two = call.act.path == "/follow-ups";
        let needs = |pointer: &str| match pointer {
            "/title" => ["title", "firstName", "lastName", "company", "email", "phone"].into_iter().any(is_unknown),
            "/leadId" | "/customerId" if one_of_two => is_unknown("leadId") || is_unknown("customerId"),
            pointer => is_unknown(&pointer[1..]),
        };
        if let Err(found) = (call.act.rule)(&mut self.clone(), &known)
            && found.status == 422
        {
            wrong.also_wrong(found.pointers.into_iter().filter(|pointer| !needs(pointer)).collect());
        }
        wrong
    }

    fn decide(&mut self, call: &Call) -> Answer {
        if !holds(call.who, call.act.right) {
            return Err(Expected::forbidden());
        }
        check_form(call).map_err(|wrong| if self.reads_changed(call) { self.with_rules(call, wrong) } else { Expected::not_found() })?;
        (call.act.rule)(self, call)
    }

    /// Notes that something was made.
    pub fn name(&mut self, name: &str) {
        assert!(is_name(name), "{name:?} is no name");
        self.named.insert(name.to_owned());
    }
}

/// A person.
pub fn person(name: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.name == name)
}

/// The team of a person.
pub fn team(user: Option<&str>) -> Option<&'static str> {
    user.and_then(person).and_then(|person| person.team)
}

/// Whether somebody has a right at all.
pub fn holds(who: &str, right: Right) -> bool {
    match person(who).expect("a person").role {
        Role::Admin => true,
        Role::Manager => right.manager,
        Role::Rep => right.rep,
    }
}

/// Whether what this person owns, or nobody, is inside what the caller's right covers.
pub fn covers(who: &str, right: Right, owner: Option<&str>) -> bool {
    if !holds(who, right) {
        return false;
    }
    let own = owner == Some(who);
    match person(who).expect("a person").role {
        Role::Admin => true,
        Role::Rep => own,
        Role::Manager if owner.is_none() => right.pool,
        Role::Manager => own || (team(owner).is_some() && team(owner) == team(Some(who))),
    }
}

/// Whether the caller may give a record to this person.
pub fn check_assignable(who: &str, right: Right, to: &str, pointer: &str) -> Result<(), Expected> {
    let active = person(to).is_some_and(|person| person.active);
    if active && covers(who, right, Some(to)) { Ok(()) } else { Err(Expected::wrong(&[pointer])) }
}

/// Refuses a change to another version than `If-Match` names.
pub fn check_version(call: &Call, version: u64) -> Result<(), Expected> {
    match call.tag {
        Some(tag) if tag != version => Err(Expected { members: json!({"version": version}), ..Expected::problem(412, "VERSION_MISMATCH") }),
        _ => Ok(()),
    }
}

/// The wrong fields of a call by their form alone.
fn check_form(call: &Call) -> Result<(), Expected> {
    if call.id == NO_ID {
        return Err(Expected::not_found());
    }
    let mut pointers: Vec<String> = call.query.iter().filter(|(_, value)| value == WRONG).map(|(name, _)| format!("?{name}")).collect();
    let wrong = |(name, value): &(&String, &Value)| *value == WRONG || (value.is_null() && call.act.never_null.contains(&name.as_str()));
    pointers.extend(call.body.iter().filter(wrong).map(|(name, _)| format!("/{name}")));
    pointers.extend(call.act.required.iter().filter(|name| !call.body.contains_key(**name)).map(|name| format!("/{name}")));
    if pointers.is_empty() {
        return Ok(());
    }
    let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
    Err(Expected::wrong(&pointers))
}

/// Where the statuses of a record lead.
pub type Moves = [(&'static str, &'static [&'static str])];

/// A status as its table has it, and where it leads.
pub fn moves(table: &Moves, status: &str) -> (&'static str, &'static [&'static str]) {
    *table.iter().find(|(name, _)| *name == status).expect("a status")
}

/// Sets an optional text that the body names.
pub fn patch(slot: &mut Option<String>, call: &Call, name: &str) {
    if let Some(value) = call.body.get(name) {
        *slot = value.as_str().map(str::to_owned);
    }
}

/// Sets a text that the body names.
pub fn put(slot: &mut String, call: &Call, name: &str) {
    if let Some(value) = call.given(name) {
        *slot = value;
    }
}

/// The rows in order, last first where so asked.
pub fn in_order<'a, T: 'a>(rows: impl Iterator<Item = &'a T>, order: impl Fn(&T) -> (String, String), descending: bool) -> Vec<&'a T> {
    let mut rows: Vec<&T> = rows.collect();
    rows.sort_by_key(|row| order(row));
    if descending {
        rows.reverse();
    }
    rows
}
