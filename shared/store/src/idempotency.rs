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
    /// HMAC-SHA-256 of the body, hexadecimal. Its key comes from what the client sent, of which nothing but
    /// a digest is stored: who reads the table cannot try bodies on it, such as those with a password.
    pub fingerprint: String,
}

impl IdempotencyKey {
    /// The key a client sent, bound to the user and the route.
    pub fn new(user: UserId, route: &str, key: &str, body: &[u8]) -> Self {
        let named = format!("{user}\n{route}\n{key}");
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, format!("fingerprint\n{named}").as_bytes());
        Self { digest: sha256(named.as_bytes()), fingerprint: hexadecimal(ring::hmac::sign(&secret, body).as_ref()) }
    }
}

/// SHA-256 as hexadecimal text.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_keyed_with_what_is_not_stored() {
        let (ann, bob) = (UserId::nobody(), UserId::from(uuid::Uuid::from_u128(7)));
        let body = br#"{"password": "seven otters juggle"}"#;
        let of = |user, route, key, body: &[u8]| IdempotencyKey::new(user, route, key, body);
        let first = of(ann, "create_user", "one", body);
        assert_eq!(first, of(ann, "create_user", "one", body));
        assert_ne!(first.fingerprint, of(ann, "create_user", "one", b"{}").fingerprint);
        // The same body has another fingerprint under every key, user and route, and none is its plain digest.
        let others = [of(ann, "create_user", "two", body), of(bob, "create_user", "one", body), of(ann, "create_team", "one", body)];
        for other in others.iter().map(|other| &other.fingerprint).chain([&sha256(body), &first.digest]) {
            assert_ne!(first.fingerprint, *other);
        }
    }
}
