//! The ports to what leaves the CRM: mails, text messages, pushes to devices.

use futures::future::BoxFuture;
use std::sync::Arc;

/// A mail to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What it is known by, the same whenever it is sent: a mail program knows by it that it has one already.
    pub id: String,
    /// The address.
    pub to: String,
    /// In one line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
    /// Where its recipient says with one click that no more are wanted; `None` of what is no advertising.
    pub unsubscribe: Option<String>,
}

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// The phone number, `+` and digits.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// What a device shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The device, as its application was told by the service that reaches it.
    pub token: String,
    /// In a line.
    pub title: String,
    /// All of it.
    pub text: String,
}

/// Why something was not sent. The words name no address: they are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It will never be taken: an address that there is not, or that the provider refuses.
    #[error("refused: {0}")]
    Refused(String),
    /// The recipient told the provider that no messages are wanted.
    #[error("the recipient wants no messages")]
    Unwanted,
    /// The provider has too much to do, or is out of reach: no fault of what is to be sent.
    #[error("the provider is busy or out of reach: {0}")]
    Busy(String),
    /// Anything else; another try may help.
    #[error("{0}")]
    Failed(String),
}

/// What sending gives: what the provider calls what it took, where it says so.
pub type Sending<'a> = BoxFuture<'a, Result<Option<String>, SendError>>;

/// Sends mails.
pub trait Mailer: Send + Sync {
    /// Hands a mail over.
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a>;
}

/// Sends text messages.
pub trait Texter: Send + Sync {
    /// Hands a text message over.
    fn text<'a>(&'a self, message: &'a TextMessage) -> Sending<'a>;
}

/// Pushes to devices.
pub trait Pusher: Send + Sync {
    /// Hands a push over.
    fn push<'a>(&'a self, push: &'a Push) -> Sending<'a>;
}

/// Through what something can leave; what is not there is off in this deployment.
#[derive(Clone, Default)]
pub struct Senders {
    /// Mails.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Text messages.
    pub texter: Option<Arc<dyn Texter>>,
    /// Pushes.
    pub pusher: Option<Arc<dyn Pusher>>,
}
