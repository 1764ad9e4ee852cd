//! What activity routes answer.

use domain::activity::{Activity, ActivityType, Direction};
use domain::input::{Json, Show, extended};
use domain::{ActivityId, CustomerId, LeadId, Record, Time, UserId};

domain::answer! {
    /// An activity as lists show it: its body cut at 200 characters.
    pub struct ActivityRow {
        pub id: ActivityId,
        pub lead_id: Option<LeadId>,
        pub customer_id: Option<CustomerId>,
        pub r#type: ActivityType,
        pub body: Option<String>,
        pub occurred_at: Time,
        pub direction: Option<Direction>,
        /// Minutes.
        pub duration_min: Option<i64>,
        pub outcome: Option<String>,
        pub author_name: Option<String>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<Activity>> for ActivityRow {
    fn from(activity: Record<Activity>) -> Self {
        let (data, kept) = (activity.data, activity.kept);
        Self {
            id: activity.id,
            lead_id: data.lead_id,
            customer_id: data.customer_id,
            r#type: data.kind,
            body: kept.excerpt,
            occurred_at: data.occurred_at,
            direction: data.direction,
            duration_min: data.duration_min,
            outcome: data.outcome.map(|value| value.to_string()),
            author_name: kept.author_name,
            created_at: activity.created_at,
            updated_at: activity.updated_at,
            created_by: activity.created_by,
            version: activity.version,
        }
    }
}

/// A whole activity.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(transparent)]
pub struct ActivityOut(ActivityRow);

impl Show for ActivityOut {
    fn schema() -> Json {
        extended(ActivityRow::schema(), [])
    }
}

impl From<Record<Activity>> for ActivityOut {
    fn from(activity: Record<Activity>) -> Self {
        let body = activity.text.body.as_ref().map(|body| body.to_string());
        Self(ActivityRow { body, ..ActivityRow::from(activity) })
    }
}
