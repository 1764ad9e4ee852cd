//! What SES tells of mails: an address from which they came back, or whose owner reported one as spam, gets no more.

use crate::failure::{Failure, queue_batch, read};
use crate::work::{change, decide_on};
use crate::{Trigger, Worker};
use application::App;
use domain::customer::{self, Customer};
use domain::text::TextValue;
use domain::user::bounced;
use domain::user::{EmailStatus, User};
use domain::value::Email;
use futures::FutureExt;
use messaging::Queue;
use messaging::batch::Message;
use serde::Deserialize;
use store::Action;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "bounces",
    about: "Marks the addresses from which mails came back or were reported as spam",
    trigger: Trigger::Queue(Queue::Bounces),
    actions: &[Action::Get, Action::QueryTable, Action::Put, Action::Update],
    needs: &[],
    handle: |app, event| async move { queue_batch(app, Queue::Bounces, event, |message| mark(app, message)).await }.boxed(),
};

/// What SES publishes of a mail
/// (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

async fn mark(app: &App, message: Message) -> Result<(), Failure> {
    let told: Told = read("an event of SES", &message.body)?;
    // A mailbox that is full, or a server that is down, takes the next mail.
    let bounced = told.bounce.filter(|bounce| bounce.bounce_type == "Permanent").map(|bounce| bounce.bounced_recipients);
    let complained = told.complaint.map(|complaint| complaint.complained_recipients);
    for (recipients, status) in [(bounced, EmailStatus::Bounced), (complained, EmailStatus::Complained)] {
        for recipient in recipients.into_iter().flatten() {
            of_address(app, &recipient.email_address, status).await?;
        }
    }
    Ok(())
}

/// Marks the address where a user or a customer has it now.
async fn of_address(app: &App, written: &str, status: EmailStatus) -> Result<(), Failure> {
    // As `Ada Lovelace <ada@example.com>`, where a server says so.
    let bare = written.rsplit_once('<').map_or(written, |(_, rest)| rest.trim_end_matches('>'));
    let Ok(address) = Email::read(bare) else { return Ok(()) };
    let table = app.unscoped();
    if let Some(user) = table.user_of_login(address.as_str()).await? {
        decide_on::<User>(app, user, |user| Some(change(user, &bounced(user, &address, status)?))).await?;
    }
    for customer in table.customers_of_address(&address).await? {
        decide_on::<Customer>(app, customer, |customer| Some(change(customer, &customer::bounced(customer, &address, status)?))).await?;
    }
    Ok(())
}
