//! The deployment's keys: what the secret holds, how they are rotated, and what is published of them.
//!
//! The secret is the truth; the published item is made from it and can be made from it again. Whatever is
//! new is announced before the secret has it and published as it is meant afterwards, so a run that is cut
//! short anywhere leaves keys behind that work, and its repetition makes good what is missing.

use aws::Secrets;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::Time;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use store::{FailedCondition, PublicKey, Store};

/// How long before it signs a new key is published, seconds.
const PUBLISH_AHEAD: i64 = 60;
/// How long a function may take until it signs with the new key, seconds: more than the clocks differ and a
/// request takes.
const FOLLOW: i64 = 120;
/// What the value of an emergency rotation begins with.
const LEAKED: &str = "leaked";
/// How long the value of a rotation may be, characters.
const LONGEST_ROTATION: usize = 64;
/// How many values the secret remembers. A secret holds 64 KB.
const MOST_ROTATIONS: usize = 200;
/// How often keys are settled anew where somebody else does the same.
const ATTEMPTS: u32 = 5;

/// Something with keys or randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub String);

impl KeyError {
    pub(crate) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Why there are no keys to go by.
#[derive(Debug, thiserror::Error)]
pub enum KeyFailure {
    /// The secret.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The table, where they are published.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0u8; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError("the system gives no random numbers".into()))?;
    Ok(bytes)
}

/// What a deployment wants of its keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The rotation: a value that the secret does not know makes a new key, and one that begins with `leaked`
    /// makes the old ones unknown.
    pub rotation: Option<&'a str>,
    /// The value before, for a secret of a time when they did not say which they know.
    pub before: Option<&'a str>,
    /// The life of an access token from now on, seconds.
    pub access_seconds: i64,
}

/// One key pair of the secret.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
pub(crate) struct SecretKey {
    pub(crate) kid: String,
    /// PKCS#8, base64url.
    pkcs8: String,
    /// From when on it signs, seconds.
    pub(crate) signs_from: i64,
    /// Until when its tokens count, seconds; absent while there is none that takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    /// The longest life of an access token while it signed, seconds.
    #[serde(default)]
    longest: i64,
}

impl SecretKey {
    fn generate(signs_from: i64, longest: i64) -> Result<Self, KeyError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError("no key pair could be made".into()))?;
        Ok(Self { kid: B64.encode(random::<9>()?), pkcs8: B64.encode(pkcs8.as_ref()), signs_from, until: None, longest })
    }

    /// The pair in the form that signs.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        B64.decode(&self.pkcs8).map_err(|_| damaged("a key is not base64url"))
    }

    fn public(&self) -> Result<PublicKey, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(&self.pkcs8()?).map_err(|_| damaged("a key is no Ed25519 key pair"))?;
        Ok(PublicKey { kid: self.kid.clone(), x: B64.encode(pair.public_key().as_ref()), until: self.until })
    }
}

/// The deployment's secret: signing keys and the key of refresh tokens. Who wrote one before there were
/// dates and rotations left them out.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
pub(crate) struct Secret {
    pub(crate) keys: Vec<SecretKey>,
    /// HMAC key of refresh tokens, base64url. It stays when signing keys rotate.
    refresh: String,
    /// Which rotations were carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotations: Option<Vec<String>>,
}

/// The secret cannot be used. Nothing of it is repeated.
fn damaged(why: impl std::fmt::Display) -> KeyError {
    KeyError(format!("the secret is damaged: {why}; it is left as it is, restore an earlier version of it"))
}

impl Secret {
    /// Reads the deployment's secret; `None` before it was written.
    pub(crate) async fn read(secrets: &dyn Secrets) -> Result<Option<Self>, KeyError> {
        secrets.read().await.map_err(KeyError::of)?.as_deref().map(Self::parse).transpose()
    }

    fn parse(text: &str) -> Result<Self, KeyError> {
        let secret: Self = serde_json::from_str(text).map_err(|error| {
            let what = if error.is_data() { "a member is missing or wrong" } else { "it is not JSON" };
            damaged(format!("{what} at line {} column {}", error.line(), error.column()))
        })?;
        let kids: HashSet<&str> = secret.keys.iter().map(|key| &*key.kid).collect();
        if kids.is_empty() || kids.contains("") || kids.len() < secret.keys.len() {
            return Err(damaged("it has no keys, or keys without ids of their own"));
        }
        secret.refresh_key()?;
        secret.public()?;
        Ok(secret)
    }

    fn first(wanted: &Wanted) -> Result<Self, KeyError> {
        let rotations = wanted.rotation.map(str::to_owned).into_iter().collect();
        let refresh = B64.encode(random::<32>()?);
        Ok(Self { keys: vec![SecretKey::generate(0, wanted.access_seconds)?], refresh, rotations: Some(rotations) })
    }

