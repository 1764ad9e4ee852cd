//! Queue messages: how one is kept in the database, and how a batch looks to a Lambda function.

use crate::state;
use serde_json::{Map, Value, json};

/// One message with everything that has to survive a restart.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) sent_ms: i64,
    pub(super) visible_ms: i64,
    pub(super) receives: u32,
    pub(super) in_flight: bool,
    /// Why the last try failed.
    pub(super) last_error: Option<String>,
    /// Extra message attributes by name: `(data type, value)`.
    pub(super) attributes: Vec<(String, String, String)>,
}

impl Message {
    /// The item in wire form.
    pub(super) fn item(&self, queue: &str) -> Value {
        let mut item = state::key(&partition(queue), &self.id);
        item["body"] = json!({"S": self.body});
        item["sent"] = json!({"N": self.sent_ms.to_string()});
        item["visible"] = json!({"N": self.visible_ms.to_string()});
        item["receives"] = json!({"N": self.receives.to_string()});
        item["in_flight"] = json!({"BOOL": self.in_flight});
        let attributes = self.attributes.iter().map(|(name, kind, value)| json!({"L": [{"S": name}, {"S": kind}, {"S": value}]}));
        if let Some(error) = &self.last_error {
            item["last_error"] = json!({"S": error});
        }
        item["attributes"] = json!({"L": attributes.collect::<Vec<_>>()});
        item
    }

    /// Reads an item back.
    pub(super) fn from_item(item: &Value) -> Option<Self> {
        let number = |name: &str| item[name]["N"].as_str()?.parse::<i64>().ok();
        let attributes = item["attributes"]["L"].as_array().into_iter().flatten();
        Some(Self {
            id: item["sk"]["S"].as_str()?.to_owned(),
            body: item["body"]["S"].as_str()?.to_owned(),
            sent_ms: number("sent")?,
            visible_ms: number("visible")?,
            receives: u32::try_from(number("receives")?).ok()?,
            in_flight: item["in_flight"]["BOOL"].as_bool()?,
            last_error: item["last_error"]["S"].as_str().map(str::to_owned),
            attributes: attributes
                .filter_map(|entry| {
                    let part = |at: usize| entry["L"][at]["S"].as_str().map(str::to_owned);
                    Some((part(0)?, part(1)?, part(2)?))
                })
                .collect(),
        })
    }

    /// Sets an attribute, replacing one of the same name.
    pub(super) fn set_attribute(&mut self, name: &str, kind: &str, value: String) {
        self.attributes.retain(|(known, ..)| known != name);
        self.attributes.push((name.into(), kind.into(), value));
    }

    /// The message as one record of an event.
    pub(super) fn record(&self, queue: &str, now_ms: i64) -> Value {
        let mut attributes = Map::new();
        for (name, kind, value) in &self.attributes {
            let value = json!({"stringValue": value, "stringListValues": [],
                "binaryListValues": [], "dataType": kind});
            attributes.insert(name.clone(), value);
        }
        json!({
            "messageId": self.id,
            "receiptHandle": format!("{}#{}", self.id, self.receives),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": self.sent_ms.to_string(),
                "SenderId": "local",
                "ApproximateFirstReceiveTimestamp": now_ms.to_string(),
            },
            "messageAttributes": attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": arn(queue),
            "awsRegion": dynoxide::streams::LOCAL_REGION,
        })
    }
}

/// The event a Lambda function behind `queue` gets.
pub(super) fn event(queue: &str, messages: &[Message], now_ms: i64) -> Value {
    let records = messages.iter().map(|message| message.record(queue, now_ms));
    json!({"Records": records.collect::<Vec<_>>()})
}

/// The ids a function's answer names as failed; none when they are not all from this batch, in
/// which case Lambda takes the whole batch as failed.
pub(super) fn failed_ids(answer: &Value, messages: &[Message]) -> Option<Vec<String>> {
    let Some(failures) = answer.get("batchItemFailures").filter(|list| !list.is_null()) else {
        return Some(Vec::new());
    };
    let name = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str()?;
        messages.iter().any(|message| message.id == id).then(|| id.to_owned())
    };
    failures.as_array()?.iter().map(name).collect()
}

/// The partition a queue's messages are kept in.
pub(super) fn partition(queue: &str) -> String {
    format!("queue#{queue}")
}

fn arn(queue: &str) -> String {
    let (region, account) = (dynoxide::streams::LOCAL_REGION, dynoxide::streams::LOCAL_ACCOUNT);
    format!("arn:aws:sqs:{region}:{account}:{queue}")
}
