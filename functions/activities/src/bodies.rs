//! What a create and a change of an activity take.

use contract::{Int, Patch};
use domain::activity::{ActivityData, ActivityText, ActivityType, Direction};
use domain::value::{Prose, Text};
use domain::{CustomerId, LeadId, Time};

/// A duration: up to a week.
pub type Minutes = Int<0, 10_080>;

contract::editable! {
    /// A communication or note about a lead or a customer: exactly one of the two.
    create CreateActivity,
    /// The fields to change.
    change UpdateActivity,
    data ActivityData {
        direction: Option<Direction>,
        /// What came of it.
        outcome: Option<Text<100>>,
    }
    defaulted {
        /// Now when not given; at most five minutes ahead.
        occurred_at: Time,
    }
    text ActivityText {
        /// Required for a note.
        body: Option<Prose>,
    }
    create {
        lead_id: Option<LeadId>,
        customer_id: Option<CustomerId>,
        r#type: ActivityType,
        /// Minutes.
        duration_min: Option<Minutes>,
    }
    change {
        r#type: Patch<ActivityType>,
        /// Minutes.
        duration_min: Patch<Option<Minutes>>,
    }
    elsewhere { lead_id, customer_id, kind, duration_min }
}
