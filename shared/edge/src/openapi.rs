//! The OpenAPI document, made from the route declarations.

use crate::cors;
use crate::problem::Code;
use crate::route::{Access, Route};
use crate::router::BASE;
use contract::camel;
use http::Method;
use serde_json::{Map, Value, json};

/// The document for these routes, OpenAPI 3.1.
pub fn document(routes: &[Route], version: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let item = paths.entry(format!("{BASE}{}", route.path)).or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = operation(route, route.name);
        if route.method == Method::PATCH {
            item["put"] = operation(route, &format!("put_{}", route.name));
        }
    }
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CRM API",
            "version": version,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Problem": problem_schema(&codes)},
        },
    })
}

const DESCRIPTION: &str = "Sign in with POST /auth/login and send the access token as a bearer token. \
Answers are `{success, data, meta}`; problems are RFC 9457 problem details with a `code` and, for wrong fields, `errors`. \
Lists take `limit` and `cursor`; changes take `If-Match` with the `ETag` of the record; creates take `Idempotency-Key`.";

fn problem_schema(codes: &[&str]) -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance", "success", "code", "errors"],
        "properties": {
            "type": {"type": "string", "description": "Address of the explanation"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "description": "The request id"},
            "success": {"type": "boolean", "const": false},
            "code": {"type": "string", "enum": codes},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["pointer", "rule", "message"],
                "properties": {"pointer": {"type": "string"}, "rule": {"type": "string"}, "message": {"type": "string"}},
            }},
            "matches": {"type": "object", "description": "With DUPLICATE on records: those inside reach, and how many are not", "properties": {
                "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}}, "hidden": {"type": "integer"}}},
            "allowed": {"type": "array", "items": {"type": "string"}, "description": "With a refused transition: where it may go"},
            "customerId": {"type": ["string", "null"], "format": "uuid", "description": "With LEAD_CONVERTED: the customer it became"},
            "version": {"type": "integer", "description": "With VERSION_MISMATCH: the present version"},
        },
    })
}

fn operation(route: &Route, id: &str) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path);
    for (name, description, schema, required) in (route.query)() {
        parameters.push(json!({"name": name, "in": "query", "required": required, "description": description, "schema": unnull(schema)}));
    }
    if route.method == Method::POST && !route.path.starts_with("/auth/") && !matches!(route.access, Access::Public | Access::Optional) {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false, "description": "Repeating the request with the same key gives the first answer, for 24 hours",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255}}));
    }
    if matches!(route.method, Method::PATCH | Method::PUT) || route.method == Method::DELETE && route.actions.contains(&crate::route::Action::Update)
    {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": false, "description": "The ETag the change is meant for", "schema": {"type": "string"}}));
    }
    let mut operation = json!({
        "operationId": id,
        "summary": route.summary,
        "description": access_text(route.access),
        "tags": [route.tag],
        "parameters": parameters,
        "responses": responses(route),
    });
    if let Some((schema, required)) = (route.body)() {
        operation["requestBody"] = json!({"required": required, "content": {"application/json": {"schema": schema}}});
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

/// A query parameter is there or not; it is never null.
fn unnull(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").and_then(Value::as_array).and_then(|kinds| kinds.first()).cloned() {
        schema["type"] = kind;
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|value| !value.is_null());
        }
    }
    schema
}

fn access_text(access: Access) -> String {
    match access {
        Access::Public => "Open to everyone.".to_owned(),
        Access::Optional => "Open to everyone; a token tells who calls.".to_owned(),
        Access::Authenticated => "For everyone who is signed in.".to_owned(),
        Access::Needs(permission) if permission.has_reach() => format!("Needs `{}_own`, `_team` or `_all`.", permission.name()),
        Access::Needs(permission) => format!("Needs `{}`.", permission.name()),
    }
}

/// The names in a path: `{id}`.
pub fn path_names(path: &str) -> Vec<String> {
    path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}'))).map(camel).collect()
}

fn path_parameters(path: &str) -> Vec<Value> {
    path_names(path).iter().map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect()
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    let exposed: Map<String, Value> = ["x-request-id"].iter().map(|name| ((*name).to_owned(), json!({"schema": {"type": "string"}}))).collect();
    let mut success = json!({"description": "Done", "headers": exposed});
    if route.status != 204 {
        let data = (route.answer)();
        let schema = if !route.envelope { data } else { envelope(route, data) };
        success["content"] = json!({route.media_type: {"schema": schema}});
    }
    for name in cors::EXPOSED_HEADERS.iter().filter(|name| **name == "location" && route.status == 201) {
        success["headers"][*name] = json!({"schema": {"type": "string"}});
    }
    responses.insert(route.status.to_string(), success);
    let mut codes: Vec<Code> = vec![Code::Internal, Code::Unavailable];
    if matches!(route.access, Access::Authenticated | Access::Needs(_)) || route.access == Access::Optional {
        codes.extend([Code::Unauthenticated, Code::Forbidden]);
        codes.extend((!route.before_password_change).then_some(Code::PasswordChangeRequired));
    }
    if route.path.contains('{') {
        codes.push(Code::NotFound);
    }
    if (route.body)().is_some() {
        codes.extend([Code::Malformed, Code::TooLarge, Code::UnsupportedMediaType]);
    }
    if matches!(route.method, Method::PATCH | Method::PUT | Method::DELETE) {
        codes.push(Code::VersionMismatch);
    }
    if route.method == Method::POST && !route.path.starts_with("/auth/") {
        codes.push(Code::IdempotencyConflict);
    }
    codes.push(Code::Validation);
    codes.extend(route.problems);
    let mut statuses: Vec<u16> = codes.iter().map(|code| code.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for status in statuses {
        let mut names: Vec<&str> = codes.iter().filter(|code| code.status() == status).map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let body = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        responses.insert(status.to_string(), json!({"description": names.join(", "), "content": body}));
    }
    Value::Object(responses)
}

fn envelope(route: &Route, data: Value) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["success", "data"],
        "properties": {"success": {"type": "boolean", "const": true}, "data": data},
    });
    if route.is_list {
        schema["required"] = json!(["success", "data", "meta"]);
        schema["properties"]["meta"] = json!({
            "type": "object",
            "required": ["limit", "nextCursor"],
            "properties": {"limit": {"type": "integer"}, "nextCursor": {"type": ["string", "null"]}},
        });
        for (name, member) in route.meta {
            schema["properties"]["meta"]["properties"][*name] = member();
        }
    }
    schema
}
