//! An example value for a JSON schema, as the routes declare them.

use serde_json::{Map, Value, json};

/// Stands for any record's id.
const ID: &str = "0198c5a0-0000-7000-8000-000000000001";
/// Stands for any time.
const TIME: &str = "2025-09-01T10:30:00Z";

/// A valid value; `name` is the field it stands in. References that may be missing are left out,
/// since nothing is known of the records there are.
pub(super) fn of(name: &str, schema: &Value) -> Value {
    if let Some(known) = known(name, schema) {
        return known;
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.first().cloned().unwrap_or_default();
    }
    let first = |kinds: &Value| kinds.as_array().and_then(|kinds| kinds.first()).cloned();
    let kind = first(&schema["type"]).unwrap_or_else(|| schema["type"].clone());
    match kind.as_str() {
        Some("object") => object(schema),
        Some("array") => json!([of(name, &schema["items"])]),
        Some("integer") => schema["minimum"].as_i64().map_or(json!(1), |least| json!(least.max(1))),
        Some("boolean") => json!(false),
        Some("string") => text(name, schema),
        _ => first(&schema["anyOf"]).map_or(Value::Null, |schema| of(name, &schema)),
    }
}

fn object(schema: &Value) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let reference = |name: &str| name.ends_with("Id") || name.ends_with("Ids");
    let mut object = Map::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&name.as_str()) || !reference(name) {
            object.insert(name.clone(), of(name, schema));
        }
    }
    Value::Object(object)
}

/// Fields whose values say something.
fn known(name: &str, schema: &Value) -> Option<Value> {
    let value = match name {
        "email" => json!("grace@example.com"),
        "username" => json!("grace"),
        "phone" => json!("+4930123456"),
        "name" if schema["type"] == "string" => json!("Analytical Engines Ltd"),
        "firstName" => json!("Grace"),
        "lastName" => json!("Hopper"),
        "company" => json!("Analytical Engines Ltd"),
        "line1" => json!("1 Market Street"),
        "city" => json!("Berlin"),
        "postalCode" => json!("10115"),
        "country" => json!("DE"),
        "locale" => json!("en-GB"),
        "currentPassword" | "password" => json!("a long enough password"),
        "newPassword" => json!("another long password"),
        "role" => json!("SALES_REP"),
        "birthday" => json!("1906-12-09"),
        "recencyDays" => json!([30, 60, 90, 180]),
        "frequency" => json!([20, 10, 5, 2]),
        "monetary" => json!([10_000, 5_000, 1_000, 100]),
        "pushTokens" => json!(["device-token"]),
        "permissions" => json!(["customers:read_own"]),
        "leadSources" => json!(["web", "referral"]),
        "metadata" => json!({"importedFrom": "spreadsheet"}),
        _ => return None,
    };
    Some(value)
}

fn text(name: &str, schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!(ID),
        Some("date") => json!("2025-09-01"),
        Some("date-time") => json!(TIME),
        Some("email") => json!("grace@example.com"),
        Some("password") => json!("a long enough password"),
        _ => {
            let least = schema["minLength"].as_u64().unwrap_or(1) as usize;
            let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
            let word = if name.len() >= least && name.len() as u64 <= most { name.to_owned() } else { "A".repeat(least) };
            json!(word)
        }
    }
}
