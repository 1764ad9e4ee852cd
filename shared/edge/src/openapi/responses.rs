//! What operations answer: successes with an example, and problems, which are described once for each
//! set of codes that comes with a status.

use super::envelope;
use super::parameters::{takes_key, takes_version};
use crate::identity::Access;
use crate::problem::{Code, Problem};
use crate::route::Route;
use contract::schema::Components;
use contract::{FieldError, example};
use domain::refused::StateMachine;
use domain::{FieldFault, Refused};
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// (name, description, schema, whether it is always there)
type Header = (&'static str, &'static str, fn() -> Value, bool);

const REQUEST_ID: &str = "X-Request-Id";
const ETAG: &str = "ETag";
const LOCATION: &str = "Location";
const RETRY_AFTER: &str = "Retry-After";
const REPLAYED: &str = "Idempotency-Replayed";
const ALLOW: &str = "Allow";
const AUTHENTICATE: &str = "WWW-Authenticate";

const HEADERS: [Header; 7] = [
    (REQUEST_ID, "The id of the request, also in the log.", || json!({"type": "string"}), true),
    (ETAG, "The version of what is answered, for `If-Match` and `If-None-Match`.", || json!({"type": "string"}), true),
    (LOCATION, "Where the new record is.", || json!({"type": "string", "format": "uri-reference"}), true),
    (RETRY_AFTER, "Seconds after which the request may be sent again.", || json!({"type": "integer", "minimum": 1}), true),
    (REPLAYED, "There where this is the answer to an earlier request with the same key.", || json!({"type": "string", "const": "true"}), false),
    (ALLOW, "The methods that the path has.", || json!({"type": "string"}), true),
    (AUTHENTICATE, "How to sign in.", || json!({"type": "string", "const": "Bearer"}), true),
];

/// Every header of an answer.
pub(super) fn headers() -> Map<String, Value> {
    let header =
        |(name, description, schema, always): Header| (name.to_owned(), json!({"description": description, "required": always, "schema": schema()}));
    HEADERS.into_iter().map(header).collect()
}

fn header_references(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))).collect()
}

/// `LEAD_CONVERTED` as names are written: `LeadConverted`.
fn pascal(code: Code) -> String {
    let capital = |part: &str| format!("{}{}", &part[..1], part[1..].to_lowercase());
    code.as_str().split('_').map(capital).collect()
}

/// An example of every problem.
pub(super) fn examples() -> Map<String, Value> {
    let example = |code: &Code| {
        let problem = Problem::example(*code);
        let value = problem.body("https://crm.example.com", "JKJaXmPLvHcESHA=");
        (pascal(*code), json!({"summary": code.title(), "value": value}))
    };
    Code::ALL.iter().map(example).collect()
}

/// The problems that operations referred to.
pub(super) struct Problems(BTreeMap<String, Value>);

impl Problems {
    pub(super) fn new(components: &mut Components) -> Self {
        let schema = schema(components);
        components.named("Problem", schema);
        let mut problems = Self(BTreeMap::new());
        // No operation answers it: it is what a path answers where there is no operation.
        problems.reference(&[Code::MethodNotAllowed]);
        problems
    }

    pub(super) fn responses(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// What a reference refers to.
    fn resolved<'a>(&'a self, reference: &'a Value) -> &'a Value {
        let name = reference["$ref"].as_str().and_then(|place| place.rsplit('/').next());
        name.and_then(|name| self.0.get(name)).unwrap_or(reference)
    }

    /// The reference to the answer with one of these codes, which have one status.
    fn reference(&mut self, codes: &[Code]) -> Value {
        let name = codes.iter().map(|code| pascal(*code)).collect::<Vec<_>>().join("Or");
        let mut headers = vec![REQUEST_ID];
        headers.extend(codes.first().and_then(|code| match code.status() {
            401 => Some(AUTHENTICATE),
            405 => Some(ALLOW),
            429 | 503 => Some(RETRY_AFTER),
            _ => None,
        }));
        let example = |code: &Code| (code.as_str().to_owned(), json!({"$ref": format!("#/components/examples/{}", pascal(*code))}));
        let response = json!({
            "description": codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", "),
            "headers": header_references(&headers),
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": codes.iter().map(example).collect::<Map<_, _>>(),
            }},
        });
        self.0.insert(name.clone(), response);
        json!({"$ref": format!("#/components/responses/{name}")})
    }
}