    /// The key of refresh tokens.
    pub(crate) fn refresh_key(&self) -> Result<Vec<u8>, KeyError> {
        let key = B64.decode(&self.refresh).map_err(|_| damaged("the key of refresh tokens is not base64url"))?;
        if key.len() < 32 { Err(damaged("the key of refresh tokens is too short")) } else { Ok(key) }
    }

    /// What is published of it.
    fn public(&self) -> Result<Vec<PublicKey>, KeyError> {
        self.keys.iter().map(SecretKey::public).collect()
    }

    /// What became of a rotation, once this is the secret.
    fn outcome(&self, wanted: &Wanted) -> Outcome {
        let latest = self.rotations.as_ref().and_then(|known| known.last());
        match (wanted.rotation, latest) {
            (Some(value), Some(latest)) if value != latest => Outcome::Overtaken { by: latest.clone() },
            _ => Outcome::InForce,
        }
    }

    /// The secret as it is wanted; the same where nothing is new.
    fn settled(&self, wanted: &Wanted, now: Time) -> Result<Self, KeyError> {
        let mut next = self.clone();
        // An update of the code alone rotates nothing.
        let known = next.rotations.get_or_insert_with(|| wanted.before.or(wanted.rotation).map(str::to_owned).into_iter().collect());
        let fresh = wanted.rotation.filter(|value| !known.iter().any(|known| known == value));
        for key in next.keys.iter_mut().filter(|key| key.until.is_none()) {
            key.longest = key.longest.max(wanted.access_seconds);
        }
        if let Some(value) = fresh {
            known.push(value.to_owned());
            let surplus = known.len().saturating_sub(MOST_ROTATIONS);
            known.drain(..surplus);
            // Whoever types it in an emergency is not held to capitals.
            if value.to_ascii_lowercase().starts_with(LEAKED) {
                next.keys = vec![SecretKey::generate(0, wanted.access_seconds)?];
            } else {
                next.keys.retain(|key| key.until.is_none_or(|until| now.seconds() < until));
                next.keys.push(SecretKey::generate(now.seconds() + PUBLISH_AHEAD, wanted.access_seconds)?);
            }
        }
        let newest = next.keys.iter().map(|key| key.signs_from).max().unwrap_or_default();
        for key in next.keys.iter_mut().filter(|key| key.until.is_none() && key.signs_from < newest) {
            key.until = Some(newest + FOLLOW + key.longest);
        }
        Ok(next)
    }
}

/// Refuses a rotation that could not be remembered.
pub fn check_rotation(value: &str) -> Result<(), KeyError> {
    let fits = (1..=LONGEST_ROTATION).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(()) } else { Err(KeyError(format!("Rotation={value:?} makes no sense: 1 to {LONGEST_ROTATION} visible ASCII characters"))) }
}

/// What became of the rotation that was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is the latest one: carried out now, or by an earlier try.
    InForce,
    /// It was carried out once and another one after it, which stays: nothing was changed.
    Overtaken {
        /// The latest one.
        by: String,
    },
}

/// Makes the secret and the published keys what is wanted: the first key at the first deploy, another one where
/// the rotation is new, and nothing but a repair of what is published otherwise. A damaged secret is an
/// error.
pub async fn settle(store: &Store, secrets: &dyn Secrets, now: Time, wanted: Wanted<'_>) -> Result<Outcome, KeyFailure> {
    if let Some(value) = wanted.rotation {
        check_rotation(value)?;
    }
    for _ in 0..ATTEMPTS {
        match attempt(store, secrets, now, &wanted).await {
            Err(KeyFailure::Store(error)) if error.is_refused(&FailedCondition::Stale) => {}
            outcome => return outcome,
        }
    }
    Err(KeyError("the keys kept changing: somebody else rotates them at the same time".into()).into())
}

/// One try. What is published is replaced on condition that it is as it was read before the secret: so
/// whoever wrote the secret last publishes last.
async fn attempt(store: &Store, secrets: &dyn Secrets, now: Time, wanted: &Wanted<'_>) -> Result<Outcome, KeyFailure> {
    let mut published = store.published().await?;
    let present = Secret::read(secrets).await?;
    let next = match &present {
        Some(present) => present.settled(wanted, now)?,
        None => Secret::first(wanted)?,
    };
    let meant = next.public()?;
    let changes = present.as_ref() != Some(&next);
    if changes {
        let mut announced = present.as_ref().map_or_else(|| Ok(Vec::new()), Secret::public)?;
        let new: Vec<PublicKey> = meant.iter().filter(|key| !announced.iter().any(|known| known.kid == key.kid)).cloned().collect();
        announced.extend(new);
        published = store.publish_keys(&published, announced).await?;
        secrets.write(serde_json::to_string(&next).map_err(KeyError::of)?).await.map_err(KeyError::of)?;
    }
    if changes || published.keys != meant {
        store.publish_keys(&published, meant).await?;
    }
    Ok(next.outcome(wanted))
}
