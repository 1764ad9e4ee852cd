//! When each of a queue's messages is due: the in-memory side of a queue.

use super::Depth;
use std::collections::{BTreeSet, HashMap};

/// Every message of one queue by id and by the moment it becomes visible.
#[derive(Default)]
pub(super) struct Index {
    due: BTreeSet<(i64, String)>,
    known: HashMap<String, Known>,
}

/// Where one message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) visible_ms: i64,
    pub(super) in_flight: bool,
}

impl Index {
    /// Adds a message or changes where it stands.
    pub(super) fn set(&mut self, id: &str, visible_ms: i64, in_flight: bool) {
        self.remove(id);
        self.due.insert((visible_ms, id.to_owned()));
        let known = Known { visible_ms, in_flight };
        self.known.insert(id.to_owned(), known);
    }

    /// Forgets a message.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(known) = self.known.remove(id) {
            self.due.remove(&(known.visible_ms, id.to_owned()));
        }
    }

    /// Where a message stands, if it is still here.
    pub(super) fn get(&self, id: &str) -> Option<Known> {
        self.known.get(id).copied()
    }

    /// Marks up to `limit` visible messages as received until `until_ms`; answers them with
    /// where they stood.
    pub(super) fn take(&mut self, now_ms: i64, until_ms: i64, limit: usize) -> Vec<(String, Known)> {
        let ready = self.due.iter().take_while(|(at, _)| *at <= now_ms).take(limit);
        let ids: Vec<String> = ready.map(|(_, id)| id.clone()).collect();
        ids.into_iter()
            .filter_map(|id| {
                let before = self.get(&id)?;
                self.set(&id, until_ms, true);
                Some((id, before))
            })
            .collect()
    }

    /// The first `limit` messages in order of visibility.
    pub(super) fn first(&self, limit: usize) -> Vec<String> {
        self.due.iter().take(limit).map(|(_, id)| id.clone()).collect()
    }

    /// The next moment a message becomes visible.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The counts at `now_ms`.
    pub(super) fn depth(&self, now_ms: i64) -> Depth {
        let mut depth = Depth::default();
        for known in self.known.values() {
            if known.visible_ms <= now_ms {
                depth.visible += 1;
            } else if known.in_flight {
                depth.in_flight += 1;
            } else {
                depth.delayed += 1;
            }
        }
        depth
    }
}
