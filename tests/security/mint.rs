//! Makes access tokens with the deployment's own key, right and wrong ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use tests::Crm;

/// Base64url without padding.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    B64.encode(bytes)
}

/// A token's header, payload and signature.
pub fn parts(token: &str) -> (Value, Value, String) {
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| serde_json::from_slice(&B64.decode(part).expect("base64")).expect("JSON");
    (read(parts[0]), read(parts[1]), parts[2].to_owned())
}

/// A deployment's signing key.
pub struct Mint {
    /// Its id.
    pub kid: String,
    /// The public half as it is published, base64url.
    pub public: String,
    key: Ed25519KeyPair,
}

impl Mint {
    /// The key of this CRM.
    pub async fn of(crm: &Crm) -> Self {
        let secret: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
        let text = |name: &str| secret["keys"][0][name].as_str().expect("text").to_owned();
        let published = crm.embedded().app().unscoped().public_keys().await.expect("keys");
        let key = Ed25519KeyPair::from_pkcs8(&B64.decode(text("pkcs8")).expect("base64")).expect("key pair");
        Self { kid: text("kid"), public: published[0].x.clone(), key }
    }

    /// The usual header.
    pub fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid})
    }

    /// A token with this header and payload and a good signature of this key.
    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(payload.to_string()));
        let signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", b64(signature))
    }
}

/// A token signed with HMAC.
pub fn hmac(header: &Value, payload: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(payload.to_string()));
    let signature = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", b64(signature))
}

/// An object with some members replaced; a null takes the member away.
pub fn with(object: &Value, members: Value) -> Value {
    let mut object = object.clone();
    for (name, value) in members.as_object().expect("object") {
        match value {
            Value::Null => drop(object.as_object_mut().expect("object").remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}
