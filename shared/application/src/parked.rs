//! Dead letters: messages that consumers gave up on. They are nobody's records, so whoever may look at
//! them sees them all.

use crate::app::App;
use crate::decide::Change;
use crate::error::Error;
use domain::ParkedId;
use messaging::Queue;
use store::{Page, Paging, Parked, Which};

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
}

impl Change {
    /// A parked message went back to its queue, or was given up.
    pub fn unpark(&mut self, id: ParkedId) {
        self.tx.unpark(id);
    }
}
