//! Durable local queues with SQS's rules: visibility timeouts, delays, receive counts and
//! dead-letter queues. The database holds the messages, memory an index of when each is due.

mod event;
mod index;
mod moves;
mod settings;

use crate::clock::Clock;
use crate::ids::new_id;
use crate::state;
use crate::table::Table;
use event::{Message, event, failed_ids, partition};
use futures_util::FutureExt;
use index::Index;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

pub use settings::{Depth, QueueError, QueueSettings};

/// SQS's limit on one message that also fits a DynamoDB item.
const MAX_BODY: usize = 256 * 1024;
/// Keeps one commit of new messages below DynamoDB's 4 MB.
const MAX_COMMIT: usize = 3 * 1024 * 1024;
/// So that a whole batch can be moved (two changes each) in one commit of 100.
const MAX_BATCH: usize = 50;

/// A set of named queues in one database. Clones share them.
#[derive(Clone)]
pub struct Queues {
    table: Table,
    clock: Arc<dyn Clock>,
    queues: Arc<BTreeMap<String, Queue>>,
}

struct Queue {
    settings: QueueSettings,
    index: Mutex<Index>,
    changed: Notify,
}

impl Queue {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, id: &str, visible_ms: i64, in_flight: bool) {
        self.index().set(id, visible_ms, in_flight);
        self.changed.notify_waiters();
    }

    /// The next moment a message becomes visible.
    fn next_due(&self) -> Option<i64> {
        self.index().next_due()
    }

    fn retry_at(&self, now_ms: i64, receives: u32) -> i64 {
        let pause =
            self.settings.backoff.saturating_mul(2_u32.saturating_pow(receives.saturating_sub(1).min(16))).min(self.settings.visibility_timeout);
        now_ms + millis(pause)
    }
}

impl Queues {
    /// Opens the queues and finds their messages again. One that was being handled when the
    /// process ended is visible at once: this process is the only one that can receive it.
    pub async fn open(table: Table, clock: Arc<dyn Clock>, settings: Vec<QueueSettings>) -> Result<Self, QueueError> {
        state::ensure(&table).await?;
        let now = clock.now_ms();
        let mut queues = BTreeMap::new();
        for settings in settings {
            let mut index = Index::default();
            for item in state::list(&table, &partition(&settings.name)).await? {
                match Message::from_item(&item) {
                    Some(m) if m.in_flight => index.set(&m.id, m.visible_ms.min(now), false),
                    Some(m) => index.set(&m.id, m.visible_ms, false),
                    None => application::log::fault(&settings.name, "an unreadable message was left alone"),
                }
            }
            let name = settings.name.clone();
            let (index, changed) = (Mutex::new(index), Notify::new());
            queues.insert(name, Queue { settings, index, changed });
        }
        for queue in queues.values() {
            if let Some(name) = queue.settings.dead_letter.as_deref()
                && !queues.contains_key(name)
            {
                return Err(QueueError::Unknown(name.to_owned()));
            }
        }
        let queues = Arc::new(queues);
        Ok(Self { table, clock, queues })
    }

    /// Adds messages that become visible after `delay`; answers their ids. They are durable
    /// when this returns.
    pub async fn send(&self, queue: &str, bodies: Vec<String>, delay: Duration) -> Result<Vec<String>, QueueError> {
        let target = self.queue(queue)?;
        if let Some(body) = bodies.iter().find(|body| body.len() > MAX_BODY) {
            return Err(QueueError::TooLarge(body.len()));
        }
        let now = self.clock.now_ms();
        let visible = now + millis(delay);
        let mut ids = Vec::with_capacity(bodies.len());
        let mut bodies = bodies.into_iter().peekable();
        while bodies.peek().is_some() {
            let (mut changes, mut size, from) = (Vec::new(), 0, ids.len());
            while let Some(body) = bodies.next_if(|b| changes.len() < 100 && (size + b.len() <= MAX_COMMIT)) {
                size += body.len();
                let message = Message {
                    id: new_id(now),
                    body,
                    sent_ms: now,
                    visible_ms: visible,
                    receives: 0,
                    in_flight: false,
                    last_error: None,
                    attributes: Vec::new(),
                };
                changes.push(state::put(message.item(queue)));
                ids.push(message.id);
            }
            state::commit(&self.table, changes).await?;
            for id in &ids[from..] {
                target.put(id, visible, false);
            }
        }
        Ok(ids)
    }

    /// How full every queue is.
    pub fn depths(&self) -> BTreeMap<String, Depth> {
        let now = self.clock.now_ms();
        self.queues.iter().map(|(name, queue)| (name.clone(), queue.index().depth(now))).collect()
    }

    /// Feeds a queue's messages to `handler` until `shutdown` completes; a batch under way is
    /// finished first. Several may run on one queue at once.
    pub async fn run<H, F, E>(&self, queue: &str, batch_size: usize, handler: H, shutdown: impl Future<Output = ()> + Send) -> Result<(), QueueError>
    where
        H: Fn(Value) -> F + Send + Sync,
        F: Future<Output = Result<Value, E>> + Send,
        E: Display,
    {
        let source = self.queue(queue)?;
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let changed = source.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let wait = match self.run_once(queue, batch_size, &handler).await {
                Ok(0) => source.next_due(),
                Ok(_) => Some(i64::MIN),
                Err(error) => {
                    application::log::fault(queue, &error.to_string());
                    Some(self.clock.now_ms() + 1000)
                }
            };
            let due = async {
                match wait {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                () = changed => {}
                () = due => {}
            }
        }
    }

    /// Receives at most one batch, handles it and settles it; answers how many were received.
    pub async fn run_once<H, F, E>(&self, queue: &str, batch_size: usize, handler: &H) -> Result<usize, QueueError>
    where
        H: Fn(Value) -> F + Send + Sync,
        F: Future<Output = Result<Value, E>> + Send,
        E: Display,
    {
        let messages = self.receive(queue, batch_size).await?;
        if messages.is_empty() {
            return Ok(0);
        }
        let count = messages.len();
        let event = event(queue, &messages, self.clock.now_ms());
        let outcome = AssertUnwindSafe(async { handler(event).await }).catch_unwind().await;
        let (failed, reason) = match outcome {
            Ok(Ok(answer)) => match failed_ids(&answer, &messages) {
                Some(failed) => (failed, "reported in batchItemFailures".to_owned()),
                None => (all(&messages), "batchItemFailures names unknown messages".to_owned()),
            },
            Ok(Err(error)) => (all(&messages), error.to_string()),
            Err(_) => (all(&messages), "the handler panicked".to_owned()),
        };
        if !failed.is_empty() {
            application::log::fault(queue, &format!("{} of {count} messages failed: {reason}", failed.len()));
        }
        self.settle(queue, messages, &failed, &reason).await?;
        Ok(count)
    }

    fn queue(&self, name: &str) -> Result<&Queue, QueueError> {
        self.queues.get(name).ok_or_else(|| QueueError::Unknown(name.to_owned()))
    }
}

fn all(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.id.clone()).collect()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
