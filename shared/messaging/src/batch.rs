//! Running a batch of messages so that one bad message harms none of its neighbours.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

/// A message of a queue, as its consumers see it.
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
    pub attributes: HashMap<String, String>,
}

impl From<SqsMessage> for Message {
    fn from(message: SqsMessage) -> Self {
        let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let attributes = message.message_attributes.into_iter();
        Self {
            id: message.message_id.unwrap_or_default(),
            receives: receives.unwrap_or(1),
            source: message.event_source_arn.unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned(),
            body: message.body.unwrap_or_default(),
            attributes: attributes.filter_map(|(name, value)| Some((name, value.string_value?))).collect(),
        }
    }
}

/// The messages of a queue's event.
pub fn messages(event: Value) -> Result<Vec<Message>, serde_json::Error> {
    let event: SqsEvent = serde_json::from_value(event)?;
    Ok(event.records.into_iter().map(Message::from).collect())
}

/// Handles each message by itself; those that failed or panicked are reported back and come again.
/// The answer is what `ReportBatchItemFailures` asks for.
pub async fn run_messages<F, Fut, E>(messages: Vec<Message>, log: impl Fn(&Message, &str), handle: F) -> SqsBatchResponse
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut answer = SqsBatchResponse::default();
    for message in messages {
        if let Err(cause) = guarded(handle(message.clone())).await {
            log(&message, &cause);
            answer.add_failure(message.id);
        }
    }
    answer
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
    use serde_json::json;

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
        let messages = messages(event).expect("an event");
        assert_eq!((messages[0].source.as_str(), messages[0].receives), ("automation", 2));
        let answer = futures::executor::block_on(run_messages(messages, |_, _| {}, handle));
        assert_eq!(json!(answer), json!({"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "worse"}]}));
    }

    #[test]
    fn what_lambda_sends_is_read_and_nothing_else() {
        let attribute = json!({"stringValue": "7", "stringListValues": [], "binaryListValues": [], "dataType": "Number"});
        let read = messages(json!({"Records": [{"messageId": "1", "messageAttributes": {"ReceiveCount": attribute}}]})).expect("an event");
        assert_eq!((read[0].receives, read[0].attributes["ReceiveCount"].as_str()), (1, "7"));
        assert!(messages(json!({"records": []})).is_err());
    }
}
