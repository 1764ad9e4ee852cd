//! Who listens to what. The template's rules and the embedded bus are both made from this list.

use crate::ports::Queue;
use domain::event::EventKind;

/// Events that go to a queue.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// Where they go.
    pub queue: Queue,
    /// Which.
    pub events: &'static [EventKind],
}

/// Every subscription.
pub const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        queue: Queue::Automation,
        events: &[
            EventKind::UserDeleted,
            EventKind::UserTeamChanged,
            EventKind::UserUpdated,
            EventKind::LeadAssigned,
            EventKind::LeadConverted,
            EventKind::LeadDeleted,
            EventKind::CustomerAssigned,
            EventKind::CustomerCreated,
            EventKind::CustomerUpdated,
            EventKind::CustomerLevelChanged,
            EventKind::SettingsUpdated,
            EventKind::LevelUpdated,
            EventKind::CampaignStarted,
        ],
    },
    Subscription {
        queue: Queue::Notifications,
        events: &[
            EventKind::LeadAssigned,
            EventKind::CustomerAssigned,
            EventKind::TaskCreated,
            EventKind::TaskUpdated,
            EventKind::FollowUpDue,
            EventKind::TaskDue,
            EventKind::UserCreated,
            EventKind::CampaignFinished,
            EventKind::NotificationQueued,
        ],
    },
    Subscription { queue: Queue::Messages, events: &[EventKind::CustomerCreated, EventKind::CustomerLifecycleChanged, EventKind::MessageQueued] },
];
