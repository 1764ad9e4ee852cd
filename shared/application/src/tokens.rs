//! Access and refresh tokens.
//!
//! Access tokens are Ed25519 JWTs of type `at+jwt` (RFC 9068), verified (`verifier`) with the public keys in
//! the table; only the sign-in and refresh functions hold the private key. Refresh tokens are opaque:
//! `<user>.<session>.<256 bits>`, stored as a hash. A successor is derived from its predecessor with
//! a key of its own, so that a client that lost an answer gets the very same one again.

use crate::clock::InVain;
use crate::ed25519;
use crate::keys::{KeyError, KeyFailure, Secret, random};
use aws::Secrets;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::text::TextValue;
use domain::user::Auth;
use domain::{Role, SessionId, TeamId, Time, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, RwLock};
use store::{PublicKey, Store};

/// Who issues and who takes the tokens.
pub const ISSUER: &str = "crm";
/// See [`ISSUER`].
pub const AUDIENCE: &str = "crm-api";
/// The header's `typ` (RFC 9068 section 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";
/// How many seconds clocks may differ.
pub(crate) const LEEWAY: i64 = 30;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// User.
    pub sub: UserId,
    /// Session.
    pub sid: SessionId,
    /// Role at issue; the sign-in state has the role in force.
    pub role: Role,
    /// Team at issue.
    pub team: Option<TeamId>,
    /// Managed teams at issue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// Grants at issue, separated by spaces (RFC 8693 section 4.2).
    pub scope: String,
    /// Issued at, seconds.
    pub iat: i64,
    /// Ends at, seconds.
    pub exp: i64,
}

/// Signs access tokens and makes refresh tokens. Held by the sign-in and refresh functions only.
pub struct Signer {
    keys: Vec<(String, i64, EncodingKey)>,
    refresh: ring::hmac::Key,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// Reads the deployment's secret.
    async fn load(secrets: &dyn Secrets) -> Result<Self, KeyError> {
        let secret = Secret::read(secrets).await?.ok_or_else(|| KeyError("the secret has no value: was the deployment bootstrapped?".into()))?;
        let mut keys = Vec::new();
        for key in &secret.keys {
            keys.push((key.kid.clone(), key.signs_from, EncodingKey::from_ed_der(&key.pkcs8()?)));
        }
        Ok(Self { keys, refresh: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret.refresh_key()?) })
    }

    /// The key that signs now.
    fn in_force(&self, now: Time) -> Result<&(String, i64, EncodingKey), KeyError> {
        let in_force = self.keys.iter().filter(|(_, from, _)| *from <= now.seconds()).max_by_key(|(_, from, _)| *from);
        in_force.ok_or_else(|| KeyError("no signing key is in force".into()))
    }

    /// Whether what it signs now is known to everybody.
    fn is_published(&self, published: &[PublicKey], now: Time) -> bool {
        self.in_force(now).is_ok_and(|(kid, _, _)| published.iter().any(|key| key.kid == *kid && key.counts(now)))
    }

    /// Whether it has every key that is published.
    fn has_all(&self, published: &[PublicKey]) -> bool {
        published.iter().all(|key| self.keys.iter().any(|(kid, _, _)| *kid == key.kid))
    }

    /// An access token for a session.
    pub fn access(&self, auth: &Auth, session: SessionId, scopes: &[String], now: Time, seconds: i64) -> Result<String, KeyError> {
        let (kid, _, key) = self.in_force(now)?;
        let header = Header { typ: Some(TOKEN_TYPE.to_owned()), kid: Some(kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: auth.user_id,
            sid: session,
            role: auth.role,
            team: auth.team_id,
            teams: auth.managed.clone(),
            scope: scopes.join(" "),
            iat: now.seconds(),
            exp: now.seconds() + seconds,
        };
        ed25519::install();
        jsonwebtoken::encode(&header, &claims, key).map_err(|e| KeyError(e.to_string()))
    }

    /// The first refresh token of a session.
    pub fn first_refresh(&self, user: UserId, session: SessionId) -> Result<RefreshToken, KeyError> {
        Ok(RefreshToken { user, session, secret: random()? })
    }

    /// A digest of a text that nobody can make, or try texts on, without the deployment's secret.
    pub fn digest(&self, text: &str) -> String {
        // No refresh token begins so, which makes it a key of its own.
        B64.encode(ring::hmac::sign(&self.refresh, format!("digest {text}").as_bytes()))
    }

    /// The token that replaces this one: always the same.
    pub fn successor(&self, token: &RefreshToken) -> RefreshToken {
        let tag = ring::hmac::sign(&self.refresh, token.to_string().as_bytes());
        let mut secret = [0u8; 32];
        secret.copy_from_slice(&tag.as_ref()[..32]);
        RefreshToken { secret, ..token.clone() }
    }
}

