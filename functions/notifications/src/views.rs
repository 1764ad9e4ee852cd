//! What notification routes answer.

use domain::event::EntityType;
use domain::notification::{Channel, Notification, NotificationData, NotificationDerived, NotificationKind, NotificationStatus};
use domain::value::Text;
use domain::{Time, UserId};

contract::row! {
    /// A notification.
    pub struct NotificationOut of Notification, ()
    data NotificationData {
        recipient_id: UserId,
        /// What it tells of; null where a person wrote it.
        event: Option<NotificationKind>,
        title: Text<200>,
        message: String,
        entity_type: Option<EntityType>,
        entity_id: Option<String>,
        status: NotificationStatus,
        /// How often it was tried to send it.
        attempts: u32,
        /// Why it was not sent.
        error: Option<String>,
        sent_at: Option<Time>,
        read_at: Option<Time>,
    } hidden { channel }
    derived NotificationDerived {} hidden {}
    computed {
        r#type: Channel = |notification| notification.data.channel,
    }
}

contract::answer! {
    /// How many were read.
    pub struct ReadAll {
        /// How many notifications were unread and are read now.
        pub updated: i64,
    }
}
