//! Mails by SMTP: to a server that shows them, or to one of the house.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use messaging::mime::{MailFrom, message};
use messaging::{Mail, Mailer, MessagingError, Probe, Probing, SendError, Sending, Unwell};
use std::time::Duration;
use url::Url;

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where servers listen for mails of others (RFC 5321 section 4.5.4.2).
const PORT: u16 = 25;

/// A server that mails are handed to.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: MailFrom,
}

impl Smtp {
    /// The server at an address such as `smtp://127.0.0.1:1025`, or `smtp://name:password@host:25`; nothing is encrypted. Mails come
    /// from this address, with this name.
    pub fn new(url: &str, from: Option<&str>, name: &str) -> Result<Self, String> {
        // An address may hold a password, which nobody repeats.
        let wrong = || "SMTP_URL makes no sense: an address such as smtp://127.0.0.1:1025".to_owned();
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "smtp").ok_or_else(wrong)?;
        let host = url.host_str().ok_or_else(wrong)?.trim_matches(['[', ']']);
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(url.port().unwrap_or(PORT)).timeout(Some(PATIENCE));
        if let Some(password) = url.password() {
            transport = transport.credentials(Credentials::new(url.username().to_owned(), password.to_owned()));
        }
        let transport = transport.build();
        let from = from.ok_or("SMTP_URL needs MAIL_FROM, the address that mails come from")?;
        Ok(Self { transport, from: MailFrom::new(from, name).map_err(|error| error.to_string())? })
    }
}

/// What the server said, without its words: they may repeat the address (RFC 5321 section 4.2.1 has what the codes mean).
fn failed(error: &Error) -> SendError {
    match error.status() {
        Some(code) if error.is_permanent() => SendError::Refused(format!("the server said {code}")),
        Some(code) => SendError::Busy(format!("the server said {code}")),
        None => SendError::Busy("the server does not answer".to_owned()),
    }
}

impl Probe for Smtp {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async move {
            match self.transport.test_connection().await {
                Ok(true) => Ok(Some("handed to the server of SMTP_URL".to_owned())),
                Ok(false) => Err(Unwell::Said("the server does not answer".to_owned())),
                Err(error) => Err(MessagingError(failed(&error).to_string()).into()),
            }
        })
    }
}

impl Mailer for Smtp {
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            let sent = self.transport.send(message(mail, &self.from)?).await;
            sent.map(|_| None).map_err(|error| failed(&error))
        })
    }
}
