//! Access and refresh tokens.
//!
//! Access tokens are Ed25519 JWTs of type `at+jwt` (RFC 9068), verified with the public keys in the
//! table; only the sign-in and refresh functions hold the private key. Refresh tokens are opaque:
//! `<user>.<session>.<256 bits>`, stored as a hash. A successor is derived from its predecessor with
//! a key of its own, so that a client that lost an answer gets the very same one again.

use crate::ed25519;
use aws::Secrets;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::text::TextValue;
use domain::user::Auth;
use domain::{Role, SessionId, TeamId, Time, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use std::sync::RwLock;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{PublicKey, Store};

/// Who issues and who takes the tokens.
pub const ISSUER: &str = "crm";
/// See [`ISSUER`].
pub const AUDIENCE: &str = "crm-api";
/// The header's `typ` (RFC 9068 section 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";
/// How many seconds clocks may differ.
const LEEWAY: i64 = 30;
/// How long an unknown key id is not asked for again, seconds.
const RELOAD_PAUSE: i64 = 30;
/// How long before it signs a new key is published, seconds.
const PUBLISH_AHEAD: i64 = 60;

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

/// Something with keys or randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub String);

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0u8; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError("the system gives no random numbers".into()))?;
    Ok(bytes)
}

/// Verifies access tokens with the public keys of the table.
#[derive(Debug, Default)]
pub struct Verifier {
    keys: RwLock<Vec<PublicKey>>,
    asked_at: AtomicI64,
}

impl Verifier {
    /// Reads the keys in force; also warms the connection to the table.
    pub async fn load(&self, store: &Store) -> Result<(), store::Error> {
        let keys = store.public_keys().await?;
        if let Ok(mut present) = self.keys.write() {
            *present = keys;
        }
        Ok(())
    }

    fn key(&self, kid: &str) -> Option<PublicKey> {
        self.keys.read().ok().and_then(|keys| keys.iter().find(|key| key.kid == kid).cloned())
    }

    /// The claims of a token, or `None` for any token that does not count.
    pub async fn verify(&self, token: &str, store: &Store, now: Time) -> Result<Option<Claims>, store::Error> {
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        let Some(kid) = header.kid.filter(|_| header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TOKEN_TYPE)) else {
            return Ok(None);
        };
        let mut key = self.key(&kid);
        let asked_at = self.asked_at.load(Ordering::Relaxed);
        if key.is_none() && now.seconds() - asked_at >= RELOAD_PAUSE {
            self.asked_at.store(now.seconds(), Ordering::Relaxed);
            self.load(store).await?;
            key = self.key(&kid);
        }
        let Some(decoding) = key.and_then(|key| DecodingKey::from_ed_components(&key.x).ok()) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is checked below, by the clock that everything else goes by.
        validation.validate_exp = false;
        ed25519::install();
        let Ok(decoded) = jsonwebtoken::decode::<Claims>(token, &decoding, &validation) else { return Ok(None) };
        let claims = decoded.claims;
        let fresh = claims.exp > now.seconds() && claims.iat <= now.seconds() + LEEWAY;
        Ok(fresh.then_some(claims))
    }
}

/// One key pair of the secret.
#[derive(Serialize, Deserialize, Clone)]
struct SecretKey {
    kid: String,
    /// PKCS#8, base64url.
    pkcs8: String,
    /// From when on it signs, seconds.
    signs_from: i64,
}

/// The deployment's secret: signing keys and the key of refresh tokens.
#[derive(Serialize, Deserialize, Clone)]
struct Secret {
    keys: Vec<SecretKey>,
    /// HMAC key of refresh tokens, base64url. It stays when signing keys rotate.
    refresh: String,
}

impl SecretKey {
    fn generate(signs_from: i64) -> Result<Self, KeyError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError("no key pair could be made".into()))?;
        Ok(Self { kid: B64.encode(random::<9>()?), pkcs8: B64.encode(pkcs8.as_ref()), signs_from })
    }

    fn public(&self) -> Result<PublicKey, KeyError> {
        let bytes = B64.decode(&self.pkcs8).map_err(|e| KeyError(e.to_string()))?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|e| KeyError(e.to_string()))?;
        Ok(PublicKey { kid: self.kid.clone(), x: B64.encode(pair.public_key().as_ref()) })
    }
}

/// Makes the key pair at the first deploy, or another one to take over a minute later; gives the
/// public keys, which are published before the secret is written. The last two pairs are kept.
pub async fn make_keys(store: &Store, secrets: &dyn Secrets, now: Time, rotate: bool) -> Result<(), KeyError> {
    let text = |error: &dyn std::fmt::Display| KeyError(error.to_string());
    let present: Option<Secret> = secrets.read().await.map_err(|e| text(&e))?.and_then(|secret| serde_json::from_str(&secret).ok());
    let secret = match present {
        Some(mut secret) => {
            if rotate {
                secret.keys.push(SecretKey::generate(now.seconds() + PUBLISH_AHEAD)?);
                let surplus = secret.keys.len().saturating_sub(2);
                secret.keys.drain(..surplus);
            }
            secret
        }
        None => Secret { keys: vec![SecretKey::generate(0)?], refresh: B64.encode(random::<32>()?) },
    };
    let public = secret.keys.iter().map(SecretKey::public).collect::<Result<Vec<_>, _>>()?;
    store.publish_keys(&public).await.map_err(|e| text(&e))?;
    secrets.write(serde_json::to_string(&secret).map_err(|e| text(&e))?).await.map_err(|e| text(&e))
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
    pub async fn load(secrets: &dyn Secrets) -> Result<Self, KeyError> {
        let text = secrets.read().await.map_err(|e| KeyError(e.to_string()))?;
        let text = text.ok_or_else(|| KeyError("the secret has no value: was the deployment bootstrapped?".into()))?;
        let secret: Secret = serde_json::from_str(&text).map_err(|_| KeyError("the secret is not of this CRM".into()))?;
        let decode = |text: &str| B64.decode(text).map_err(|_| KeyError("the secret is damaged".into()));
        let mut keys = Vec::new();
        for key in &secret.keys {
            keys.push((key.kid.clone(), key.signs_from, EncodingKey::from_ed_der(&decode(&key.pkcs8)?)));
        }
        Ok(Self { keys, refresh: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &decode(&secret.refresh)?) })
    }

    /// An access token for a session.
    pub fn access(&self, auth: &Auth, session: SessionId, scopes: &[String], now: Time, seconds: i64) -> Result<String, KeyError> {
        let in_force = self.keys.iter().filter(|(_, from, _)| *from <= now.seconds()).max_by_key(|(_, from, _)| *from);
        let (kid, _, key) = in_force.ok_or_else(|| KeyError("no signing key is in force".into()))?;
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
