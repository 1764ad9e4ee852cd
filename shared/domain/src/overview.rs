//! What the page of a record shows beside the record: how many children it has, its latest notes, its
//! next follow-up.

use crate::activity::Note;
use crate::follow_up::Next;
use crate::time::Time;
use std::collections::BTreeMap;

/// How many notes the page of a record shows.
pub const LATEST_NOTES: usize = 5;

crate::choice! {
    /// What is counted of a record's children, a user's notifications among them.
    pub enum Counter {
        /// Activities.
        Activities = "activities",
        /// Follow-ups that are still to be done.
        FollowUpsPending = "followUpsPending",
        /// Tasks.
        Tasks = "tasks",
        /// Tasks that are still work.
        TasksOpen = "tasksOpen",
        /// Tasks that are finished.
        TasksDone = "tasksDone",
        /// Projects.
        Projects = "projects",
        /// Orders.
        Orders = "orders",
        /// Notifications in the application that a user has not read.
        Unread = "unread",
        /// How often a promotion was given.
        Given = "given",
        /// How often of that it waits for an order.
        Assigned = "assigned",
        /// Messages of a campaign that are on their way.
        Queued = "queued",
        /// Those that were handed over.
        Sent = "sent",
        /// Those that were given up on.
        Failed = "failed",
        /// Those that are not sent.
        Skipped = "skipped",
    }
}

/// How many children of each kind.
pub type Counts = BTreeMap<Counter, i64>;

/// What a customer bought, without what was called off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sales {
    /// How many orders.
    pub orders: i64,
    /// Their totals together, minor units.
    pub spent_minor: i64,
    /// When the latest of them was placed.
    pub last_order_at: Option<Time>,
}

/// What the page of a record shows beside the record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    /// How many children of each kind.
    pub counts: Counts,
    /// The latest notes, newest first.
    pub notes: Vec<Note>,
    /// The earliest pending follow-up.
    pub next: Option<Next>,
}

impl Overview {
    /// How many there are of a kind.
    pub fn count(&self, counter: Counter) -> i64 {
        self.counts.get(&counter).copied().unwrap_or(0)
    }

    /// Adds a note that was just written.
    pub fn add(&mut self, note: Option<Note>) {
        self.notes.extend(note);
        self.notes.sort_by_key(|note| std::cmp::Reverse((note.created_at, note.id)));
        self.notes.truncate(LATEST_NOTES);
    }
}
