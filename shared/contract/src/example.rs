//! Examples, made from the schemas: nobody writes one by hand where a type says what it looks like.
//!
//! A field has the value that is known for its name, else the example of its type.

use crate::known;
use crate::schema::{Components, name_of};
use serde_json::{Map, Value, json};

/// Fields of which a request gives one: the first that it has stands in its example.
const ALTERNATIVES: [[&str; 2]; 2] = [["leadId", "customerId"], ["email", "username"]];

/// What an answer of this schema looks like. `name` is the field it stands in.
pub fn answer(name: &str, schema: &Value, components: &Components) -> Value {
    Maker { components, sent: false }.value("", name, schema)
}

/// What can be sent as this schema: without references that may be missing, and one of the fields
/// that stand for another.
pub fn request(schema: &Value, components: &Components) -> Value {
    Maker { components, sent: true }.value("", "", schema)
}

struct Maker<'a> {
    components: &'a Components,
    /// Whether it is for a request.
    sent: bool,
}

impl Maker<'_> {
    /// The value of a field of the type `of`.
    fn value(&self, of: &str, name: &str, schema: &Value) -> Value {
        let inner = name_of(schema).map_or(of, subject);
        let schema = self.components.resolved(schema);
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(known) = known::example(of, name).filter(|known| takes(schema, known, self.components)) {
            return known;
        }
        if let Some(example) = first(&schema["examples"]).or_else(|| first(&schema["enum"])) {
            return example.clone();
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let parts = parts.iter().map(|part| self.value(inner, name, part));
            let fields = parts.filter_map(|part| if let Value::Object(fields) = part { Some(fields) } else { None });
            return Value::Object(fields.flatten().collect());
        }
        if let Some(choice) = first(&schema["anyOf"]) {
            return self.value(of, name, choice);
        }
        match kinds(schema).first().copied() {
            Some("object") => self.object(inner, schema),
            Some("array") => json!([self.value(of, name, &schema["items"])]),
            Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
            Some("number") => schema["minimum"].clone(),
            Some("boolean") => json!(false),
            Some("string") => word(name, schema),
            _ => Value::Null,
        }
    }

    fn object(&self, of: &str, schema: &Value) -> Value {
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let mut fields = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            fields.insert(name.clone(), self.value(of, name, field));
        }
        if self.sent {
            let all: Vec<String> = fields.keys().cloned().collect();
            let has = |name: &str| all.iter().any(|other| other == name);
            let [party, account] = ALTERNATIVES;
            let spare = |pair: [&str; 2], name: &str| name == pair[1] && has(pair[0]);
            let said = |name: &str| {
                let reference = name.ends_with("Id") || name.ends_with("Ids");
                let chosen = party.contains(&name) && !spare(party, name);
                required(name) || (!spare(account, name) && (!reference || chosen))
            };
            // Who can say nothing but a reference says it.
            if all.iter().any(|name| said(name)) {
                fields.retain(|name, _| said(name));
            }
        }
        Value::Object(fields)
    }
}

/// What a type is about: `CreateTeam` and `TeamRow` are about teams.
fn subject(name: &str) -> &str {
    let name = ["Create", "Update"].into_iter().find_map(|verb| name.strip_prefix(verb)).unwrap_or(name);
    ["Row", "Page"].into_iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
}

/// Whether a schema takes a value, as far as its kind and an enumeration say.
fn takes(schema: &Value, value: &Value, components: &Components) -> bool {
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().any(|choice| takes(components.resolved(choice), value, components));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    // A list is as good as what is in it.
    let items = value.as_array().and_then(|items| items.first()).is_none_or(|item| takes(components.resolved(&schema["items"]), item, components));
    kinds(schema).contains(&kind) && listed && items
}

fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn first(list: &Value) -> Option<&Value> {
    list.as_array().and_then(|list| list.first())
}

/// The name of the field as its value, where it is as long as it has to be.
fn word(name: &str, schema: &Value) -> Value {
    let least = schema["minLength"].as_u64().unwrap_or(1) as usize;
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    if name.len() >= least && name.len() as u64 <= most { json!(name) } else { json!("A".repeat(least)) }
}
