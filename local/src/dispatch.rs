//! The map from a DynamoDB operation's name to the database call that serves it, and from a
//! failure to the answer DynamoDB would give.

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every operation served; anything else is an `UnknownOperationException`.
pub(crate) const OPERATIONS: [&str; 13] = [
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "TransactGetItems",
    "CreateTable",
    "DescribeTable",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// Whether the operation can change an item.
pub(crate) fn writes(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Whether the operation reads items and does nothing else.
pub(crate) fn reads(operation: &str) -> bool {
    matches!(operation, "GetItem" | "Query" | "BatchGetItem" | "TransactGetItems")
}

/// An answer in wire form.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// An error answer that did not come from the database.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let service = match code {
            "AccessDeniedException" | "ThrottlingException" | "UnknownOperationException" => "com.amazon.coral.service",
            _ => "com.amazonaws.dynamodb.v20120810",
        };
        let body = serde_json::json!({"__type": format!("{service}#{code}"), "message": message});
        Self { status, body: body.to_string().into_bytes() }
    }
}

/// Runs one operation and answers as DynamoDB would.
pub(crate) fn answer(db: &Database, operation: &str, body: &[u8]) -> Answer {
    if !OPERATIONS.contains(&operation) {
        return Answer::error(400, "UnknownOperationException", "");
    }
    match run(db, operation, body) {
        Ok(body) => Answer { status: 200, body },
        Err(error) => {
            let error = enveloped(operation, error);
            Answer { status: error.status_code(), body: error.to_json().into_bytes() }
        }
    }
}

fn run(db: &Database, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
    match operation {
        "GetItem" => call(body, |request| db.get_item(request)),
        "PutItem" => call(body, |request| db.put_item(request)),
        "UpdateItem" => call(body, |request| db.update_item(request)),
        "DeleteItem" => call(body, |request| db.delete_item(request)),
        "Query" => call(body, |request| db.query(request)),
        "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| db.batch_write_item(request)),
        // Its memory of tokens is gone through with every transaction; whoever calls this knows whose answers were lost.
        "TransactWriteItems" => call(body, |request| db.transact_write_items(TransactWriteItemsRequest { client_request_token: None, ..request })),
        "TransactGetItems" => call(body, |request| db.transact_get_items(request)),
        "CreateTable" => call(body, |request| db.create_table(request)),
        "DescribeTable" => call(body, |request| db.describe_table(request)),
        "UpdateTable" => call(body, |request| db.update_table(request)),
        "UpdateTimeToLive" => call(body, |request| db.update_time_to_live(request)),
        other => Err(DynoxideError::InternalServerError(format!("{other} has no handler"))),
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(body: &[u8], serve: impl FnOnce(Q) -> Result<A, DynoxideError>) -> Result<Vec<u8>, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let answer = serve(request)?;
    serde_json::to_vec(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Sorts a request that could not be read into the exception DynamoDB uses for it.
///
/// dynoxide's deserialisers mark the class at the front of the message; serde_json adds the
/// position at its end.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let plain = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    if let Some(message) = plain.strip_prefix("VALIDATION_REQUEST:") {
        return DynoxideError::EnvelopedValidation(message.to_owned());
    }
    for marker in ["VALIDATION:", "VALIDATION_AS_READ:"] {
        if let Some(message) = plain.strip_prefix(marker) {
            return DynoxideError::ValidationException(message.to_owned());
        }
    }
    for marker in ["SERIALIZATION:", "SERIALIZATION_AS_READ:"] {
        if let Some(message) = plain.strip_prefix(marker) {
            return DynoxideError::SerializationException(message.to_owned());
        }
    }
    let invalid = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    if invalid.iter().any(|sign| plain.contains(sign)) {
        DynoxideError::ValidationException(plain.to_owned())
    } else {
        DynoxideError::SerializationException(plain.to_owned())
    }
}

/// Single-item writes wrap this one family of validation errors, as DynamoDB does.
fn enveloped(operation: &str, error: DynoxideError) -> DynoxideError {
    match (operation, error) {
        ("PutItem" | "UpdateItem" | "DeleteItem", DynoxideError::EnvelopedValidation(message)) => {
            DynoxideError::ValidationException(format!("1 validation error detected: {message}"))
        }
        (_, error) => error,
    }
}
