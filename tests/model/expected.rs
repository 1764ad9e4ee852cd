//! What the CRM has to answer, and how an answer differs from it.

use serde_json::{Value, json};
use tests::Reply;

/// Stands for any value but null.
pub const ANY: &str = "*";

/// What the CRM has to answer.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub status: u16,
    /// The code of a problem.
    pub code: &'static str,
    /// The pointers of a problem, sorted.
    pub pointers: Vec<String>,
    /// Members that the data of a success, or the problem, must have.
    pub members: Value,
    /// The rows of a list, over all its pages.
    pub rows: Option<Vec<Value>>,
    /// The version in the `ETag`.
    pub version: Option<u64>,
}

impl Expected {
    pub fn ok(members: Value, version: u64) -> Self {
        Self { status: 200, members, version: Some(version), ..Self::default() }
    }

    pub fn created(members: Value) -> Self {
        Self { status: 201, ..Self::ok(members, 1) }
    }

    pub fn nothing() -> Self {
        Self { status: 204, ..Self::default() }
    }

    pub fn rows(rows: Vec<Value>) -> Self {
        Self { status: 200, rows: Some(rows), ..Self::default() }
    }

    pub fn problem(status: u16, code: &'static str) -> Self {
        Self { status, code, ..Self::default() }
    }

    pub fn forbidden() -> Self {
        Self::problem(403, "FORBIDDEN")
    }

    pub fn not_found() -> Self {
        Self::problem(404, "NOT_FOUND")
    }

    /// The answer about what may not be changed: it is known to who may see it.
    pub fn unreached(seen: bool) -> Self {
        if seen { Self::forbidden() } else { Self::not_found() }
    }

    pub fn wrong(pointers: &[&str]) -> Self {
        let mut pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        pointers.sort_unstable();
        Self { pointers, ..Self::problem(422, "VALIDATION") }
    }

    /// More wrong fields of an answer that names some.
    pub fn also_wrong(&mut self, pointers: Vec<String>) {
        self.pointers.extend(pointers);
        self.pointers.sort_unstable();
        self.pointers.dedup();
    }

    /// The same, naming the field that it is about.
    pub fn about(mut self, pointer: &str) -> Self {
        self.pointers.push(pointer.to_owned());
        self
    }

    pub fn refused(code: &'static str, allowed: &[&str]) -> Self {
        Self { members: json!({"allowed": allowed}), pointers: vec!["/status".to_owned()], ..Self::problem(409, code) }
    }

    /// Whether the call is turned away for who makes it or what it names.
    pub fn turns_away(&self) -> bool {
        matches!(self.status, 403 | 404 | 422)
    }

    /// How an answer, and the rows of all its pages, differ from this.
    pub fn differs_from(&self, reply: &Reply, rows: &[Value]) -> Option<String> {
        if (reply.status, reply.code()) != (self.status, self.code) {
            return Some(format!("{} {}, expected {} {}", reply.status, reply.code(), self.status, self.code));
        }
        if reply.pointers() != self.pointers {
            return Some(format!("wrong are {:?}, expected {:?}", reply.pointers(), self.pointers));
        }
        let etag = self.version.map(|version| format!("\"{version}\""));
        if reply.header("etag") != etag.as_deref() {
            return Some(format!("the ETag is {:?}, expected {etag:?}", reply.header("etag")));
        }
        if let Some(wanted) = &self.rows {
            let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
            if ids(wanted) != ids(rows) {
                return Some(format!("the list has {:?},\nexpected {:?}", ids(rows), ids(wanted)));
            }
            return wanted.iter().zip(rows).find_map(|(wanted, row)| misses(wanted, row, "")).map(|wrong| format!("a row of the list: {wrong}"));
        }
        let found = if reply.status < 300 { &reply.body["data"] } else { &reply.body };
        if self.members.is_null() { None } else { misses(&self.members, found, "") }
    }
}

/// How what was found misses what was expected, if it does: objects may have more members.
pub fn misses(expected: &Value, found: &Value, at: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(members), Value::Object(_)) => {
            members.iter().find_map(|(name, value)| misses(value, found.get(name).unwrap_or(&json!("(missing)")), &format!("{at}/{name}")))
        }
        (Value::String(any), Value::Null) if any == ANY => Some(format!("{at} is null")),
        (Value::String(any), _) if any == ANY => None,
        _ if expected == found => None,
        _ => Some(format!("{at} is {found}, expected {expected}")),
    }
}
