//! The steps of a message's life after it was sent: received, settled, moved to another queue.

use super::event::{Message, partition};
use super::{MAX_BATCH, Queue, QueueError, Queues, millis};
use crate::state;
use serde_json::Value;

const STOPPED: &str = "the receiver stopped before it answered";
const MAX_ERROR_CHARS: usize = 1000;

impl Queues {
    /// Receives up to `limit` visible messages; their raised receive counts are durable before
    /// anyone handles them, so a message that kills the process is counted too.
    pub(super) async fn receive(&self, name: &str, limit: usize) -> Result<Vec<Message>, QueueError> {
        let queue = self.queue(name)?;
        let now = self.clock.now_ms();
        let until = now + millis(queue.settings.visibility_timeout);
        let taken = queue.index().take(now, until, limit.clamp(1, MAX_BATCH));
        let received = self.mark_received(name, &taken, until).await;
        if received.is_err() {
            let mut index = queue.index();
            for (id, before) in taken {
                index.set(&id, before.visible_ms, before.in_flight);
            }
        }
        received
    }

    async fn mark_received(&self, name: &str, taken: &[(String, super::index::Known)], until: i64) -> Result<Vec<Message>, QueueError> {
        let queue = self.queue(name)?;
        let (mut messages, mut spent, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for (id, _) in taken {
            let Some(mut message) = self.load(name, id).await? else {
                queue.index().remove(id);
                continue;
            };
            if queue.dead_letter_after(message.receives).is_some() {
                spent.push(message);
                continue;
            }
            message.receives += 1;
            message.visible_ms = until;
            message.in_flight = true;
            changes.push(state::put(message.item(name)));
            messages.push(message);
        }
        for mut message in spent {
            let error = message.last_error.take();
            let error = error.unwrap_or_else(|| STOPPED.to_owned());
            self.park_dead_letter(name, message, &error).await?;
        }
        state::commit(&self.table, changes).await?;
        Ok(messages)
    }

    /// Removes what was handled and puts back, or buries, what `failed`.
    pub(super) async fn settle(&self, name: &str, messages: Vec<Message>, failed: &[String], reason: &str) -> Result<(), QueueError> {
        let queue = self.queue(name)?;
        let now = self.clock.now_ms();
        let (mut changes, mut done, mut back) = (Vec::new(), Vec::new(), Vec::new());
        for mut message in messages {
            if !failed.contains(&message.id) {
                changes.push(state::delete(&partition(name), &message.id));
                done.push(message.id);
                continue;
            }
            let held = queue.index().get(&message.id);
            if held.is_none_or(|known| known.visible_ms != message.visible_ms) {
                // The visibility timeout ran out and someone else has the message now.
                continue;
            }
            if queue.dead_letter_after(message.receives).is_some() {
                self.park_dead_letter(name, message, reason).await?;
                continue;
            }
            message.visible_ms = queue.retry_at(now, message.receives);
            message.in_flight = false;
            message.last_error = Some(shortened(reason));
            changes.push(state::put(message.item(name)));
            back.push((message.id, message.visible_ms));
        }
        state::commit(&self.table, changes).await?;
        for id in done {
            queue.index().remove(&id);
        }
        for (id, visible) in back {
            queue.put(&id, visible, false);
        }
        Ok(())
    }

    /// The first `limit` messages of a queue as event records, without receiving them.
    pub async fn peek(&self, queue: &str, limit: usize) -> Result<Vec<Value>, QueueError> {
        let now = self.clock.now_ms();
        let ids = self.queue(queue)?.index().first(limit);
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(message) = self.load(queue, &id).await? {
                records.push(message.record(queue, now));
            }
        }
        Ok(records)
    }

    /// Moves everything that is not in flight from one queue to another, as new; answers how
    /// many. This is how a dead-letter queue is retried.
    pub async fn redrive(&self, from: &str, to: &str) -> Result<usize, QueueError> {
        let source = self.queue(from)?;
        self.queue(to)?;
        let ids = source.index().first(usize::MAX);
        let mut moved = 0;
        for id in ids {
            if source.index().get(&id).is_none_or(|known| known.in_flight) {
                continue;
            }
            if let Some(mut message) = self.load(from, &id).await? {
                message.attributes.clear();
                message.last_error = None;
                self.transfer(from, to, message).await?;
                moved += 1;
            }
        }
        Ok(moved)
    }

    async fn load(&self, queue: &str, id: &str) -> Result<Option<Message>, QueueError> {
        let item = state::get(&self.table, &partition(queue), id).await?;
        Ok(item.as_ref().and_then(Message::from_item))
    }

    async fn park_dead_letter(&self, from: &str, mut message: Message, why: &str) -> Result<(), QueueError> {
        let Some(to) = self.queue(from)?.settings.dead_letter.clone() else {
            return Ok(());
        };
        application::log::fault(from, &format!("{} moved to {to}: {why}", message.id));
        let receives = message.receives.to_string();
        message.set_attribute("ReceiveCount", "Number", receives);
        message.set_attribute("LastError", "String", shortened(why));
        message.set_attribute("SourceQueue", "String", from.to_owned());
        self.transfer(from, &to, message).await
    }

    async fn transfer(&self, from: &str, to: &str, message: Message) -> Result<(), QueueError> {
        let message = Message { receives: 0, visible_ms: self.clock.now_ms(), in_flight: false, ..message };
        let changes = vec![state::delete(&partition(from), &message.id), state::put(message.item(to))];
        state::commit(&self.table, changes).await?;
        self.queue(from)?.index().remove(&message.id);
        self.queue(to)?.put(&message.id, message.visible_ms, false);
        Ok(())
    }
}

impl Queue {
    /// The dead-letter queue, for a message that has been received `receives` times.
    fn dead_letter_after(&self, receives: u32) -> Option<&str> {
        let spent = receives >= self.settings.max_receives;
        self.settings.dead_letter.as_deref().filter(|_| spent)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_ERROR_CHARS).collect()
}
