//! Saved answers of requests that carry an `Idempotency-Key`.

use crate::error::Error;
use crate::item::{bare, from_attribute, get_number, number, to_attribute};
use crate::keys;
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::{Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How long an answer is kept, seconds.
const KEPT_SECONDS: i64 = 24 * 3600;

/// Which request of whom, and a fingerprint of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    digest: String,
    /// SHA-256 of the body, hexadecimal.
    pub fingerprint: String,
}

impl IdempotencyKey {
    /// The key a client sent, bound to the user and the route.
    pub fn new(user: UserId, route: &str, key: &str, body: &[u8]) -> Self {
        Self { digest: sha256(format!("{user}\n{route}\n{key}").as_bytes()), fingerprint: sha256(body) }
    }
}

/// SHA-256 as hexadecimal text.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer as it was given the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAnswer {
    /// Fingerprint of the body that was answered.
    pub fingerprint: String,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer that belong to the record.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Tx {
    /// Saves the answer in the work's own transaction; refused when the key was used before.
    pub fn save_answer(&mut self, key: &IdempotencyKey, answer: &SavedAnswer, now: Time) {
        let mut item = bare(&keys::idempotency(&key.digest), "IDEMPOTENCY");
        match to_attribute(answer) {
            Ok(data) => item.insert("data".into(), data),
            Err(error) => return self.fail(error),
        };
        item.insert("ttl".into(), number(now.seconds() + KEPT_SECONDS));
        // The table forgets late, so an answer past its time does not count.
        let values = HashMap::from([(":now".to_owned(), number(now.seconds()))]);
        let names_free = "attribute_not_exists(pk) OR expiresAt <= :now";
        item.insert("expiresAt".into(), number(now.seconds() + KEPT_SECONDS));
        self.put_if(item, names_free, values, FailedCondition::Answered);
    }
}

impl Store {
    /// The answer saved under this key, if it still counts.
    pub async fn saved_answer(&self, key: &IdempotencyKey, now: Time) -> Result<Option<SavedAnswer>, Error> {
        let item = self.get_item(&keys::idempotency(&key.digest), true).await?;
        match item {
            Some(item) if get_number::<i64>(&item, "expiresAt").is_some_and(|end| end > now.seconds()) => from_attribute(&item, "data").map(Some),
            _ => Ok(None),
        }
    }
}
