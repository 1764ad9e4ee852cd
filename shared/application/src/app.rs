//! What a running process is given: the table, the clock, the configuration, and the ports that its
//! function has. Routes and workers are given the same.

use crate::clock::Clock;
use crate::config::Config;
use crate::grants::{GrantsCache, GrantsOfRoles};
use crate::keys::{KeyError, KeyFailure};
use crate::level_names::LevelCache;
use crate::links::Links;
use crate::tokens::{Claims, Signer, SignerCache};
use crate::verifier::{Verified, Verifier};
use aws::{Objects, Secrets};
use domain::event::Act;
use domain::level::LevelNames;
use domain::{Grants, Role};
use messaging::{EventBus, Probes, Queues, Senders};
use std::sync::Arc;
use store::{Store, Usage};

/// The running application. Cheap to clone; each request has a clone whose table has a meter of its own.
#[derive(Clone)]
pub struct App {
    store: Store,
    /// Time and ids.
    pub clock: Clock,
    /// Configuration.
    pub config: Arc<Config>,
    verifier: Arc<Verifier>,
    grants: Arc<GrantsCache>,
    levels: Arc<LevelCache>,
    signer: Arc<SignerCache>,
    links: Option<Arc<Links>>,
    secrets: Option<Arc<dyn Secrets>>,
    first_admin: Option<Arc<dyn Secrets>>,
    undelivered: Option<Arc<dyn Objects>>,
    bus: Option<Arc<dyn EventBus>>,
    queues: Option<Arc<dyn Queues>>,
    senders: Senders,
    probes: Probes,
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
            store: store.spread(config.shards),
            clock,
            config: Arc::new(config),
            verifier: Arc::default(),
            grants: Arc::default(),
            levels: Arc::default(),
            signer: Arc::default(),
            links: None,
            secrets: None,
            first_admin: None,
            undelivered: None,
            bus: None,
            queues: None,
            senders: Senders::default(),
            probes: Probes::default(),
        }
    }

    /// With the secret, for signing in.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Arc<dyn Secrets>) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// With the secret that signs the links of messages.
    #[must_use]
    pub fn with_links(mut self, secret: Arc<dyn Secrets>) -> Self {
        self.links = Some(Arc::new(Links::new(secret)));
        self
    }

    /// With the secret that names the first administrator.
    #[must_use]
    pub fn with_first_admin(mut self, secret: Arc<dyn Secrets>) -> Self {
        self.first_admin = Some(secret);
        self
    }

    /// With the bucket of the batches that the stream's mappings gave up on.
    #[must_use]
    pub fn with_undelivered(mut self, bucket: Arc<dyn Objects>) -> Self {
        self.undelivered = Some(bucket);
        self
    }

    /// With the bus.
    #[must_use]
    pub fn with_bus(mut self, bus: Arc<dyn EventBus>) -> Self {
        self.bus = Some(bus);
        self
    }

    /// With the queues.
    #[must_use]
    pub fn with_queues(mut self, queues: Arc<dyn Queues>) -> Self {
        self.queues = Some(queues);
        self
    }

    /// With what mails, text messages and pushes leave through.
    #[must_use]
    pub fn with_senders(mut self, senders: Senders) -> Self {
        self.senders = senders;
        self
    }

    /// With what tells how the services around stand.
    #[must_use]
    pub fn with_probes(mut self, probes: Probes) -> Self {
        self.probes = probes;
        self
    }

    /// With another view of the table, whose usage is counted anew.
    #[must_use]
    pub fn on_store(&self, store: &Store) -> Self {
        Self { store: store.metered().spread(self.config.shards), ..self.clone() }
    }

    /// The table, whatever the reach: for sign-in, markers and workers, which see everything. A test
    /// holds the list of the places that use it, each with its reason.
    pub fn unscoped(&self) -> &Store {
        &self.store
    }

    /// The table, for what this crate checks itself.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What was read and written since this clone was made.
    pub fn usage(&self) -> Usage {
        self.store.meter().usage()
    }

    /// Makes what the table is asked with.
    pub fn prepare(&self) {
        self.store.prepare();
    }

    /// Whether the table answers.
    pub async fn ping(&self) -> Result<(), store::Error> {
        self.store.ping().await
    }

    /// Reads the public keys, which warms the connection to the table during init.
    pub async fn warm_up(&self) -> Result<(), store::Error> {
        self.verifier.load(&self.store, self.clock.now()).await
    }

    /// What an access token says by the keys as they are known, if it is one of ours and not expired. Whoever
    /// goes by it waits for [`Self::renew_keys`] beside what he reads, and asks whether its key still
    /// [`counts`](Self::key_counts).
    pub async fn presumed_claims(&self, token: &str) -> Result<Option<Verified>, store::Error> {
        self.verifier.presume(token, &self.store, self.clock.now()).await
    }

    /// Reads the public keys again, once in half a minute.
    pub async fn renew_keys(&self) -> Result<(), store::Error> {
        self.verifier.renew(&self.store, self.clock.now()).await
    }

    /// Whether the tokens of this key count.
    pub fn key_counts(&self, kid: &str) -> bool {
        self.verifier.counts(kid, self.clock.now())
    }

    /// What an access token says, if it is one of ours and not expired; whether its session still lives
    /// is not looked at.
    pub async fn claims(&self, token: &str) -> Result<Option<Claims>, store::Error> {
        self.renew_keys().await?;
        Ok(self.presumed_claims(token).await?.map(|verified| verified.claims))
    }

    /// What a role is granted now.
    pub async fn grants_of(&self, role: Role) -> Result<Grants, store::Error> {
        self.grants.get(&self.store, role, self.clock.now()).await
    }

    /// What every role is granted now.
    pub async fn grants_of_roles(&self) -> Result<GrantsOfRoles, store::Error> {
        let (manager, rep) = tokio::try_join!(self.grants_of(Role::Manager), self.grants_of(Role::SalesRep))?;
        Ok(GrantsOfRoles { manager, rep })
    }

    /// What a role is granted as far as it is known without asking: possibly a little old.
    pub fn presumed_grants(&self, role: Role) -> Grants {
        self.grants.presumed(role)
    }

    /// Lets this process know of new grants at once; the others follow within ten seconds.
    pub fn note_grants(&self, role: Role, grants: Grants) {
        self.grants.put(role, grants, self.clock.now());
    }

    /// What the loyalty levels are called.
    pub async fn level_names(&self) -> LevelNames {
        self.levels.get(&self.store, self.clock.now()).await
    }

    /// Lets this process know of new names at once; the others follow within ten seconds.
    pub fn forget_level_names(&self) {
        self.levels.forget();
    }

    /// The signer as it is known: for everything but signing.
    pub async fn signer(&self) -> Result<Arc<Signer>, KeyError> {
        self.signer.get(self.secrets_of_keys()?).await
    }

    /// The signer whose tokens count everywhere: what is published is read for it, beside whatever else
    /// is read.
    pub async fn signer_in_force(&self) -> Result<Arc<Signer>, KeyFailure> {
        let now = self.clock.now();
        let published = self.store.latest_public_keys().await?;
        self.verifier.put(published.clone(), now);
        self.signer.agreed(published, &self.store, self.secrets_of_keys()?, now).await
    }

    pub(crate) fn secrets_of_keys(&self) -> Result<&dyn Secrets, KeyError> {
        self.secrets().map_err(|missing| KeyError(missing.to_string()))
    }

    pub(crate) fn links(&self) -> Result<&Links, KeyError> {
        self.links.as_deref().ok_or_else(|| KeyError(NotGiven("the secret of links").to_string()))
    }

    /// The secret that names the first administrator, where there is one.
    pub fn first_admin(&self) -> Option<&dyn Secrets> {
        self.first_admin.as_deref()
    }

    /// The deployment's secret.
    pub fn secrets(&self) -> Result<&dyn Secrets, NotGiven> {
        self.secrets.as_deref().ok_or(NotGiven("the secret"))
    }

    /// The batches that the stream's mappings gave up on.
    pub fn undelivered(&self) -> Result<&dyn Objects, NotGiven> {
        self.undelivered.as_deref().ok_or(NotGiven("the bucket of undelivered batches"))
    }

    /// The bus.
    pub fn bus(&self) -> Result<&dyn EventBus, NotGiven> {
        self.bus.as_deref().ok_or(NotGiven("the bus"))
    }

    /// The queues.
    pub fn queues(&self) -> Result<&dyn Queues, NotGiven> {
        self.queues.as_deref().ok_or(NotGiven("the queues"))
    }

    /// What mails, text messages and pushes leave through.
    pub fn senders(&self) -> &Senders {
        &self.senders
    }

    /// What tells how the services around stand.
    pub fn probes(&self) -> &Probes {
        &self.probes
    }

    /// The system acting now.
    pub fn act(&self) -> Act {
        Act { at: self.clock.now(), actor: None, actor_name: "System".to_owned(), request: crate::log::request_id(), ids: self.clock.ids.clone() }
    }
}
