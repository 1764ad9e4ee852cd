//! Parameters of operations. One that several operations have is described once.

use super::responses::has_version;
use crate::identity::Access;
use crate::route::{Action, Route};
use contract::camel;
use contract::fields::DEFAULT_LIMIT;
use contract::schema::{Components, explained, known_description};
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The names in a path: `{id}`.
pub fn path_names(path: &str) -> Vec<String> {
    path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}'))).map(camel).collect()
}

/// Whether a repeated request gets the first answer.
pub(super) fn takes_key(route: &Route) -> bool {
    route.method == Method::POST && !route.path.starts_with("/auth/") && !matches!(route.access, Access::Public | Access::Optional)
}

/// Whether it is a change that may name the version it is meant for.
pub(super) fn takes_version(route: &Route) -> bool {
    // What one deletes of one's own without a permission, a session, has no version.
    let has_record = matches!(route.access, Access::Needs(_)) && route.actions.contains(&Action::Update);
    // What is answered without a version, as that everything was read, is no one record's change.
    let changes = matches!(route.method, Method::PATCH | Method::PUT) && {
        let mut components = Components::default();
        let data = (route.answer)(&mut components);
        has_version(&data, &components)
    };
    route.tagged || changes || route.method == Method::DELETE && has_record
}

/// What an operation takes beside its body.
pub(super) fn of(route: &Route, components: &mut Components) -> Vec<Value> {
    let mut parameters = Vec::new();
    for (name, schema) in path_names(route.path).iter().zip((route.path_schemas)(components)) {
        parameters.push(json!({"name": name, "in": "path", "required": true, "description": known_description(name), "schema": schema}));
    }
    for (name, description, schema, required) in (route.query)(components) {
        let description = if description.is_empty() { known_description(&name) } else { &description };
        let mut schema = explained(present(schema), description);
        // Said once, of the parameter.
        let description = schema.as_object_mut().and_then(|object| object.remove("description")).unwrap_or_default();
        match schema["type"].as_str() {
            Some("integer") if name == "limit" && schema["default"].is_null() => schema["default"] = json!(DEFAULT_LIMIT),
            // A flag that is not given is not set; of what may be either, both are shown.
            Some("boolean") if name != "unread" => schema["default"] = json!(false),
            _ => {}
        }
        parameters.push(json!({"name": name, "in": "query", "required": required, "description": description, "schema": schema}));
    }
    if takes_key(route) {
        let about = "Repeating the request with the same key and the same body, byte by byte, gives the first answer, for 24 hours.";
        parameters.push(header("Idempotency-Key", about, json!({"type": "string", "minLength": 1, "maxLength": 255})));
    }
    if takes_version(route) {
        let about = "The `ETag` of the version that the change is meant for; another one is 412.";
        parameters.push(header("If-Match", about, json!({"type": "string", "examples": ["\"1\""]})));
    }
    if route.cacheable {
        parameters.push(header("If-None-Match", "The `ETag` of what the client has; the same is 304.", json!({"type": "string"})));
    }
    parameters
}

fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}

/// A query parameter is there or not; it is never null.
fn present(mut schema: Value) -> Value {
    if let Some(choice) =
        schema.get_mut("anyOf").and_then(Value::as_array_mut).filter(|choices| !choices.is_empty()).map(|choices| choices.swap_remove(0))
    {
        return choice;
    }
    if let Some(kind) = schema["type"].as_array().and_then(|kinds| kinds.first()).cloned() {
        schema["type"] = kind;
    }
    schema
}

/// Moves the parameters that several operations have out of them. Where one name means several things,
/// the one that most operations have is shared.
pub(super) fn share(paths: &mut Map<String, Value>) -> BTreeMap<String, Value> {
    let mut uses: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    for parameter in all(paths) {
        uses.entry(parameter.to_string()).or_insert_with(|| (0, parameter.clone())).0 += 1;
    }
    let mut most: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    for (count, parameter) in uses.into_values().filter(|(count, _)| *count > 1) {
        let place = most.entry(key(&parameter)).or_default();
        if count > place.0 {
            *place = (count, parameter);
        }
    }
    let shared: BTreeMap<String, Value> = most.into_iter().map(|(key, (_, parameter))| (key, parameter)).collect();
    for parameter in all(paths) {
        let key = key(parameter);
        if shared.get(&key) == Some(&*parameter) {
            *parameter = json!({"$ref": format!("#/components/parameters/{key}")});
        }
    }
    shared
}

fn all(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut());
    operations.filter_map(|operation| operation.get_mut("parameters").and_then(Value::as_array_mut)).flatten()
}

/// `allowDuplicate` and `If-Match` as they stand in the document: `AllowDuplicate`, `IfMatch`.
fn key(parameter: &Value) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    parameter["name"].as_str().unwrap_or_default().split('-').map(capital).collect()
}
