//! Public keys that verify access tokens.

use crate::error::Error;
use crate::item::{bare, from_attribute, get_number, number, to_attribute};
use crate::keys;
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::Time;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A public Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Key id, as in a token's header.
    pub kid: String,
    /// The key, 32 bytes, base64url without padding (RFC 8037 `x`).
    pub x: String,
    /// Until when its tokens count, seconds; absent while it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl PublicKey {
    /// Whether its tokens count now.
    pub fn counts(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now.seconds() < until)
    }
}

#[derive(Serialize, Deserialize, Default)]
struct KeySet {
    #[serde(default)]
    keys: Vec<PublicKey>,
}

/// The item as it was read to be replaced.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The keys; none where the item cannot be read, so that it can be made anew.
    pub keys: Vec<PublicKey>,
    rev: Option<u64>,
}

impl Store {
    /// The keys in force, eventually consistent. Reading them also warms the connection.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        self.key_set(false).await
    }

    /// The same, strongly consistent: every key that was published before this was asked.
    pub async fn latest_public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        self.key_set(true).await
    }

    async fn key_set(&self, consistent: bool) -> Result<Vec<PublicKey>, Error> {
        match self.get_item(&keys::jwks(), consistent).await? {
            Some(item) => Ok(from_attribute::<KeySet>(&item, "data")?.keys),
            None => Ok(Vec::new()),
        }
    }

    /// The item that [`Self::publish_keys`] replaces.
    pub async fn published(&self) -> Result<Published, Error> {
        let item = self.get_item(&keys::jwks(), true).await?.unwrap_or_default();
        let keys = from_attribute::<KeySet>(&item, "data").unwrap_or_default().keys;
        Ok(Published { keys, rev: get_number(&item, "rev") })
    }

    /// Publishes the keys in force, if the item is still as read: of two who publish at once, one is
    /// [`Error::Refused`].
    pub async fn publish_keys(&self, present: &Published, keys: Vec<PublicKey>) -> Result<Published, Error> {
        let rev = present.rev.unwrap_or_default() + 1;
        let mut item = bare(&keys::jwks(), "JWKS");
        item.insert("rev".into(), number(rev));
        item.insert("data".into(), to_attribute(&KeySet { keys: keys.clone() })?);
        let (condition, values) = match present.rev {
            Some(rev) => ("rev = :rev", HashMap::from([(":rev".to_owned(), number(rev))])),
            None => ("attribute_not_exists(rev)", HashMap::new()),
        };
        let mut tx = Tx::new();
        tx.put_if(item, condition, values, FailedCondition::Stale);
        self.commit(tx).await?;
        Ok(Published { keys, rev: Some(rev) })
    }
}
