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

/// Which parked messages are meant; all of them where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    /// Of this queue.
    pub queue: Option<&'a str>,
    /// With this in their cause, whatever its case.
    pub cause: Option<&'a str>,
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

    /// Parked messages, newest first.
    pub async fn list_parked(&self, which: Which<'_>, paging: Paging<'_>) -> Result<Page<Parked>, Error> {
        self.parked_in(which, Plan::default(), paging).await
    }

    /// Parked messages that were given up on before a moment, longest ago first.
    pub async fn parked_before(&self, which: Which<'_>, before: Time, paging: Paging<'_>) -> Result<Page<Parked>, Error> {
        self.parked_in(which, Plan { ascending: true, until: Some(before.to_string()), ..Plan::default() }, paging).await
    }

    async fn parked_in(&self, which: Which<'_>, plan: Plan, paging: Paging<'_>) -> Result<Page<Parked>, Error> {
        let partition = match which.queue {
            Some(queue) => (Index::AllStatus, keys::of_all("PARKED", queue)),
            None => (Index::All, keys::of_all("PARKED", "LIVE")),
        };
        let plan = Plan { partitions: vec![partition], residual: which.cause.is_some(), ..plan };
        let cause = which.cause.map(str::to_lowercase);
        let wanted = |parked: &Parked| cause.as_ref().is_none_or(|cause| parked.cause.to_lowercase().contains(cause));
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(Some(from_attribute(&entry.item, "data")?).filter(wanted))).await
    }

    /// How many messages of a queue are parked, counted up to 100.
    pub async fn count_parked(&self, queue: &str) -> Result<usize, Error> {
        let paging = Paging { limit: 100, cursor: None, binding: "" };
        Ok(self.list_parked(Which { queue: Some(queue), cause: None }, paging).await?.items.len())
    }
}