fn schema(components: &mut Components) -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let code = components.named("ProblemCode", json!({"type": "string", "enum": codes, "description": "The reason of a problem."}));
    let error = components.named(
        "FieldError",
        json!({
            "type": "object",
            "description": "One wrong field or parameter.",
            "required": ["pointer", "rule", "message"],
            "properties": {
                "pointer": {"type": "string", "description": "JSON pointer into the body, `?name` for a parameter, or the name of a header."},
                "rule": {"type": "string", "description": "The rule that was broken: `required`, `type`, `format`, `length`, `range`, `enum`, `unknown`, `reference`, `unique`, …"},
                "message": {"type": "string", "description": "What is wrong, for a person."},
            },
        }),
    );
    let matches = components.named(
        "Matches",
        json!({
            "type": "object",
            "description": "The records that have the same contact data.",
            "required": ["ids", "hidden"],
            "properties": {
                "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}, "description": "Those inside reach."},
                "hidden": {"type": "integer", "minimum": 0, "description": "How many are not."},
            },
        }),
    );
    json!({
        "type": "object",
        "description": "RFC 9457 problem details.",
        "required": ["type", "title", "status", "detail", "instance", "success", "code", "errors"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Address of the explanation."},
            "title": {"type": "string", "description": "The kind of problem, for a person."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "What happened, for a person."},
            "instance": {"type": "string", "description": "The request id."},
            "success": {"type": "boolean", "const": false, "description": "Tells a problem from an answer."},
            "code": described(code, "The reason, for a program."),
            "errors": {"type": "array", "items": error, "description": "The wrong fields, all at once."},
            "matches": described(matches, "With DUPLICATE: who has the value, as far as the caller may see them, and how many others."),
            "allowed": {"type": "array", "items": {"type": "string"}, "description": "With a refused transition: where it may go."},
            "customerId": {"type": ["string", "null"], "format": "uuid", "description": "With LEAD_CONVERTED: the customer it became."},
            "version": {"type": "integer", "description": "With VERSION_MISMATCH: the present version."},
        },
    })
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// Every answer of an operation by its status.
pub(super) fn of(route: &Route, components: &mut Components, problems: &mut Problems) -> Value {
    let mut responses = Map::new();
    let mut headers = vec![REQUEST_ID];
    let mut success = json!({"description": "Done."});
    if route.status != 204 {
        let data = (route.answer)(components);
        if route.cacheable || route.tagged || !route.is_list && has_version(&data, components) {
            headers.push(ETAG);
        }
        let schema = if route.envelope { envelope(route, data, components) } else { data };
        let example = match route.media_type {
            media_type if media_type.starts_with("text/html") => json!("<!doctype html>"),
            _ if !route.envelope => json!({"openapi": "3.1.0"}),
            _ => example::answer("", &schema, components),
        };
        success["content"] = json!({route.media_type: {"schema": schema, "example": example}});
    }
    if route.status == 201 {
        headers.push(LOCATION);
    }
    if takes_key(route) {
        headers.push(REPLAYED);
    }
    success["headers"] = Value::Object(header_references(&headers));
    // What is there already is answered as what is new, but for where it is.
    if let Some(also) = route.also.filter(|status| *status < 300) {
        headers.retain(|name| *name != LOCATION);
        let mut present = success.clone();
        present["description"] = json!("It was so already.");
        present["headers"] = Value::Object(header_references(&headers));
        responses.insert(also.to_string(), present);
    }
    responses.insert(route.status.to_string(), success);
    if route.cacheable {
        let same = json!({"description": "What the client has is the same.", "headers": header_references(&[REQUEST_ID, ETAG])});
        responses.insert("304".to_owned(), same);
    }
    let codes = codes(route);
    for status in codes.iter().map(|code| code.status()) {
        if responses.contains_key(&status.to_string()) {
            continue;
        }
        let mut same: Vec<Code> = codes.iter().copied().filter(|code| code.status() == status).collect();
        same.sort_unstable_by_key(|code| code.as_str());
        same.dedup();
        let problem = problems.reference(&same);
        let response = if route.also == Some(status) { either(&responses[&route.status.to_string()], problems.resolved(&problem)) } else { problem };
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

/// The answer or a problem, where both have one status: the media type tells them apart.
fn either(success: &Value, problem: &Value) -> Value {
    let mut response = json!({"description": problem["description"], "headers": header_references(&[REQUEST_ID])});
    for part in [success, problem] {
        for (media_type, content) in part["content"].as_object().into_iter().flatten() {
            response["content"][media_type.as_str()] = content.clone();
        }
    }
    response
}

/// Whether an answer shows a record, which has a version.
pub(super) fn has_version(data: &Value, components: &Components) -> bool {
    let data = components.resolved(data);
    let parts = data["allOf"].as_array();
    data["properties"]["version"]["type"] == "integer" || parts.is_some_and(|parts| parts.iter().any(|part| has_version(part, components)))
}

/// What can go wrong.
fn codes(route: &Route) -> Vec<Code> {
    let mut codes: Vec<Code> = vec![Code::Internal, Code::Unavailable];
    if matches!(route.access, Access::Authenticated | Access::Needs(_)) || route.access == Access::Optional {
        codes.extend([Code::Unauthenticated, Code::Forbidden]);
        codes.extend((!route.before_password_change).then_some(Code::PasswordChangeRequired));
    }
    if route.path.contains('{') {
        codes.push(Code::NotFound);
    }
    if route.has_body {
        codes.extend([Code::Malformed, Code::TooLarge, Code::UnsupportedMediaType]);
    }
    if route.method == Method::DELETE || takes_version(route) {
        codes.push(Code::VersionMismatch);
    }
    if takes_key(route) {
        codes.push(Code::IdempotencyConflict);
    }
    codes.push(Code::Validation);
    codes.extend(route.problems);
    codes
}

impl Problem {
    /// What a problem with this code looks like.
    fn example(code: Code) -> Self {
        let detail = match code {
            Code::Validation => return Self::fields(vec![FieldError::new("/email", "format", "must be an e-mail address")]),
            Code::NotFound => return Self::not_found(),
            Code::Unauthenticated => return Self::unauthenticated(),
            Code::Forbidden => return Self::forbidden("customers:read"),
            Code::Internal => return Self::internal(""),
            Code::Unavailable => return Self::busy(""),
            Code::Duplicate => {
                let detail = "A lead or customer with this e-mail address or phone number exists; allowDuplicate=true saves it all the same";
                let known = FieldError::new("/email", "unique", "another lead or customer has it");
                let problem = Self { errors: vec![known], ..Self::new(code, detail) };
                return problem.with("matches", json!({"ids": ["0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"], "hidden": 1}));
            }
            Code::LeadConverted => {
                let detail = "The lead became a customer and is read-only; change the customer instead";
                return Self::new(code, detail).with("customerId", json!("0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"));
            }
            Code::VersionMismatch => {
                let detail = "The record is at version 2. Read it again and repeat the change";
                return Self::new(code, detail).with("version", json!(2));
            }
            Code::LeadTransition => {
                let detail = "A lead that is CLOSED cannot become QUALIFIED";
                return Refused::transition(StateMachine::Lead, detail, &["NEW", "IN_PROGRESS"]).into();
            }
            Code::FollowUpTransition => {
                let detail = "A follow-up that is COMPLETED is final; schedule another";
                return Refused::transition(StateMachine::FollowUp, detail, &[] as &[&str]).into();
            }
            Code::TaskTransition => {
                return Refused::transition(StateMachine::Task, "A task that is CANCELLED cannot become DONE", &["TODO"]).into();
            }
            Code::ProjectTransition => {
                let detail = "A project that is PLANNED cannot become COMPLETED";
                return Refused::transition(StateMachine::Project, detail, &["ACTIVE", "CANCELLED"]).into();
            }
            Code::OrderTransition => {
                return Refused::transition(StateMachine::Order, "An order that is PENDING cannot become COMPLETED", &["CONFIRMED", "CANCELLED"])
                    .into();
            }
            Code::RefundFirst => return Refused::RefundFirst { minor: 125_000 }.into(),
            Code::OrderCancelled => return Refused::OrderCancelled.into(),
            Code::PromotionNotApplicable => {
                let fault = FieldFault::new("promotionCodes/0", "promotion", "the customer has used WELCOME-10 already");
                return Refused::NotApplicable(vec![fault]).into();
            }
            Code::CustomerArchived => return Refused::CustomerArchived.into(),
            Code::CustomerTransition => {
                let detail = "A customer that is PROSPECT cannot become FORMER";
                return Refused::transition(StateMachine::Customer, detail, &["CUSTOMER"]).into();
            }
            Code::PromotionTransition => {
                let detail = "A promotion that is EXPIRED cannot become ACTIVE";
                return Refused::transition(StateMachine::Promotion, detail, &[] as &[&str]).into();
            }
            Code::CampaignTransition => {
                let detail = "A campaign that is RUNNING cannot be executed";
                return Refused::transition(StateMachine::Campaign, detail, &["CANCELLED"]).into();
            }
            Code::MessageTransition => {
                let detail = "A message that is SENT cannot be sent again; it has to be FAILED";
                return Refused::transition(StateMachine::Message, detail, &[] as &[&str]).into();
            }
            Code::Throttled => return Self::throttled(900),
            Code::Malformed => "The body is not JSON: expected value at line 1 column 1",
            Code::InvalidCredentials => "Check the account name and the password",
            Code::PasswordChangeRequired => "Set a new password with POST /auth/password",
            Code::MethodNotAllowed => "DELETE is not possible here; possible are GET, POST",
            Code::IdempotencyConflict => "Use a new Idempotency-Key for a new request",
            Code::LastAdmin => "The last active administrator stays; make somebody else one first",
            Code::TeamNotEmpty => "The team has 3 active members; move them first",
            Code::RoleFixed => "Administrators hold everything; this cannot be changed",
            Code::JobRunning => "A run of tasks-due is under way; GET /admin/jobs tells how it goes",
            Code::LimitReached => "A team has at most 1,000 members",
            Code::TooLarge => "A body may have 262144 bytes; this one has 300012",
            Code::UnsupportedMediaType => "Send the body as Content-Type: application/json",
        };
        Self::new(code, detail)
    }
}
