//! The samples have what AWS sends: every member of the trigger's event, under names and with values as
//! they are there.

use crate::samples::event;
use serde_json::Value;
use std::collections::BTreeSet;
use workers::{Interest, Trigger, WORKERS};

/// The members of an object.
fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn set<const N: usize>(names: [&'static str; N]) -> BTreeSet<&'static str> {
    names.into_iter().collect()
}

fn is_stream_event(name: &str, event: &Value, interest: Interest) {
    let records = event["Records"].as_array().expect("records");
    assert!(!records.is_empty(), "{name}");
    for record in records {
        let all = set(["eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "eventSourceARN", "dynamodb"]);
        assert_eq!(members(record), all, "{name}");
        let change = &record["dynamodb"];
        let all = set(["ApproximateCreationDateTime", "Keys", "NewImage", "SequenceNumber", "SizeBytes", "StreamViewType"]);
        assert_eq!(members(change), all, "{name}: a new item");
        assert_eq!((&record["eventName"], &record["eventSource"]), (&"INSERT".into(), &"aws:dynamodb".into()));
        let sk = change["Keys"]["sk"]["S"].as_str().expect("a sort key");
        let wanted = match interest {
            Interest::Inserted(prefix) => sk.starts_with(prefix),
            Interest::Records(kinds) => kinds.contains(&sk),
        };
        assert!(wanted, "{name} is not given {sk}");
        for key in ["pk", "sk"] {
            assert_eq!(change["NewImage"][key], change["Keys"][key], "{name}");
        }
    }
}

fn is_queue_event(name: &str, event: &Value, source: &str, dead: bool) {
    let records = event["Records"].as_array().expect("records");
    assert!(!records.is_empty(), "{name}");
    for record in records {
        let all =
            set(["messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource", "eventSourceARN", "awsRegion"]);
        assert_eq!(members(record), all, "{name}");
        let mut all = set(["ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"]);
        all.extend(dead.then_some("DeadLetterQueueSourceArn"));
        assert_eq!(members(&record["attributes"]), all, "{name}");
        assert!(record["attributes"].as_object().expect("object").values().all(Value::is_string), "{name}: SQS sends texts");
        assert!(record["eventSourceARN"].as_str().expect("an ARN").ends_with(source), "{name}");
        assert!(uuid::Uuid::try_parse(record["messageId"].as_str().expect("an id")).is_ok(), "{name}");
    }
}

#[test]
fn the_workers_samples_have_every_member_that_aws_sends() {
    for worker in WORKERS {
        let (name, event) = (worker.name, event("workers", worker.name));
        match worker.trigger {
            Trigger::Stream(interest) => is_stream_event(name, &event, interest),
            Trigger::Queue(queue) => is_queue_event(name, &event, queue.name(), false),
            Trigger::DeadLetters => is_queue_event(name, &event, "-dead", true),
            Trigger::CustomResource => {
                let all =
                    ["RequestType", "ServiceToken", "ResponseURL", "StackId", "RequestId", "LogicalResourceId", "ResourceType", "ResourceProperties"];
                assert_eq!(members(&event), set(all), "{name}");
            }
        }
    }
    let published: Value = serde_json::from_str(event("workers", "automation")["Records"][0]["body"].as_str().expect("a body")).expect("JSON");
    let all = set(["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]);
    assert_eq!(members(&published), all, "EventBridge's envelope");
}

#[test]
fn the_routes_samples_have_every_member_that_api_gateway_sends() {
    for (folder, routes) in local::routes() {
        for route in routes {
            let event = event(folder, route.name);
            let mut all = set(["version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"]);
            all.extend(route.path.contains('{').then_some("pathParameters"));
            all.extend((event["rawQueryString"] != "").then_some("queryStringParameters"));
            all.extend(route.has_body.then_some("body"));
            assert_eq!(members(&event), all, "{}", route.name);
            let context = set(["accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey", "stage", "time", "timeEpoch"]);
            assert_eq!(members(&event["requestContext"]), context, "{}", route.name);
            assert_eq!(event["routeKey"], format!("{} /api/v1{}", route.method, route.path));
        }
    }
}
