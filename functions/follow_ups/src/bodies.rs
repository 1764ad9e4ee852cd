//! What a create and a change of a follow-up take.

use contract::Patch;
use domain::follow_up::{FollowUpData, FollowUpStatus, FollowUpText};
use domain::value::Prose;
use domain::{CustomerId, LeadId, Time, UserId};

contract::editable! {
    /// A follow-up of a lead or a customer: exactly one of the two.
    create CreateFollowUp,
    /// The fields to change.
    change UpdateFollowUp,
    data FollowUpData {
        due_at: Time,
    }
    defaulted {}
    text FollowUpText {
        notes: Option<Prose>,
    }
    create {
        lead_id: Option<LeadId>,
        customer_id: Option<CustomerId>,
        /// The owner of the lead or customer when not given, or the caller where nobody owns it.
        assignee_id: Option<UserId>,
    }
    change {
        /// PENDING to COMPLETED or CANCELLED.
        status: Patch<FollowUpStatus>,
        /// An active user inside reach.
        assignee_id: Patch<UserId>,
    }
    elsewhere { lead_id, customer_id, status, assignee_id, completed_at }
}
