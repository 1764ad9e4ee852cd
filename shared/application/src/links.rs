//! What a link by which customers say that they want no messages ends with, and the key that signs it: one of its own, so that nobody
//! makes one up. It is valid for ever, and so is the key: a secret of its own, which Secrets Manager draws with the stack, and the
//! embedded run at its first start.

use crate::keys::{KeyError, random};
use aws::Secrets;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::text::{Form, Invalid, TextValue};
use domain::unsubscribe::Unsubscribe;
use std::sync::{Arc, OnceLock};

/// Where the links lead, below the base of the API.
pub const UNSUBSCRIBE: &str = "/api/v1/unsubscribe/";

/// What a link ends with: what it says, and the signature over that. Written `EMAIL.<customer>.<signature>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribeToken {
    said: Unsubscribe,
    signature: Vec<u8>,
}

impl std::fmt::Display for UnsubscribeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.said, B64.encode(&self.signature))
    }
}

impl TextValue for UnsubscribeToken {
    fn read(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("format", "is no link of a message");
        let (said, signature) = text.rsplit_once('.').ok_or_else(invalid)?;
        let signature = B64.decode(signature).map_err(|_| invalid())?;
        Ok(Self { said: Unsubscribe::read(said)?, signature })
    }

    fn form() -> Form {
        Form { min: Some(80), max: Some(90), ..Form::default() }
    }
}

/// How long the secret is at least, characters: below that it would be guessed before SHA-256 is.
const SHORTEST: usize = 32;

/// Signs links, and knows its own. The secret is read once: it never changes.
pub(crate) struct Links {
    secret: Arc<dyn Secrets>,
    key: OnceLock<ring::hmac::Key>,
}

impl Links {
    pub(crate) fn new(secret: Arc<dyn Secrets>) -> Self {
        Self { secret, key: OnceLock::new() }
    }

    async fn key(&self) -> Result<&ring::hmac::Key, KeyError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let secret = self.secret.read().await.map_err(KeyError::of)?.unwrap_or_default();
        if secret.len() < SHORTEST {
            return Err(KeyError(format!("the secret of links is shorter than {SHORTEST} characters; restore an earlier version of it")));
        }
        Ok(self.key.get_or_init(|| ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes())))
    }

    /// The end of the link that says this.
    pub(crate) async fn sign(&self, said: Unsubscribe) -> Result<UnsubscribeToken, KeyError> {
        let signature = ring::hmac::sign(self.key().await?, said.to_string().as_bytes());
        Ok(UnsubscribeToken { said, signature: signature.as_ref().to_vec() })
    }

    /// What the end of a link says, if it is one of ours.
    pub(crate) async fn verify(&self, token: &UnsubscribeToken) -> Result<Option<Unsubscribe>, KeyError> {
        let is_ours = ring::hmac::verify(self.key().await?, token.said.to_string().as_bytes(), &token.signature).is_ok();
        Ok(is_ours.then_some(token.said))
    }
}

/// Draws the secret of links where there is none: what Secrets Manager does in a deployment.
pub async fn draw(secret: &dyn Secrets) -> Result<(), KeyError> {
    if secret.read().await.map_err(KeyError::of)?.is_none() {
        secret.write(B64.encode(random::<32>()?)).await.map_err(KeyError::of)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_what_is_none_does_not() {
        let said = Unsubscribe::read("EMAIL.00000000-0000-0000-0000-000000000005").expect("a payload");
        let token = UnsubscribeToken { said, signature: vec![7; 32] };
        let text = token.to_string();
        assert_eq!(UnsubscribeToken::read(&text), Ok(token));
        assert!((80..=90).contains(&text.len()), "{}", text.len());
        for bad in ["", "EMAIL", "EMAIL.00000000-0000-0000-0000-000000000005", "EMAIL.00000000-0000-0000-0000-000000000005.*", "PUSH.x.AAAA"] {
            assert!(UnsubscribeToken::read(bad).is_err(), "{bad}");
        }
    }
}
