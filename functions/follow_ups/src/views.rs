//! What follow-up routes answer.

use domain::follow_up::{FollowUp, FollowUpStatus};
use domain::time::{Day, is_overdue};
use domain::{CustomerId, FollowUpId, LeadId, Record, TeamId, Time, UserId};
use jiff::tz::TimeZone;

domain::answer! {
    /// A follow-up. In lists its notes are cut at 200 characters.
    pub struct FollowUpOut {
        pub id: FollowUpId,
        pub lead_id: Option<LeadId>,
        pub customer_id: Option<CustomerId>,
        pub due_at: Time,
        pub notes: Option<String>,
        pub status: FollowUpStatus,
        /// Pending, and due before today.
        pub overdue: bool,
        pub assignee_id: UserId,
        /// The assignee's name.
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub completed_at: Option<Time>,
        /// The date of the last reminder.
        pub last_notified_on: Option<Day>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl FollowUpOut {
    /// As lists show it.
    pub fn row(follow_up: Record<FollowUp>, now: Time, zone: &TimeZone) -> Self {
        let (data, kept) = (follow_up.data, follow_up.kept);
        Self {
            id: follow_up.id,
            lead_id: data.lead_id,
            customer_id: data.customer_id,
            due_at: data.due_at,
            notes: kept.excerpt,
            status: data.status,
            overdue: is_overdue(Some(data.due_at), data.status == FollowUpStatus::Pending, now, zone),
            assignee_id: data.assignee_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            completed_at: data.completed_at,
            last_notified_on: kept.last_notified_on,
            created_at: follow_up.created_at,
            updated_at: follow_up.updated_at,
            created_by: follow_up.created_by,
            version: follow_up.version,
        }
    }

    /// With its whole notes.
    pub fn whole(follow_up: Record<FollowUp>, now: Time, zone: &TimeZone) -> Self {
        let notes = follow_up.text.notes.as_ref().map(|notes| notes.to_string());
        Self { notes, ..Self::row(follow_up, now, zone) }
    }
}
