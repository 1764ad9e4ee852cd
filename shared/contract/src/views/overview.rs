//! What the page of a lead or customer shows beside the record.

use domain::activity::Note;
use domain::follow_up::Next;
use domain::overview::{Counter, Overview};
use domain::{ActivityId, FollowUpId, Time, UserId};

crate::answer! {
    /// How much hangs below a lead.
    pub struct LeadCounts {
        pub activities: i64,
        pub follow_ups_pending: i64,
        pub tasks_open: i64,
    }
}

crate::answer! {
    /// How much hangs below a customer.
    pub struct CustomerCounts {
        pub activities: i64,
        pub follow_ups_pending: i64,
        pub tasks_open: i64,
        pub projects: i64,
        pub orders: i64,
    }
}

crate::answer! {
    /// One of the latest notes, its body cut at 500 characters.
    pub struct NoteOut {
        pub id: ActivityId,
        pub body: String,
        pub created_by: Option<UserId>,
        pub author_name: Option<String>,
        pub created_at: Time,
    }
}

crate::answer! {
    /// The earliest pending follow-up.
    pub struct NextFollowUp {
        pub id: FollowUpId,
        pub due_at: Time,
        pub assignee_id: UserId,
    }
}

impl From<&Overview> for LeadCounts {
    fn from(overview: &Overview) -> Self {
        Self {
            activities: overview.count(Counter::Activities),
            follow_ups_pending: overview.count(Counter::FollowUpsPending),
            tasks_open: overview.count(Counter::TasksOpen),
        }
    }
}

impl From<&Overview> for CustomerCounts {
    fn from(overview: &Overview) -> Self {
        Self {
            activities: overview.count(Counter::Activities),
            follow_ups_pending: overview.count(Counter::FollowUpsPending),
            tasks_open: overview.count(Counter::TasksOpen),
            projects: overview.count(Counter::Projects),
            orders: overview.count(Counter::Orders),
        }
    }
}

impl From<Note> for NoteOut {
    fn from(note: Note) -> Self {
        Self { id: note.id, body: note.body, created_by: note.created_by, author_name: note.author_name, created_at: note.created_at }
    }
}

impl From<Next> for NextFollowUp {
    fn from(next: Next) -> Self {
        Self { id: next.id, due_at: next.due_at, assignee_id: next.assignee_id }
    }
}

/// The notes and the next follow-up as they are answered.
pub fn shown(overview: Overview) -> (Vec<NoteOut>, Option<NextFollowUp>) {
    (overview.notes.into_iter().map(NoteOut::from).collect(), overview.next.map(NextFollowUp::from))
}
