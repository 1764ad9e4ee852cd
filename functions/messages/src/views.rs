//! What is answered about message templates.

use domain::Record;
use domain::message_template::{MessageTemplate, SUBJECT, TemplateKind};
use domain::notification::Channel;
use domain::value::Text;
use edge::Answer;

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
