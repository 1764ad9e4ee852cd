//! What is answered about messages and message templates.

use domain::message::{CustomerChannel, Message, MessageData, MessageDerived, MessageKind, MessageStatus, SkipReason};
use domain::message_template::{MessageTemplate, SUBJECT, TemplateKind};
use domain::notification::Channel;
use domain::value::Text;
use domain::{CampaignId, CustomerId, Record, TeamId, Time, UserId};
use edge::Answer;

contract::row! {
    /// A message to a customer as lists show it: of the text its beginning.
    pub struct MessageRow of Message, ()
    data MessageData {
        customer_id: CustomerId,
        /// The campaign that it is of; null of any other.
        campaign_id: Option<CampaignId>,
        /// Why the customer is written to.
        kind: MessageKind,
        /// Through what it goes.
        channel: CustomerChannel,
        /// The number or address; null where there was none.
        to: Option<String>,
        /// The subject of a mail; null of a text message.
        subject: Option<Text<SUBJECT>>,
        status: MessageStatus,
        attempts: u32,
        /// Why it was not sent; null where it was, or is to be.
        skip_reason: Option<SkipReason>,
        /// What the provider calls it; null until it was handed over.
        provider_id: Option<String>,
        /// Why the last try failed, without the address; null where it did not.
        error: Option<String>,
        /// What it is about, and for whom: each customer is told once for each.
        dedupe_key: String,
        /// When it was put into the queue.
        queued_at: Time,
        sent_at: Option<Time>,
    } hidden {}
    derived MessageDerived {
        /// The customer's owner; null where nobody is.
        owner_id: Option<UserId>,
        owner_name: Option<String>,
        team_id: Option<TeamId>,
    } hidden { excerpt, trying_since }
    computed {
        /// What it says.
        body: String = |message| message.derived.excerpt.clone(),
    }
}

contract::same! {
    /// A message to a customer.
    pub struct MessageOut of Message as MessageRow, () {
        body: String = |message| message.text.body.clone(),
    }
}

contract::answer! {
    /// A message template.
    pub struct MessageTemplateOut {
        /// What it tells of.
        pub kind: TemplateKind,
        /// Of a mail, and the title of a notification; null where the messages have none.
        pub subject: Option<Text<SUBJECT>>,
        /// Plain text with the placeholders in double braces, `{{ name }}`, and `{% if name %}…{% else %}…{% endif %}`.
        pub body: String,
        /// A customer is told through the first one that there is an address for, a user through each that the user has not turned off, and of
        /// TASK_DUE by e-mail only who has turned it on.
        pub channels: Vec<Channel>,
        /// Whether it is sent at all.
        pub enabled: bool,
        /// What may stand in braces.
        pub placeholders: Vec<String>,
        /// 0 while nobody has changed it.
        pub version: u64,
    }
}

impl MessageTemplateOut {
    pub(crate) fn new(template: Record<MessageTemplate>) -> Self {
        let kind = template.id;
        let placeholders = kind.placeholders().iter().map(|name| (*name).to_owned()).collect();
        let (version, data) = (template.version, template.row.data);
        Self { kind, subject: data.subject, body: template.text.body, channels: data.channels, enabled: data.enabled, placeholders, version }
    }
}

pub(crate) fn shown(template: Record<MessageTemplate>) -> Answer<MessageTemplateOut> {
    let version = template.version;
    Answer::ok(MessageTemplateOut::new(template)).version(version)
}
