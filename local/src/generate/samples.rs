//! `events/`: for each function an event as AWS sends it, for `cargo lambda invoke --data-file`.

use super::example::{self, ID, TIME};
use edge::router::BASE;
use edge::{Access, Route};
use http::Method;
use messaging::Queue;
use serde_json::{Value, json};
use std::path::PathBuf;
use workers::{Interest, Trigger, WORKERS, Worker};

/// Where a real token has to be put.
const TOKEN: &str = "Bearer <access token from POST /api/v1/auth/login>";

/// Every sample by its path.
pub(super) fn all(crates: &[(&'static str, Vec<Route>)]) -> Vec<(PathBuf, Value)> {
    let place = |folder: &str, name: &str| PathBuf::from(format!("events/{folder}/{name}.json"));
    let routes = crates.iter().flat_map(|(name, routes)| routes.iter().map(move |route| (place(name, route.name), request(route))));
    routes.chain(WORKERS.iter().map(|worker| (place("workers", worker.name), message(worker)))).collect()
}

/// A request, API Gateway's payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
fn request(route: &Route) -> Value {
    let path = format!("{BASE}{}", route.path);
    let names = edge::openapi::path_names(route.path);
    let raw_path = path.split('/').map(|part| if part.starts_with('{') { parameter(part) } else { part }).collect::<Vec<_>>().join("/");
    let mut headers = json!({"accept": "application/json", "host": "api.example.com", "user-agent": "curl/8.7.1", "x-forwarded-for": "203.0.113.7"});
    if !matches!(route.access, Access::Public | Access::Optional) {
        headers["authorization"] = json!(TOKEN);
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{} {path}", route.method),
        "rawPath": raw_path,
        "rawQueryString": query(route),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {"method": route.method.as_str(), "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8.7.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{} {path}", route.method),
            "stage": "$default",
            "time": "01/Sep/2025:10:30:00 +0000",
            "timeEpoch": 1_756_722_600_000_i64,
        },
        "isBase64Encoded": false,
    });
    if !names.is_empty() {
        event["pathParameters"] =
            names.iter().map(|name| (name.clone(), json!(parameter(&format!("{{{name}}}"))))).collect::<serde_json::Map<_, _>>().into();
    }
    if let Some((schema, _)) = (route.body)() {
        headers["content-type"] = json!("application/json");
        event["body"] = json!(body(route, &schema).to_string());
    }
    if route.method == Method::POST && !route.path.starts_with("/auth/") {
        headers["idempotency-key"] = json!(format!("sample-{}", route.name));
    }
    event["headers"] = headers;
    event
}

/// A path parameter's value.
fn parameter(name: &str) -> &'static str {
    if name == "{role}" { "SALES_REP" } else { ID }
}

/// The first page of a list; what else can be asked for is optional.
fn query(route: &Route) -> String {
    // Whose activities has to be said.
    let needed = |name: &str| name == "limit" || (route.name == "list_activities" && name == "leadId");
    let pairs = (route.query)().into_iter().filter(|(name, _, _, required)| *required || needed(name));
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    pairs
        .map(|(name, _, schema, _)| if name == "limit" { "limit=20".to_owned() } else { format!("{name}={}", text(example::of(&name, &schema))) })
        .collect::<Vec<_>>()
        .join("&")
}

/// A valid body: from the schema, and for rules between fields by hand.
fn body(route: &Route, schema: &Value) -> Value {
    let mut body = example::of("", schema);
    let Some(fields) = body.as_object_mut() else { return body };
    match route.name {
        // One of the two says who signs in.
        "login" => drop(fields.remove("username")),
        "logout" => drop(fields.remove("refreshToken")),
        "refresh" => drop(fields.insert("refreshToken".to_owned(), json!("A".repeat(86)))),
        // About a lead or about a customer.
        "create_activity" | "create_follow_up" => drop(fields.remove("customerId")),
        "create_task" | "update_task" => drop(fields.remove("leadId")),
        // A reason goes with closing only.
        "set_lead_status" => drop(fields.insert("status".to_owned(), json!("CLOSED"))),
        _ => {}
    }
    body
}

/// What starts a worker.
fn message(worker: &Worker) -> Value {
    match worker.trigger {
        Trigger::Stream(interest) => stream(interest),
        Trigger::Queue(queue) => queue_event(queue.name(), &queue_body(queue)),
        Trigger::DeadLetters => queue_event(&Queue::Work.dead_name(), &queue_body(Queue::Work)),
        Trigger::CustomResource => json!({
            "RequestType": "Create",
            "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:crm-bootstrap",
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/crm/1",
            "RequestId": ID,
            "LogicalResourceId": "Bootstrap",
            "ResourceType": "Custom::Bootstrap",
            "ResourceProperties": {"Rotation": "1"},
        }),
    }
}

/// A batch of one record that the worker is interested in.
fn stream(interest: Interest) -> Value {
    let text = |value: &str| json!({"S": value});
    let number = |value: &str| json!({"N": value});
    let (sk, image) = match interest {
        Interest::Inserted(prefix) => {
            let data = json!({
                "id": text(ID), "kind": text("user.deleted"), "at": text(TIME), "actorName": text("Ada Lovelace"),
                "entityType": text("USER"), "entityId": text(ID), "summary": text("Ada Lovelace disabled Grace Hopper"), "data": {"M": {}},
            });
            (format!("{prefix}{TIME}#{ID}"), json!({"type": text("EVENT"), "data": {"M": data}}))
        }
        Interest::Records(kinds) => {
            let kind = kinds.first().copied().unwrap_or_default();
            let data = json!({"name": text("Analytical Engines Ltd"), "email": text("grace@example.com")});
            let image = json!({"type": text(kind), "version": number("1"), "rev": number("1"), "data": {"M": data}});
            (kind.to_owned(), image)
        }
    };
    let keys = json!({"pk": text(&format!("CUSTOMER#{ID}")), "sk": text(&sk)});
    let mut image = image;
    if let (Some(image), Some(keys)) = (image.as_object_mut(), keys.as_object()) {
        image.extend(keys.clone());
    }
    json!({"Records": [{
        "eventID": "1",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/crm/stream/2025-09-01T00:00:00.000",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_756_722_600,
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": "100000000000000000001",
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }]})
}

/// What a queue's messages look like.
fn queue_body(queue: Queue) -> Value {
    match queue {
        Queue::Automation => json!({
            "version": "0", "id": ID, "detail-type": "user.deleted", "source": "crm.user", "account": "123456789012", "time": TIME, "region": "eu-central-1", "resources": [],
            "detail": {"id": ID, "type": "user.deleted", "time": TIME, "entityType": "USER", "entityId": ID, "actorId": null, "data": {"reassignTo": null}},
        }),
        Queue::Work => json!({"task": "move_records", "user": ID, "to": null}),
    }
}

fn queue_event(source: &str, body: &Value) -> Value {
    json!({"Records": [{
        "messageId": ID,
        "receiptHandle": "AQEBzWwaftRI0KuVm4tP",
        "body": body.to_string(),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1756722600000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1756722600001",
        },
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000000",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:123456789012:crm-{source}"),
        "awsRegion": "eu-central-1",
    }]})
}
