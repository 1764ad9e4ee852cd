//! A call of the model: who asks for what, as a line that can be read back and run again. Records and
//! people stand in it under the model's names, which the system under test turns into ids.

use crate::model::forms::Form;
use crate::model::registry;
use crate::model::world::{Answer, Right, World};
use serde_json::{Map, Value};
use std::fmt;

/// The id of nothing.
pub const NEVER: &str = "01900000-0000-7000-8000-000000000000";
/// A path parameter that is no id.
pub const NO_ID: &str = "nothing";
/// A value that no field but a text takes.
pub const WRONG: &str = "?";

/// What can be called: a route, the rule that predicts its answer, and how calls of it are made up.
pub struct Act {
    pub method: &'static str,
    /// The path below `/api/v1`.
    pub path: &'static str,
    /// How often it is called, among all the others.
    pub weight: u32,
    /// What the caller has to hold.
    pub right: Right,
    pub rule: fn(&mut World, &Call) -> Answer,
    pub form: fn(&World) -> Form,
    /// The kind of record that it may make.
    pub makes: Option<&'static str>,
    /// Fields that a body must have.
    pub required: &'static [&'static str],
    /// Fields that a body cannot set to null.
    pub never_null: &'static [&'static str],
    /// Whether an empty body is not sent at all.
    pub bare: bool,
}

impl Act {
    /// A route of this method, called so often.
    pub const fn new(
        method: &'static str,
        path: &'static str,
        weight: u32,
        right: Right,
        rule: fn(&mut World, &Call) -> Answer,
        form: fn(&World) -> Form,
    ) -> Self {
        Self { method, path, weight, right, rule, form, makes: None, required: &[], never_null: &[], bare: false }
    }

    pub const fn makes(mut self, kind: &'static str) -> Self {
        self.makes = Some(kind);
        self
    }

    pub const fn requires(mut self, fields: &'static [&'static str]) -> Self {
        self.required = fields;
        self
    }

    pub const fn never_null(mut self, fields: &'static [&'static str]) -> Self {
        self.never_null = fields;
        self
    }

    pub const fn bare(mut self) -> Self {
        self.bare = true;
        self
    }
}

/// A call.
#[derive(Clone)]
pub struct Call {
    /// Who calls, by name.
    pub who: &'static str,
    pub act: &'static Act,
    /// The record of the path, where there is one.
    pub id: String,
    pub query: Vec<(String, String)>,
    pub body: Map<String, Value>,
    /// The version that `If-Match` names.
    pub tag: Option<u64>,
    /// The name of what it makes, if it makes something.
    pub makes: String,
}

impl Call {
    /// The path with its query.
    pub fn path(&self) -> String {
        let path = self.act.path.replace("{id}", &self.id);
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// The body to send, where the method takes one.
    pub fn json(&self) -> Option<Value> {
        let sent = matches!(self.act.method, "POST" | "PATCH") && !(self.act.bare && self.body.is_empty());
        sent.then(|| Value::Object(self.body.clone()))
    }

    /// A query parameter.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body; absent and null are the same.
    pub fn given(&self, name: &str) -> Option<String> {
        self.body.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// The records that it speaks of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let values = self.query.iter().map(|(_, value)| value.as_str()).chain(self.body.values().filter_map(Value::as_str));
        values.chain([self.id.as_str()]).filter(|text| is_name(text))
    }

    /// Reads a line that [`fmt::Display`] wrote.
    pub fn read(line: &str) -> Option<Self> {
        let mut rest = line.trim();
        let mut word = || {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after;
            word
        };
        let (who, method, path) = (word(), word(), word());
        let who = crate::model::world::PEOPLE.iter().find(|person| person.name == who)?.name;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (act, id) = registry::acts().filter(|act| act.method == method).find_map(|act| Some((act, id_in(act.path, path)?)))?;
        let query = query.split('&').filter_map(|part| part.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut call = Self { who, act, id: id.to_owned(), query, body: Map::new(), tag: None, makes: String::new() };
        if let Some(after) = rest.strip_prefix("If-Match ") {
            let (tag, after) = after.split_once(' ').unwrap_or((after, ""));
            (call.tag, rest) = (Some(tag.parse().ok()?), after);
        }
        if let Some(after) = rest.strip_prefix("as ") {
            let (name, after) = after.split_once(' ').unwrap_or((after, ""));
            (call.makes, rest) = (name.to_owned(), after);
        }
        if !rest.is_empty() {
            call.body = serde_json::from_str(rest).ok()?;
        }
        Some(call)
    }
}

/// Whether a text has the form of a name that the model gives to a record.
pub fn is_name(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(kind, number)| {
        kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The id in a path of this form, empty where the form has none.
fn id_in<'a>(form: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = form.split_once("{id}") else { return (form == path).then_some("") };
    path.strip_prefix(before)?.strip_suffix(after).filter(|id| !id.is_empty() && !id.contains('/'))
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.who, self.act.method, self.path())?;
        if let Some(tag) = self.tag {
            write!(f, " If-Match {tag}")?;
        }
        if !self.makes.is_empty() {
            write!(f, " as {}", self.makes)?;
        }
        self.json().map_or(Ok(()), |body| write!(f, " {body}"))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[test]
fn a_call_is_read_back_from_its_line() {
    for line in [
        "rep PATCH /leads/lead-00103?allowDuplicate=true If-Match 2 {\"title\":null}",
        "admin POST /leads as lead-00104 {\"title\":\"Word 1\"}",
        "manager POST /leads/lead-00104/convert as customer-00105",
        "stranger GET /tasks?status=open&limit=2",
    ] {
        assert_eq!(Call::read(line).expect("a call").to_string(), line);
    }
    assert!(Call::read("rep PATCH /nowhere {}").is_none());
}
