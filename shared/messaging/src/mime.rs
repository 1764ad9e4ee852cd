//! What a mail is on its way (RFC 5322, RFC 2045): plain text and HTML, one of which a mail program shows.

use crate::sending::{Mail, SendError};
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// Whom mails come from.
#[derive(Debug, Clone)]
pub struct MailFrom {
    address: lettre::Address,
    name: String,
}

impl MailFrom {
    /// An address with the name that is shown.
    pub fn new(address: &str, name: &str) -> Result<Self, SendError> {
        Ok(Self { address: read(address)?, name: name.to_owned() })
    }
}

fn read(address: &str) -> Result<lettre::Address, SendError> {
    // What lettre says of it is the reason alone, without the address.
    address.parse().map_err(|error: AddressError| SendError::Refused(format!("no address of a mailbox: {error}")))
}

/// A mail, ready to be handed over. It says that no person wrote it, so that nobody's absence is answered to it (RFC 3834).
pub fn message(mail: &Mail, from: &MailFrom) -> Result<Message, SendError> {
    let name = Some(from.name.clone()).filter(|name| !name.is_empty());
    let own = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let mut builder = Message::builder();
    if let Some(link) = &mail.unsubscribe {
        // One click, without a page in between (RFC 8058).
        let one_click = own("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
        builder = builder.raw_header(own("List-Unsubscribe", format!("<{link}>"))).raw_header(one_click);
    }
    builder
        .from(Mailbox::new(name, from.address.clone()))
        .to(Mailbox::new(None, read(&mail.to)?))
        .subject(mail.subject.as_str())
        .message_id(Some(format!("<{}@{}>", mail.id, from.address.domain())))
        .raw_header(own("Auto-Submitted", "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| SendError::Failed(format!("no mail can be made of it: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(subject: &str, to: &str) -> Result<String, SendError> {
        let mail =
            Mail {
                id: "abc".into(), to: to.into(), subject: subject.into(), text: "Grüße".into(), html: "<p>Grüße</p>".into(), unsubscribe: None
            };
        let from = MailFrom::new("crm@acme.example", "Müller & Söhne")?;
        Ok(String::from_utf8_lossy(&message(&mail, &from)?.formatted()).into_owned())
    }

    #[test]
    fn a_mail_has_both_forms_and_says_that_no_person_wrote_it() {
        let mail = formatted("Ein Müller wartet", "ada@example.com").expect("a mail");
        for part in ["To: ada@example.com\r\n", "Message-ID: <abc@acme.example>\r\n", "Auto-Submitted: auto-generated\r\n", "text/plain", "text/html"]
        {
            assert!(mail.contains(part), "{part} is missing in {mail}");
        }
        assert!(mail.contains("multipart/alternative") && mail.contains("=?utf-8?"), "{mail}");
    }

    #[test]
    fn who_may_be_unsubscribed_has_the_headers_for_it() {
        let from = MailFrom::new("crm@acme.example", "").expect("an address");
        let mail = |unsubscribe: Option<&str>| {
            let (to, html, text) = ("ada@example.com".into(), String::new(), String::new());
            let mail = Mail { id: "abc".into(), to, subject: "Hello".into(), text, html, unsubscribe: unsubscribe.map(str::to_owned) };
            String::from_utf8_lossy(&message(&mail, &from).expect("a mail").formatted()).into_owned()
        };
        let link = format!("https://api.example/api/v1/unsubscribe/EMAIL.{}.{}", "0".repeat(36), "x".repeat(43));
        let one = mail(Some(&link));
        assert!(one.contains(&format!("List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")), "{one}");
        assert!(!mail(None).contains("List-Unsubscribe"));
    }

    #[test]
    fn a_subject_ends_no_header() {
        let mail = formatted("Hello\r\nBcc: eve@example.com\r\n\r\nand a body", "ada@example.com").expect("a mail");
        assert!(!mail.contains("\r\nBcc:"), "{mail}");
        assert!(!mail.contains("\nand a body"), "{mail}");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        let refused = formatted("Hello", "ada\r\nBcc: eve@example.com").expect_err("no address");
        assert!(matches!(&refused, SendError::Refused(_)) && !refused.to_string().contains("eve"), "{refused}");
    }
}
