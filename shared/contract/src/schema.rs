//! JSON Schemas (draft 2020-12) of what crosses the edge, and the names they are known by.

use crate::known;
use domain::text::{Form, TextValue};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where named schemas stand in the document.
const PLACE: &str = "#/components/schemas/";

/// (name, description, schema, required) of a field.
pub type Field = (String, String, Value, bool);

/// The schemas that have a name. One name means one schema.
#[derive(Debug, Default)]
pub struct Components {
    schemas: BTreeMap<String, Value>,
    clashes: BTreeSet<String>,
}

impl Components {
    /// Keeps a schema under a name and gives the reference to it.
    pub fn named(&mut self, name: &str, schema: Value) -> Value {
        let known = self.schemas.entry(name.to_owned()).or_insert_with(|| schema.clone());
        if *known != schema {
            self.clashes.insert(name.to_owned());
        }
        json!({"$ref": format!("{PLACE}{name}")})
    }

    /// What a schema refers to; itself where it is no reference.
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        name_of(schema).and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }

    /// Lets a body repeat what an answer shows: fields of the answer that it does not take are read-only there.
    pub fn take_back(&mut self, body: &Value, answer: &Value) {
        let shown = self.properties(answer);
        let Some(properties) = name_of(body).and_then(|name| self.schemas.get_mut(name)).and_then(|body| body["properties"].as_object_mut()) else {
            return;
        };
        for name in shown {
            properties.entry(name).or_insert_with(|| json!({"readOnly": true, "description": "As it was read, or not at all."}));
        }
    }

    /// The names of the fields of an object that may consist of parts.
    fn properties(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolved(schema);
        let own = schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned();
        let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| self.properties(part));
        own.chain(parts).collect()
    }

    /// Names that different schemas claim.
    pub fn clashes(&self) -> Vec<&str> {
        self.clashes.iter().map(String::as_str).collect()
    }

    /// Every schema by its name.
    pub fn into_schemas(self) -> BTreeMap<String, Value> {
        self.schemas
    }
}

/// The name behind a reference.
pub fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE))
}

/// What a type is called outside: its last segment, without the `Out` that tells an answer from the
/// record it shows.
pub fn type_name(of: &str) -> &str {
    let last = of.rsplit("::").next().unwrap_or(of).trim();
    last.strip_suffix("Out").unwrap_or(last)
}

/// The schema of a text; an enumeration has the name of its type.
pub fn text(of: &str, form: Form, components: &mut Components) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!("string"))]);
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            schema.insert(name.to_owned(), value);
        }
    };
    put("format", form.format.map(Value::from));
    put("pattern", form.pattern.map(Value::from));
    put("minLength", form.min.map(Value::from));
    put("maxLength", form.max.map(Value::from));
    put("enum", (!form.one_of.is_empty()).then(|| json!(form.one_of)));
    put("description", form.meaning.map(Value::from));
    put("examples", form.example.map(|example| json!([example])));
    put("writeOnly", form.secret.then_some(Value::Bool(true)));
    let schema = Value::Object(schema);
    if form.one_of.is_empty() { schema } else { components.named(type_name(of), schema) }
}

/// The schema with `null` allowed beside it.
pub fn nullable(mut schema: Value) -> Value {
    if let Some(object) = schema.as_object_mut()
        && let Some(kind) = object.get("type").and_then(Value::as_str).map(str::to_owned)
    {
        object.insert("type".into(), json!([kind, "null"]));
        // An empty text is taken for `null`.
        if object.get("minLength") == Some(&json!(1)) {
            object.remove("minLength");
        }
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// The schema of an object whose keys are values of an enumeration, under its name: `ChannelMap`.
pub fn map<K: TextValue>(value: &Value, components: &mut Components) -> Value {
    let of = std::any::type_name::<K>();
    let key = text(of, K::form(), components);
    let description = format!("A value for each {} that is named.", type_name(of));
    let schema = json!({"type": "object", "description": description, "propertyNames": key, "additionalProperties": value});
    components.named(&format!("{}Map", type_name(of)), schema)
}

fn with(mut schema: Value, name: &str, value: Value) -> Value {
    schema[name] = value;
    schema
}

/// The schema of a body under its name: it takes no other fields.
pub fn body(of: &str, about: &[&str], fields: Vec<Field>, components: &mut Components) -> Value {
    components.named(type_name(of), described(with(object(fields), "additionalProperties", Value::Bool(false)), &sentence(about)))
}

/// The schema of an answer under its name: it may get more fields.
pub fn answer(of: &str, about: &[&str], fields: Vec<Field>, components: &mut Components) -> Value {
    components.named(type_name(of), described(object(fields), &sentence(about)))
}

/// The schema of an answer that has the fields of another one and more, under its name.
pub fn extended(of: &str, about: &[&str], base: Value, fields: Vec<Field>, components: &mut Components) -> Value {
    let mut parts = vec![base];
    if !fields.is_empty() {
        parts.push(object(fields));
    }
    components.named(type_name(of), described(json!({"allOf": parts}), &sentence(about)))
}

/// What a field or parameter of this name is for, where that is known; else empty.
pub fn known_description(name: &str) -> &'static str {
    known::description(name)
}

fn object(fields: Vec<Field>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, description, schema, needed) in fields {
        let description = if description.is_empty() { known::description(&name) } else { &description };
        let schema = explained(schema, description);
        if needed {
            required.push(Value::String(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema
}

/// The lines of a doc comment as one.
pub fn sentence(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// A schema with a description, where it has none of its own.
fn described(mut schema: Value, description: &str) -> Value {
    if let (Some(object), false) = (schema.as_object_mut(), description.is_empty()) {
        object.entry("description").or_insert_with(|| Value::String(description.to_owned()));
    }
    schema
}

/// A schema with what the field is for, before what its type means.
pub fn explained(mut schema: Value, description: &str) -> Value {
    let meaning = schema.as_object_mut().and_then(|object| object.remove("description"));
    match meaning.as_ref().and_then(Value::as_str) {
        Some(meaning) if description.is_empty() => described(schema, meaning),
        Some(meaning) => described(schema, &format!("{description} Written as {meaning}.")),
        None => described(schema, description),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_means_one_schema() {
        let mut components = Components::default();
        let reference = components.named("Sort", json!({"enum": ["a"]}));
        assert_eq!(components.named("Sort", json!({"enum": ["a"]})), reference);
        assert!(components.clashes().is_empty());
        components.named("Sort", json!({"enum": ["b"]}));
        assert_eq!(components.clashes(), ["Sort"]);
        assert_eq!(components.resolved(&reference), &json!({"enum": ["a"]}));
    }

    #[test]
    fn a_type_is_known_by_its_own_name() {
        for (of, name) in [("CustomerOut", "Customer"), ("domain::lead::LeadStatus", "LeadStatus"), ("CreateLead", "CreateLead")] {
            assert_eq!(type_name(of), name);
        }
    }
}
