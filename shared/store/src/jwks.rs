//! Public keys that verify access tokens.

use crate::error::Error;
use crate::item::{bare, from_attribute, to_attribute};
use crate::keys;
use crate::table::Store;
use serde::{Deserialize, Serialize};

/// A public Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Key id, as in a token's header.
    pub kid: String,
    /// The key, 32 bytes, base64url without padding (RFC 8037 `x`).
    pub x: String,
}

#[derive(Serialize, Deserialize, Default)]
struct KeySet {
    #[serde(default)]
    keys: Vec<PublicKey>,
}

impl Store {
    /// The keys in force. Reading them also warms the connection.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        match self.get_item(&keys::jwks(), false).await? {
            Some(item) => Ok(from_attribute::<KeySet>(&item, "data")?.keys),
            None => Ok(Vec::new()),
        }
    }

    /// Publishes the keys in force.
    pub async fn publish_keys(&self, keys: &[PublicKey]) -> Result<(), Error> {
        let mut item = bare(&keys::jwks(), "JWKS");
        item.insert("data".into(), to_attribute(&KeySet { keys: keys.to_vec() })?);
        self.put_item(item).await
    }
}
