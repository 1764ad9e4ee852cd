//! The messaging and secret ports, on what this process has.

use crate::queues::Queues;
use aws::{SecretFile, Secrets, SecretsError};
use futures_util::future::BoxFuture;
use messaging::{Depth, MessagingError, Queue};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The queues behind the port.
#[derive(Clone)]
pub struct LocalQueues(pub Queues);

impl messaging::Queues for LocalQueues {
    fn send<'a>(&'a self, queue: Queue, body: String, delay_seconds: u32) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let delay = Duration::from_secs(delay_seconds.into());
            let sent = self.0.send(queue.name(), vec![body], delay).await;
            sent.map(|_| ()).map_err(|error| MessagingError(error.to_string()))
        })
    }

    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>> {
        Box::pin(async move {
            let depths = self.0.depths();
            let count = |name: &str| depths.get(name).map_or(0, |depth| (depth.visible + depth.in_flight + depth.delayed) as u64);
            let depth = |queue: Queue| Depth { queue, depth: count(queue.name()), dead: count(&queue.dead_name()) };
            Ok(Queue::ALL.map(depth).to_vec())
        })
    }
}

/// The secret of a memory-only run.
#[derive(Default)]
pub struct MemorySecret(Mutex<Option<String>>);

impl Secrets for MemorySecret {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Option<String>, SecretsError>> + Send + '_>> {
        let found = self.0.lock().map(|secret| secret.clone()).map_err(|e| SecretsError(e.to_string()));
        Box::pin(async move { found })
    }

    fn write(&self, text: String) -> Pin<Box<dyn Future<Output = Result<(), SecretsError>> + Send + '_>> {
        let written = self.0.lock().map(|mut secret| *secret = Some(text)).map_err(|e| SecretsError(e.to_string()));
        Box::pin(async move { written })
    }
}

/// The secrets of a CRM, each in a place of its own.
#[derive(Clone)]
pub struct Vault {
    /// The signing keys and the key of refresh tokens.
    pub keys: Arc<dyn Secrets>,
    /// What signs the links of messages.
    pub links: Arc<dyn Secrets>,
}

impl Default for Vault {
    /// In memory.
    fn default() -> Self {
        Self { keys: Arc::new(MemorySecret::default()), links: Arc::new(MemorySecret::default()) }
    }
}

impl Vault {
    /// In files beside the database.
    pub fn beside(folder: &Path) -> Self {
        let [keys, links] = secret_files(folder).map(|file| Arc::new(SecretFile(file)));
        Self { keys, links }
    }
}

/// The files beside the database that hold the keys and what signs links.
pub fn secret_files(folder: &Path) -> [PathBuf; 2] {
    ["secret.json", "links.secret"].map(|name| folder.join(name))
}
