//! Parked dead letters: messages that no consumer could take, kept as items that can be read and
//! sent again.

use crate::error::Error;
use crate::item::{bare, from_attribute, put_index_keys, to_attribute};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Page, Paging, Plan};
use crate::table::Store;
use crate::tx::Tx;
use domain::{ParkedId, Time};
use serde::{Deserialize, Serialize};

/// A message that was given up on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parked {
    /// Its id: the queue message's own, so that parking it twice is once.
    pub id: ParkedId,
    /// The queue it goes back to.
    pub queue: String,
    /// Why it was given up on.
    pub cause: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up on.
    pub failed_at: Time,
    /// The message.
    pub body: String,
}

impl Tx {
    /// Removes a parked message after it went back to its queue.
    pub fn unpark(&mut self, id: ParkedId) {
        self.remove(&keys::parked(id));
    }
}

impl Store {
    /// Parks a message.
    pub async fn park(&self, parked: &Parked) -> Result<(), Error> {
        let mut item = bare(&keys::parked(parked.id), "PARKED");
        item.insert("data".into(), to_attribute(parked)?);
        let partitions = vec![(Index::All, keys::of_all("PARKED", "LIVE")), (Index::AllStatus, keys::of_all("PARKED", &parked.queue))];
        put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(parked.failed_at, parked.id) });
        self.put_item(item).await
    }

    /// The parked message of this id.
    pub async fn parked(&self, id: ParkedId) -> Result<Option<Parked>, Error> {
        self.get_item(&keys::parked(id), true).await?.as_ref().map(|item| from_attribute(item, "data")).transpose()
    }

    /// Parked messages, newest first, of one queue or of all.
    pub async fn list_parked(&self, queue: Option<&str>, paging: Paging<'_>) -> Result<Page<Parked>, Error> {
        let partition = match queue {
            Some(queue) => (Index::AllStatus, keys::of_all("PARKED", queue)),
            None => (Index::All, keys::of_all("PARKED", "LIVE")),
        };
        let plan = Plan { partitions: vec![partition], ..Plan::default() };
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| from_attribute(&entry.item, "data").map(Some)).await
    }

    /// How many messages of a queue are parked, counted up to 100.
    pub async fn count_parked(&self, queue: &str) -> Result<usize, Error> {
        let paging = Paging { limit: 100, cursor: None, binding: "" };
        Ok(self.list_parked(Some(queue), paging).await?.items.len())
    }
}
