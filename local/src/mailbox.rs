//! The mailbox: where mails, text messages and pushes end in this process, to be looked at. It is kept with the data, and the
//! oldest make room for new ones.

use crate::clock::Clock;
use crate::state;
use crate::table::{Table, TableError};
use domain::Time;
use messaging::mime::{MailFrom, message};
use messaging::{Mail, Mailer, Probe, Probing, Push, Pusher, SendError, Senders, Sending, TextMessage, Texter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many are kept.
pub const KEPT: usize = 500;

/// The kind of its items among what the runtime remembers.
const MAILBOX: &str = "mailbox";

/// What somebody was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its number: what came later has a higher one.
    pub number: u64,
    /// Through what: `EMAIL`, `SMS` or `PUSH`.
    #[serde(rename = "type")]
    pub channel: String,
    /// When it came.
    pub at: Time,
    /// The address, the phone number or the device.
    pub to: String,
    /// Subject or title.
    pub subject: Option<String>,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: Option<String>,
    /// A mail as it would have gone on its way.
    pub source: Option<String>,
}

/// The mailbox.
#[derive(Clone)]
pub struct Mailbox {
    table: Table,
    clock: Arc<dyn Clock>,
    from: Result<MailFrom, SendError>,
    /// The numbers of those that are kept, oldest first.
    numbers: Arc<Mutex<VecDeque<u64>>>,
}

fn key(number: u64) -> String {
    format!("{number:020}")
}

fn read(item: &Value) -> Option<Letter> {
    serde_json::from_str(item["letter"]["S"].as_str()?).ok()
}

impl Mailbox {
    /// The mailbox of this database. Mails come from this address, with this name.
    pub async fn open(table: Table, clock: Arc<dyn Clock>, from: Option<&str>, name: &str) -> Result<Self, TableError> {
        state::ensure(&table).await?;
        let numbers = state::list(&table, MAILBOX).await?.iter().filter_map(|item| item["sk"]["S"].as_str()?.parse().ok()).collect();
        let from = MailFrom::new(from.unwrap_or("no-reply@crm.localhost"), name);
        Ok(Self { table, clock, from, numbers: Arc::new(Mutex::new(numbers)) })
    }

    /// Through which everything ends here.
    pub fn senders(&self) -> Senders {
        let here = Arc::new(self.clone());
        Senders { mailer: Some(here.clone()), texter: Some(here.clone()), pusher: Some(here) }
    }

    /// Everything that is kept, newest first.
    pub async fn letters(&self) -> Result<Vec<Letter>, TableError> {
        let mut letters: Vec<Letter> = state::list(&self.table, MAILBOX).await?.iter().filter_map(read).collect();
        letters.reverse();
        Ok(letters)
    }

    /// One of them.
    pub async fn letter(&self, number: u64) -> Result<Option<Letter>, TableError> {
        Ok(state::get(&self.table, MAILBOX, &key(number)).await?.as_ref().and_then(read))
    }

    async fn keep(
        &self,
        channel: &str,
        to: &str,
        subject: Option<&str>,
        text: &str,
        mail: Option<(&str, String)>,
    ) -> Result<Option<String>, SendError> {
        let failed = |error: &dyn std::fmt::Display| SendError::Failed(format!("the mailbox: {error}"));
        let (number, oldest) = {
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            let number = numbers.back().map_or(1, |last| last + 1);
            numbers.push_back(number);
            (number, if numbers.len() > KEPT { numbers.pop_front() } else { None })
        };
        let (html, source) = mail.map(|(html, source)| (html.to_owned(), source)).unzip();
        let at = Time::from_millis(self.clock.now_ms());
        let (to, subject, text) = (to.to_owned(), subject.map(str::to_owned), text.to_owned());
        let letter = Letter { number, channel: channel.to_owned(), at, to, subject, text, html, source };
        let letter = serde_json::to_string(&letter).map_err(|error| failed(&error))?;
        let mut item = state::key(MAILBOX, &key(number));
        item["letter"] = json!({"S": letter});
        let changes = std::iter::once(state::put(item)).chain(oldest.map(|oldest| state::delete(MAILBOX, &key(oldest))));
        state::commit(&self.table, changes.collect()).await.map_err(|error| failed(&error))?;
        Ok(Some(format!("letter-{number}")))
    }
}

impl Probe for Mailbox {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async { Ok(Some("kept in the mailbox, /dev/mailbox".to_owned())) })
    }
}

impl Mailer for Mailbox {
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            let from = self.from.as_ref().map_err(Clone::clone)?;
            let source = String::from_utf8_lossy(&message(mail, from)?.formatted()).into_owned();
            self.keep("EMAIL", &mail.to, Some(&mail.subject), &mail.text, Some((&mail.html, source))).await
        })
    }
}

impl Texter for Mailbox {
    fn text<'a>(&'a self, message: &'a TextMessage) -> Sending<'a> {
        Box::pin(self.keep("SMS", &message.to, None, &message.text, None))
    }
}

impl Pusher for Mailbox {
    fn push<'a>(&'a self, push: &'a Push) -> Sending<'a> {
        Box::pin(self.keep("PUSH", &push.token, Some(&push.title), &push.text, None))
    }
}
