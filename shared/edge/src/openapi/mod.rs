//! The OpenAPI document, made from the route declarations.
//!
//! Owns: which operation takes and answers what, and that each thing is described once and referred to:
//! schemas by the names of their types, parameters, headers, problems. Does not own the schemas.

mod parameters;
mod responses;

use crate::answer::BASE;
use crate::identity::Access;
use crate::route::Route;
use contract::example;
use contract::schema::{Components, explained, name_of};
use http::Method;
pub use parameters::path_names;
use serde_json::{Map, Value, json};

/// Two schemas want one name.
#[derive(Debug, thiserror::Error)]
#[error("these names mean more than one schema, give one of the types another name: {0}")]
pub struct Clash(String);

const DESCRIPTION: &str = "Sign in with POST /auth/login and send the access token as a bearer token. \
Answers are `{success, data, meta}`; problems are RFC 9457 problem details with a `code` and, for wrong fields, `errors`. \
Lists take `limit` and `cursor`; changes take `If-Match` with the `ETag` of the record; creates take `Idempotency-Key`. \
Where there is a PATCH, PUT does the same. What was read can be sent back: `readOnly` fields are accepted as they were. \
In a field that may be null, an empty text or one of blanks means null. A method that a path does not have is 405 with `Allow`. \
Answers may get more fields; a client takes no notice of those it does not know.";

/// The document for these routes, OpenAPI 3.1.
pub fn document(routes: &[Route], version: &str) -> Result<Value, Clash> {
    let mut components = Components::default();
    let mut problems = responses::Problems::new(&mut components);
    let mut paths: Map<String, Value> = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for route in routes {
        let item = paths.entry(format!("{BASE}{}", route.path)).or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = operation(route, &mut components, &mut problems);
        if !tags.contains(&route.tag) {
            tags.push(route.tag);
        }
    }
    let is_read = |change: &&Route| routes.iter().any(|route| route.method == Method::GET && route.path == change.path);
    for change in routes.iter().filter(|route| route.method == Method::PATCH).filter(is_read) {
        if let Some((body, _)) = (change.body)(&mut components) {
            let answer = (change.answer)(&mut components);
            components.take_back(&body, &answer);
        }
    }
    let parameters = parameters::share(&mut paths);
    let clashes = components.clashes().join(", ");
    if !clashes.is_empty() {
        return Err(Clash(clashes));
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CRM API",
            "version": version,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "tags": tags.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": components.into_schemas(),
            "parameters": parameters,
            "headers": responses::headers(),
            "responses": problems.responses(),
            "examples": responses::examples(),
        },
    }))
}

fn operation(route: &Route, components: &mut Components, problems: &mut responses::Problems) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "description": about(route),
        "tags": [route.tag],
        "responses": responses::of(route, components, problems),
    });
    let parameters = parameters::of(route, components);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some((schema, required)) = (route.body)(components) {
        let example = example::request(&schema, components);
        operation["requestBody"] = json!({"required": required, "content": {"application/json": {"schema": schema, "example": example}}});
    }
    operation["security"] = match route.access {
        Access::Public => json!([]),
        Access::Optional => json!([{}, {"bearer": []}]),
        Access::Authenticated | Access::Needs(_) => json!([{"bearer": []}]),
    };
    if let Access::Needs(permission) = route.access {
        operation["x-permission"] = json!(permission.name());
    }
    operation
}

fn about(route: &Route) -> String {
    let mut text = match route.access {
        Access::Public => "Open to everyone.".to_owned(),
        Access::Optional => "Open to everyone; a token tells who calls.".to_owned(),
        Access::Authenticated => "For everyone who is signed in.".to_owned(),
        Access::Needs(permission) if permission.has_reach() => format!("Needs `{}_own`, `_team` or `_all`.", permission.name()),
        Access::Needs(permission) => format!("Needs `{}`.", permission.name()),
    };
    if route.method == Method::PATCH {
        text.push_str(if route.has_body { " Only the fields that are sent change. PUT does the same." } else { " PUT does the same." });
    }
    if !route.remark.is_empty() {
        text.push(' ');
        text.push_str(route.remark);
    }
    text
}

/// The envelope of an answer, under the name of what is in it: `CustomerAnswer`, `CustomerList`.
fn envelope(route: &Route, data: Value, components: &mut Components) -> Value {
    let item = if data["type"] == "array" { &data["items"] } else { &data };
    let named = name_of(item).map(|name| name.strip_suffix("Row").unwrap_or(name).to_owned());
    let mut schema = json!({
        "type": "object",
        "required": ["success", "data"],
        "properties": {
            "success": {"type": "boolean", "const": true, "description": "Tells an answer from a problem."},
            "data": explained(data, "What was asked for."),
        },
    });
    if route.is_list {
        schema["required"] = json!(["success", "data", "meta"]);
        schema["properties"]["meta"] = explained(meta(route, named.as_deref(), components), "About the page.");
    }
    let kind = if route.is_list || schema["properties"]["data"]["type"] == "array" { "List" } else { "Answer" };
    match named {
        Some(name) => components.named(&format!("{name}{kind}"), schema),
        None => schema,
    }
}

fn meta(route: &Route, of: Option<&str>, components: &mut Components) -> Value {
    let page = json!({
        "type": "object",
        "description": "About a page of a list.",
        "required": ["limit", "nextCursor"],
        "properties": {
            "limit": {"type": "integer", "description": "The limit in force."},
            "nextCursor": {"type": ["string", "null"], "description": "The `cursor` of the next page; null on the last one."},
            "scannedTo": {
                "type": "string",
                "description": "With several filters, where a next page is: how far the list looked, a time or a name in its order; a search says nothing.",
            },
        },
    });
    let page = components.named("PageMeta", page);
    if route.meta.is_empty() {
        return page;
    }
    let members: Map<String, Value> = route.meta.iter().map(|(name, schema)| ((*name).to_owned(), schema(components))).collect();
    let schema = json!({"allOf": [page, {"type": "object", "properties": members}]});
    components.named(&format!("{}Meta", of.unwrap_or("List")), schema)
}
