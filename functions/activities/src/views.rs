//! What activity routes answer.

use domain::activity::{Activity, ActivityData, ActivityDerived, ActivityType, Direction};
use domain::value::Text;
use domain::{CustomerId, LeadId, Time};

contract::row! {
    /// An activity as lists show it: its body cut at 200 characters.
    pub struct ActivityRow of Activity, ()
    data ActivityData {
        lead_id: Option<LeadId>,
        customer_id: Option<CustomerId>,
        occurred_at: Time,
        direction: Option<Direction>,
        /// Minutes.
        duration_min: Option<i64>,
        outcome: Option<Text<100>>,
    } hidden { kind }
    derived ActivityDerived {
        author_name: Option<String>,
    } hidden { excerpt, customer_id, team_id }
    computed {
        r#type: ActivityType = |activity| activity.data.kind,
        body: Option<String> = |activity| activity.derived.excerpt.clone(),
    }
}

contract::same! {
    /// A whole activity.
    pub struct ActivityOut of Activity as ActivityRow, () {
        body: Option<String> = |activity| activity.text.body.as_ref().map(ToString::to_string),
    }
}
