//! What follow-up routes answer.

use domain::follow_up::{FollowUp, FollowUpData, FollowUpDerived, FollowUpStatus};
use domain::time::{Day, is_overdue};
use domain::{CustomerId, LeadId, TeamId, Time, UserId};
use jiff::tz::TimeZone;

contract::row! {
    /// A follow-up as lists show it: its notes cut at 200 characters.
    pub struct FollowUpRow of FollowUp, (now: Time, zone: &TimeZone)
    data FollowUpData {
        lead_id: Option<LeadId>,
        customer_id: Option<CustomerId>,
        due_at: Time,
        status: FollowUpStatus,
        assignee_id: UserId,
        completed_at: Option<Time>,
    } hidden {}
    derived FollowUpDerived {
        /// The assignee's name.
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// The date of the last reminder.
        last_notified_on: Option<Day>,
    } hidden { excerpt, held_since }
    computed {
        notes: Option<String> = |follow_up| follow_up.derived.excerpt.clone(),
        /// Pending, and due before today.
        overdue: bool = |follow_up| is_overdue(Some(follow_up.data.due_at), follow_up.is_open(), now, zone),
    }
}

contract::same! {
    /// A whole follow-up.
    pub struct FollowUpOut of FollowUp as FollowUpRow, (now: Time, zone: &TimeZone) {
        notes: Option<String> = |follow_up| follow_up.text.notes.as_ref().map(ToString::to_string),
    }
}
