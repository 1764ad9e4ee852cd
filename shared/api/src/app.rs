//! What handlers are given: the table, the clock, the configuration, and the ports a function has.

use crate::clock::Clock;
use crate::config::Config;
use crate::grants::GrantsCache;
use crate::tokens::{Signer, Verifier};
use aws::Secrets;
use messaging::Queues;
use std::collections::HashMap;
use std::sync::Arc;
use store::Store;
use tokio::sync::OnceCell;

/// The running application. Cheap to clone; each request has a clone whose store has a meter of its
/// own.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Time and ids.
    pub clock: Clock,
    /// Configuration.
    pub config: Arc<Config>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) grants: Arc<GrantsCache>,
    signer: Arc<OnceCell<Signer>>,
    secrets: Option<Arc<dyn Secrets>>,
    queues: Option<Arc<dyn Queues>>,
    stores: Arc<HashMap<&'static str, Store>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

/// A function was asked for something it was not given.
#[derive(Debug, thiserror::Error)]
#[error("this function was not given {0}")]
pub struct NotGiven(&'static str);

impl App {
    /// An application that reads and writes the table and nothing else.
    pub fn new(store: Store, clock: Clock, config: Config) -> Self {
        Self {
            store,
            clock,
            config: Arc::new(config),
            verifier: Arc::default(),
            grants: Arc::default(),
            signer: Arc::default(),
            secrets: None,
            queues: None,
            stores: Arc::default(),
        }
    }

    /// With a view of the table for each route, by its name: where one process serves them all, each
    /// still has only what its own function would have.
    #[must_use]
    pub fn with_store_per_route(mut self, stores: HashMap<&'static str, Store>) -> Self {
        self.stores = Arc::new(stores);
        self
    }

    /// With the secret, for signing in.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Arc<dyn Secrets>) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// With the queues.
    #[must_use]
    pub fn with_queues(mut self, queues: Arc<dyn Queues>) -> Self {
        self.queues = Some(queues);
        self
    }

    /// Reads the public keys, which warms the connection to the table during init.
    pub async fn warm_up(&self) -> Result<(), store::Error> {
        self.verifier.load(&self.store).await
    }

    /// The signer, read from the secret once.
    pub async fn signer(&self) -> Result<&Signer, crate::tokens::KeyError> {
        let secrets = self.secrets.as_ref().ok_or_else(|| crate::tokens::KeyError(NotGiven("the secret").to_string()))?;
        self.signer.get_or_try_init(|| Signer::load(secrets.as_ref())).await
    }

    /// What the access token among these headers says, if it is one of ours and not expired; whether
    /// its session still lives is not looked at.
    pub async fn claims(&self, headers: &crate::edge::Headers) -> Result<Option<crate::tokens::Claims>, store::Error> {
        match &headers.token {
            Some(token) => self.verifier.verify(token, &self.store, self.clock.now()).await,
            None => Ok(None),
        }
    }

    /// The queues.
    pub fn queues(&self) -> Result<&dyn Queues, NotGiven> {
        self.queues.as_deref().ok_or(NotGiven("the queues"))
    }

    /// This application as a route sees it, with a fresh meter.
    #[must_use]
    pub(crate) fn on_route(&self, route: &str) -> Self {
        Self { store: self.stores.get(route).unwrap_or(&self.store).metered(), ..self.clone() }
    }
}