/// The signer of this process: read from the secret when it is first needed, and again as soon as what is
/// published says that it changed.
#[derive(Debug, Default)]
pub struct SignerCache {
    known: RwLock<Option<Arc<Signer>>>,
    /// When the secret did not have what was published.
    in_vain: InVain,
}

impl SignerCache {
    /// The signer as it is known: good for everything but signing.
    pub async fn get(&self, secrets: &dyn Secrets) -> Result<Arc<Signer>, KeyError> {
        match self.known.read().ok().and_then(|known| known.clone()) {
            Some(signer) => Ok(signer),
            None => self.load(secrets).await,
        }
    }

    async fn load(&self, secrets: &dyn Secrets) -> Result<Arc<Signer>, KeyError> {
        let signer = Arc::new(Signer::load(secrets).await?);
        if let Ok(mut known) = self.known.write() {
            *known = Some(signer.clone());
        }
        Ok(signer)
    }

    /// The signer whose tokens count by these keys, which were just read. Where they say that there is another
    /// secret it is read, and then the keys once more: what a secret has was published before.
    pub async fn agreed(&self, published: Vec<PublicKey>, store: &Store, secrets: &dyn Secrets, now: Time) -> Result<Arc<Signer>, KeyFailure> {
        let signer = self.get(secrets).await?;
        if signer.is_published(&published, now) && (self.in_vain.was_lately(now) || signer.has_all(&published)) {
            return Ok(signer);
        }
        let signer = self.load(secrets).await?;
        let published = store.latest_public_keys().await?;
        if !signer.has_all(&published) {
            // Announced, and about to come; or left over by a run that was cut short.
            self.in_vain.note(now);
        }
        if signer.is_published(&published, now) {
            return Ok(signer);
        }
        let (kid, _, _) = signer.in_force(now)?;
        Err(KeyError(format!("the signing key {kid} of the secret is not published: deploy again, which publishes it")).into())
    }
}

/// A refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose.
    pub user: UserId,
    /// Of which session.
    pub session: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    /// What is stored of it.
    pub fn hash(&self) -> String {
        B64.encode(ring::digest::digest(&ring::digest::SHA256, &self.secret))
    }
}

impl std::fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [self.user.uuid().as_bytes().as_slice(), self.session.uuid().as_bytes(), &self.secret].concat();
        f.write_str(&B64.encode(parts))
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

impl TextValue for RefreshToken {
    fn read(text: &str) -> Result<Self, domain::text::Invalid> {
        let invalid = || domain::text::Invalid::new("format", "is not a refresh token");
        let bytes: [u8; 64] = B64.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(invalid)?;
        let id = |part: &[u8]| uuid::Uuid::from_slice(part).map_err(|_| invalid());
        let mut secret = [0u8; 32];
        secret.copy_from_slice(&bytes[32..]);
        Ok(Self { user: UserId::new(id(&bytes[..16])?), session: SessionId::new(id(&bytes[16..32])?), secret })
    }

    fn form() -> domain::text::Form {
        domain::text::Form { min: Some(86), max: Some(86), secret: true, ..domain::text::Form::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_reads_back_and_its_successor_is_always_the_same() {
        let signer = Signer { keys: vec![], refresh: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[1; 32]) };
        let user = UserId::new(uuid::Uuid::from_u128(1));
        let token = signer.first_refresh(user, SessionId::new(uuid::Uuid::from_u128(2))).expect("random");
        assert_eq!(RefreshToken::read(&token.to_string()).expect("reads"), token);
        assert_eq!(token.to_string().len(), 86);
        let next = signer.successor(&token);
        assert_eq!(next, signer.successor(&token));
        assert_ne!(next.hash(), token.hash());
        assert!(!format!("{token:?}").contains(&token.to_string()));
        assert!(RefreshToken::read("AAAA").is_err());
    }
}
