//! The event bus of this process: each event goes straight to the queues that subscribe to it, in the shape EventBridge gives
//! it, and the last ones are kept to be looked at.

use crate::queues::Queues;
use domain::event::Event;
use futures_util::future::BoxFuture;
use messaging::{EventBus, MessagingError, Probe, Probing, SUBSCRIPTIONS};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many events are kept.
pub const KEPT: usize = 200;

/// The bus. Clones share it.
#[derive(Clone)]
pub struct LocalBus {
    queues: Queues,
    passed: Arc<Mutex<VecDeque<Value>>>,
}

impl LocalBus {
    /// The bus before these queues.
    pub fn new(queues: Queues) -> Self {
        Self { queues, passed: Arc::default() }
    }

    /// The last [`KEPT`] events that passed since this process began, oldest first, as EventBridge has them.
    pub fn passed(&self) -> Vec<Value> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, event: Value) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.len() == KEPT {
            passed.pop_front();
        }
        passed.push_back(event);
    }
}

impl EventBus for LocalBus {
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>> {
        Box::pin(async move {
            let published: Vec<(&Event, Value)> = events.iter().map(|event| (event, published(event))).collect();
            for subscription in SUBSCRIPTIONS {
                let subscribed = published.iter().filter(|(event, _)| subscription.events.contains(&event.kind));
                let bodies: Vec<String> = subscribed.map(|(_, published)| published.to_string()).collect();
                let sent = self.queues.send(subscription.queue.name(), bodies, Duration::ZERO).await;
                sent.map_err(|error| MessagingError(error.to_string()))?;
            }
            published.into_iter().for_each(|(_, published)| self.keep(published));
            Ok(Vec::new())
        })
    }
}

/// An event as EventBridge hands it on.
fn published(event: &Event) -> Value {
    json!({
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
}

impl Probe for LocalBus {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async { Ok(None) })
    }
}
