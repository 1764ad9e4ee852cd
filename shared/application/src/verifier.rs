//! Verifies access tokens with the published keys, which are never older than half a minute when a request
//! is answered.

use crate::clock::{InVain, within};
use crate::tokens::{AUDIENCE, Claims, ISSUER, LEEWAY, TOKEN_TYPE};
use domain::Time;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use std::sync::RwLock;
use store::{PublicKey, Store};

/// How long the keys are used as they were read, milliseconds. A key that leaked is refused everywhere after
/// it, and after what an eventually consistent read may lag behind.
const KEPT_MILLIS: i64 = 30_000;

/// A token that is one of ours by the keys that are known.
#[derive(Debug, Clone)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// The id of its key.
    pub kid: String,
}

#[derive(Debug, Default)]
struct Known {
    keys: Vec<PublicKey>,
    /// When they were asked for.
    read_at: Option<Time>,
}

/// Verifies access tokens with the public keys of the table.
#[derive(Debug, Default)]
pub struct Verifier {
    known: RwLock<Known>,
    /// When an id was asked for that nobody knows.
    in_vain: InVain,
}

impl Verifier {
    /// Reads the keys in force; also warms the connection to the table.
    pub async fn load(&self, store: &Store, now: Time) -> Result<(), store::Error> {
        self.put(store.public_keys().await?, now);
        Ok(())
    }

    /// Notes the keys as they were read then, unless they were read again meanwhile.
    pub fn put(&self, keys: Vec<PublicKey>, now: Time) {
        if let Ok(mut known) = self.known.write()
            && !known.read_at.is_some_and(|at| at != now && within(now.millis(), at, KEPT_MILLIS))
        {
            *known = Known { keys, read_at: Some(now) };
        }
    }

    /// Reads the keys again where they are too old to go by: to be waited for beside what a request reads
    /// anyway, and asked before it is answered whether its key still [`counts`](Self::counts).
    pub async fn renew(&self, store: &Store, now: Time) -> Result<(), store::Error> {
        let read_at = self.known.read().ok().and_then(|known| known.read_at);
        if read_at.is_some_and(|at| within(at.millis(), now, KEPT_MILLIS)) { Ok(()) } else { self.load(store, now).await }
    }

    fn key(&self, kid: &str) -> Option<PublicKey> {
        self.known.read().ok().and_then(|known| known.keys.iter().find(|key| key.kid == kid).cloned())
    }

    /// Whether tokens of this key count, as far as is known.
    pub fn counts(&self, kid: &str, now: Time) -> bool {
        self.key(kid).is_some_and(|key| key.counts(now))
    }

    /// The same key, asked for where it is not known: a new one may sign at once.
    async fn asked(&self, kid: &str, store: &Store, now: Time) -> Result<Option<PublicKey>, store::Error> {
        if let Some(key) = self.key(kid) {
            return Ok(Some(key));
        }
        if self.in_vain.was_lately(now) {
            return Ok(None);
        }
        self.put(store.latest_public_keys().await?, now);
        let key = self.key(kid);
        if key.is_none() {
            self.in_vain.note(now);
        }
        Ok(key)
    }

    /// What a token says, or `None` for any that does not count: by the keys as they are known, possibly a
    /// little old.
    pub async fn presume(&self, token: &str, store: &Store, now: Time) -> Result<Option<Verified>, store::Error> {
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        let Some(kid) = header.kid.filter(|_| header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TOKEN_TYPE)) else {
            return Ok(None);
        };
        let key = self.asked(&kid, store, now).await?.filter(|key| key.counts(now));
        let Some(decoding) = key.and_then(|key| DecodingKey::from_ed_components(&key.x).ok()) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is checked below, by the clock that everything else goes by.
        validation.validate_exp = false;
        crate::ed25519::install();
        let Ok(decoded) = jsonwebtoken::decode::<Claims>(token, &decoding, &validation) else { return Ok(None) };
        let claims = decoded.claims;
        let fresh = claims.exp > now.seconds() && claims.iat <= now.seconds() + LEEWAY;
        Ok(fresh.then_some(Verified { claims, kid }))
    }
}
