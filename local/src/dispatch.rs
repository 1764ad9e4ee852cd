//! The map from a DynamoDB operation's name to the database call that serves it, and from a
//! failure to the answer DynamoDB would give.

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// Whether the operation reads items and does nothing else, each for itself.
pub(crate) fn reads(operation: &str) -> bool {
    matches!(operation, "GetItem" | "Query" | "BatchGetItem")
}

/// An answer in wire form.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The token under which a transaction is asked for again where this does not arrive.
    pub(crate) token: Option<String>,
}

/// What transactions were answered whose answers nobody has heard so far, by token: the first try may still be under way when the
/// next one comes, since whoever asks waits only so long. The engine has a memory of its own for that, and goes through all of the
/// last ten minutes with every transaction.
#[derive(Default)]
pub(crate) struct Unheard(Mutex<HashMap<String, Arc<Mutex<Option<Answer>>>>>);

impl Unheard {
    /// Does it once under a token: whoever comes later with it waits, and gets the same answer. What was refused is done again.
    fn once(&self, token: &str, work: impl FnOnce() -> Answer) -> Answer {
        let slot = locked(&self.0).entry(token.to_owned()).or_default().clone();
        let mut known = locked(&slot);
        if let Some(answer) = &*known {
            return answer.clone();
        }
        let answer = Answer { token: Some(token.to_owned()), ..work() };
        if answer.status == 200 {
            *known = Some(answer.clone());
        }
        answer
    }

    /// The answer has arrived: nobody asks again.
    pub(crate) fn heard(&self, token: &str) {
        locked(&self.0).remove(token);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answer {
    /// An error answer that did not come from the database.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let service = match code {
            "AccessDeniedException" | "ThrottlingException" | "UnknownOperationException" => "com.amazon.coral.service",
            _ => "com.amazonaws.dynamodb.v20120810",
        };
        let body = serde_json::json!({"__type": format!("{service}#{code}"), "message": message});
        Self { status, body: body.to_string().into_bytes(), token: None }
    }
}

/// Runs one operation and answers as DynamoDB would.
pub(crate) fn answer(db: &Database, unheard: &Unheard, operation: &str, body: &[u8]) -> Answer {
    if !OPERATIONS.contains(&operation) {
        return Answer::error(400, "UnknownOperationException", "");
    }
    if operation != "TransactWriteItems" {
        return answered(operation, run(db, operation, body));
    }
    let mut request: TransactWriteItemsRequest = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return answered(operation, Err(unreadable(&error))),
    };
    let token = request.client_request_token.take();
    let work = || answered(operation, db.transact_write_items(request).and_then(|answer| written(&answer)));
    match token {
        Some(token) => unheard.once(&token, work),
        None => work(),
    }
}

fn answered(operation: &str, outcome: Result<Vec<u8>, DynoxideError>) -> Answer {
    match outcome {
        Ok(body) => Answer { status: 200, body, token: None },
        Err(error) => {
            let error = enveloped(operation, error);
            Answer { status: error.status_code(), body: error.to_json().into_bytes(), token: None }
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
    written(&serve(request)?)
}

fn written(answer: &impl Serialize) -> Result<Vec<u8>, DynoxideError> {
    serde_json::to_vec(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_again_while_it_is_under_way_is_done_once() {
        let (unheard, done) = (Unheard::default(), Mutex::new(0));
        let work = || {
            *locked(&done) += 1;
            Answer { status: 200, body: b"first".to_vec(), token: None }
        };
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| unheard.once("token", work))).collect();
            tries.into_iter().filter_map(|one| one.join().ok()).collect()
        });
        assert!(answers.len() == 8 && answers.iter().all(|answer| answer.body == b"first"));
        assert_eq!(*locked(&done), 1);
        unheard.heard("token");
        assert!(locked(&unheard.0).is_empty(), "nothing is kept of what was heard");
        // What was refused changed nothing, so the next try is one.
        let refused = || Answer { status: 400, body: Vec::new(), token: None };
        assert_eq!(unheard.once("other", refused).status, 400);
        assert_eq!(unheard.once("other", work).status, 200);
    }
}
