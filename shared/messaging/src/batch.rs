//! Running a batch of messages so that one bad message harms none of its neighbours.

use futures::FutureExt;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;

/// A message of a queue, as the Lambda event carries it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The queue's id of the message.
    pub id: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// The queue it came from: the last part of its ARN.
    pub source: String,
    /// The message.
    pub body: String,
    /// Attributes that were set by the sender, as text.
    pub attributes: Vec<(String, String)>,
}

/// The messages of an SQS event.
pub fn messages(event: &Value) -> Vec<Message> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attributes = |record: &Value| {
        let map = record["messageAttributes"].as_object();
        map.map(|map| map.iter().map(|(name, value)| (name.clone(), text(&value["stringValue"]))).collect()).unwrap_or_default()
    };
    let records = event["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
    records
        .iter()
        .map(|record| Message {
            id: text(&record["messageId"]),
            receives: text(&record["attributes"]["ApproximateReceiveCount"]).parse().unwrap_or(1),
            source: text(&record["eventSourceARN"]).rsplit(':').next().unwrap_or_default().to_owned(),
            body: text(&record["body"]),
            attributes: attributes(record),
        })
        .collect()
}

/// Handles each message by itself; those that failed or panicked are reported back and come again.
/// The answer is what `ReportBatchItemFailures` asks for.
pub async fn run_messages<F, Fut, E>(event: &Value, log: impl Fn(&Message, &str), handle: F) -> Value
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut failures = Vec::new();
    for message in messages(event) {
        if let Err(cause) = guarded(handle(message.clone())).await {
            log(&message, &cause);
            failures.push(json!({"itemIdentifier": message.id}));
        }
    }
    json!({"batchItemFailures": failures})
}

/// Runs a future and turns an error or a panic into its text.
pub async fn guarded<T, E: std::fmt::Display>(future: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poison_message_fails_alone() {
        let record = |id: &str| json!({"messageId": id, "body": id, "attributes": {"ApproximateReceiveCount": "2"}, "eventSourceARN": "arn:aws:sqs:r:1:automation"});
        let event = json!({"Records": [record("good"), record("bad"), record("worse"), record("fine")]});
        let handle = |message: Message| async move {
            match message.body.as_str() {
                "bad" => Err("no".to_owned()),
                "worse" => panic!("boom"),
                _ => Ok(()),
            }
        };
        let answer = futures::executor::block_on(run_messages(&event, |_, _| {}, handle));
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "worse"}]}));
        assert_eq!((messages(&event)[0].source.as_str(), messages(&event)[0].receives), ("automation", 2));
    }
}
