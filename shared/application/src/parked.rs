//! Dead letters: messages that consumers gave up on. They are nobody's records, so whoever may look at
//! them sees them all.

use crate::app::{App, NotGiven};
use crate::decide::Change;
use crate::error::Error;
use domain::{ParkedId, Time};
use messaging::{MessagingError, Queue, Work};
use serde::Serialize;
use store::{Page, Paging, Parked, Tx, Which};

/// Why something was not put on a queue.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No queue of this name takes messages: it is gone, or is the stream.
    #[error("no queue takes what is of {0}")]
    NoQueue(String),
    /// This function has no queues.
    #[error(transparent)]
    NotGiven(#[from] NotGiven),
    /// The queue did not take it.
    #[error(transparent)]
    Queue(#[from] MessagingError),
    /// The table did not forget it, so that it will be sent once more.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl App {
    /// The parked message of this id, strongly consistent.
    pub async fn parked(&self, id: ParkedId) -> Result<Parked, Error> {
        self.store().parked(id).await?.ok_or(Error::NotFound)
    }

    /// Parked messages, newest first.
    pub async fn list_parked(&self, which: Which<'_>, paging: Paging<'_>) -> Result<Page<Parked>, Error> {
        Ok(self.store().list_parked(which, paging).await?)
    }

    /// How many messages of a queue are parked, counted up to 100.
    pub async fn count_parked(&self, queue: Queue) -> Result<usize, Error> {
        Ok(self.store().count_parked(queue.name()).await?)
    }

    /// Puts a parked message back on its queue, which is given; whoever does has it unparked then: a fault in between sends it
    /// twice, and consumers count it once.
    pub async fn send_again(&self, parked: &Parked) -> Result<Queue, NotSent> {
        // Of larger work the queue goes by the kind: what an earlier release parked may have been on another.
        let larger = || serde_json::from_str::<Work>(&parked.body).ok().map(|work| work.queue());
        let queue = match Queue::named(&parked.queue) {
            Some(queue @ (Queue::Work | Queue::Repair | Queue::Redrive)) => larger().unwrap_or(queue),
            Some(queue) => queue,
            None => return Err(NotSent::NoQueue(parked.queue.clone())),
        };
        self.queues()?.send(queue, parked.body.clone(), 0).await?;
        Ok(queue)
    }

    /// Puts a parked message back on its queue, which is given, for the system.
    pub async fn redrive(&self, parked: &Parked) -> Result<Queue, NotSent> {
        let queue = self.send_again(parked).await?;
        let mut tx = Tx::new();
        tx.unpark(parked.id);
        self.store().commit(tx).await?;
        Ok(queue)
    }

    /// Has the messages that were parked before a moment put back on their queues, in the background: those of one queue, or
    /// with this in their cause, where that is said.
    pub async fn redrive_all(&self, queue: Option<String>, cause: Option<String>, before: Time) -> Result<(), NotSent> {
        let work = Work::Redrive { queue, cause, before, from: None };
        self.put(work.queue(), &work).await
    }

    /// Puts a message on a queue.
    pub(crate) async fn put<T: Serialize>(&self, queue: Queue, message: &T) -> Result<(), NotSent> {
        let body = serde_json::to_string(message).map_err(|error| MessagingError(error.to_string()))?;
        Ok(self.queues()?.send(queue, body, 0).await?)
    }
}

impl Change {
    /// A parked message went back to its queue, or was given up.
    pub fn unpark(&mut self, id: ParkedId) {
        self.tx.unpark(id);
    }
}
