//! The schemas that routes declare, with everything they refer to in place.

use contract::schema::{Components, nullable};
use edge::Route;
use serde_json::{Map, Value};

/// The schema of a route's body and whether it is required.
pub fn body(route: &Route) -> Option<(Value, bool)> {
    let mut components = Components::default();
    let (schema, required) = (route.body)(&mut components)?;
    Some((plain(&schema, &components), required))
}

/// (name, description, schema, required) of each query parameter of a route.
pub fn query(route: &Route) -> Vec<contract::Parameter> {
    let mut components = Components::default();
    let parameters = (route.query)(&mut components);
    parameters.into_iter().map(|(name, description, schema, required)| (name, description, plain(&schema, &components), required)).collect()
}

fn plain(schema: &Value, components: &Components) -> Value {
    match components.resolved(schema) {
        Value::Object(map) => match map.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
            Some([schema, null]) if null["type"] == "null" => nullable(plain(schema, components)),
            _ => map.iter().map(|(name, value)| (name.clone(), plain(value, components))).collect::<Map<_, _>>().into(),
        },
        Value::Array(list) => list.iter().map(|value| plain(value, components)).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}
