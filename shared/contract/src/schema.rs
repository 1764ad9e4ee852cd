//! JSON Schemas (draft 2020-12) of what crosses the edge.

use domain::text::Form;
use serde_json::{Map, Value, json};

/// The schema of a text.
pub fn text(form: Form) -> Value {
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
    put("writeOnly", form.secret.then_some(Value::Bool(true)));
    Value::Object(schema)
}

/// The schema with `null` allowed beside it.
pub fn nullable(mut schema: Value) -> Value {
    if let Some(object) = schema.as_object_mut()
        && let Some(kind) = object.get("type").and_then(Value::as_str).map(str::to_owned)
    {
        object.insert("type".into(), json!([kind, "null"]));
        if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// The schema of an object from its fields: (name, description, schema, required).
pub fn object_schema(fields: Vec<(String, String, Value, bool)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, description, schema, needed) in fields {
        let schema = described(schema, &description);
        if needed {
            required.push(Value::String(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema
}

/// A schema with a description, where it has none of its own.
pub fn described(mut schema: Value, description: &str) -> Value {
    if let (Some(object), false) = (schema.as_object_mut(), description.is_empty()) {
        object.entry("description").or_insert_with(|| Value::String(description.to_owned()));
    }
    schema
}

/// An object's schema with more fields, all required.
pub fn extended<'a>(mut schema: Value, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    for (name, field) in fields {
        schema["properties"][name] = field;
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(Value::String(name.to_owned()));
        }
    }
    schema
}
