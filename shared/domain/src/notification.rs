//! What a user is notified of, and through what.

use std::collections::BTreeMap;

crate::choice! {
    /// A notification that a user may turn on or off.
    pub enum NotificationKind {
        /// A follow-up is due.
        FollowUpDue = "FOLLOW_UP_DUE",
        /// A lead was given to the user.
        LeadAssigned = "LEAD_ASSIGNED",
        /// A customer was given to the user.
        CustomerAssigned = "CUSTOMER_ASSIGNED",
        /// A task was given to the user.
        TaskAssigned = "TASK_ASSIGNED",
        /// A task is due.
        TaskDue = "TASK_DUE",
        /// A campaign of the user is finished.
        CampaignFinished = "CAMPAIGN_FINISHED",
    }
}

crate::choice! {
    /// How a notification reaches a user.
    pub enum Channel {
        /// By e-mail.
        Email = "EMAIL",
        /// By text message.
        Sms = "SMS",
        /// On the user's devices.
        Push = "PUSH",
        /// In the application.
        InApp = "IN_APP",
    }
}

/// What a user turned on or off; what is not there is as the product has it.
pub type Preferences = BTreeMap<NotificationKind, BTreeMap<Channel, bool>>;
