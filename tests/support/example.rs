//! The smallest valid body for a JSON schema, as the routes declare them.

use crate::crm::unique;
use serde_json::{Map, Value, json};

/// A valid value: of objects only what is required, of texts one that nobody has.
pub fn smallest(name: &str, schema: &Value) -> Value {
    if let Some(values) = schema["enum"].as_array() {
        return values.first().cloned().unwrap_or_default();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().cloned().unwrap_or_default(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), smallest(name, &schema["properties"][name]))).collect::<Map<_, _>>().into()
        }
        Some("array") => json!([]),
        Some("integer" | "number") => schema["minimum"].clone().as_i64().map_or(json!(1), |least| json!(least.max(1))),
        Some("boolean") => json!(false),
        _ => text(name, schema),
    }
}

fn text(name: &str, schema: &Value) -> Value {
    let least = schema["minLength"].as_u64().unwrap_or(1) as usize;
    match (schema["format"].as_str(), name) {
        (Some("uuid"), _) => json!("01900000-0000-7000-8000-000000000000"),
        (Some("date"), _) => json!("2026-01-31"),
        (Some("date-time"), _) => json!("2026-01-31T12:00:00Z"),
        (Some("email"), _) | (_, "email") => json!(format!("{}@example.com", unique())),
        (Some("password"), _) => json!("a long enough password"),
        _ if schema["maxLength"] == schema["minLength"] => json!("A".repeat(least)),
        _ => json!(format!("{}{}", unique(), "x".repeat(least.saturating_sub(12)))),
    }
}
