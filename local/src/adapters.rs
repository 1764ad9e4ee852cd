//! The messaging and secret ports, on what this process has.

use crate::queues::Queues;
use aws::{Secrets, SecretsError};
use domain::event::Event;
use futures_util::future::BoxFuture;
use messaging::{Depth, EventBus, MessagingError, Queue, SUBSCRIPTIONS};
use serde_json::json;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

/// The event bus: each event goes straight to the queues that subscribe to it, in the shape
/// EventBridge gives it.
#[derive(Clone)]
pub struct LocalBus(pub Queues);

impl EventBus for LocalBus {
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>> {
        Box::pin(async move {
            for event in events {
                let body = json!({
                    "version": "0",
                    "id": event.id,
                    "detail-type": event.kind,
                    "source": event.kind.source(),
                    "account": "000000000000",
                    "time": event.at,
                    "region": "local",
                    "resources": [],
                    "detail": event.envelope(),
                })
                .to_string();
                for subscription in SUBSCRIPTIONS.iter().filter(|subscription| subscription.events.contains(&event.kind)) {
                    let sent = self.0.send(subscription.queue.name(), vec![body.clone()], Duration::ZERO).await;
                    sent.map_err(|error| MessagingError(error.to_string()))?;
                }
            }
            Ok(Vec::new())
        })
    }
}

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

/// The file that holds the secret beside the database.
pub fn secret_file(folder: &std::path::Path) -> PathBuf {
    folder.join("secret.json")
}
