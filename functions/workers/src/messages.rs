//! Messages to customers as they are made: in the words of their template, once for each occasion.

use crate::failure::Failure;
use application::App;
use domain::Record;
use domain::customer::Customer;
use domain::event::Act;
use domain::message::{CustomerChannel, Occasion, SkipReason, Writing, address, create, queued, values};
use domain::message_template::{MessageTemplate, TemplateKind, filled, standing};
use store::Tx;

/// The words of an occasion, as they stand.
pub(crate) async fn words(app: &App, kind: TemplateKind) -> Result<Record<MessageTemplate>, Failure> {
    let stored = app.unscoped().get_latest::<MessageTemplate>(kind).await?;
    Ok(standing(kind, stored.as_ref(), &app.act()))
}

/// A message to a customer, with the event that brings it to whoever sends it; where it is not to be sent, it says why.
pub(crate) fn write(act: &Act, customer: &Record<Customer>, occasion: Occasion, words: &Record<MessageTemplate>) -> Result<Tx, Failure> {
    let channels: Vec<CustomerChannel> = words.data.channels.iter().filter_map(|channel| CustomerChannel::of(*channel)).collect();
    let (subject, body) = filled(words, &values(customer))?;
    let goes = if words.data.enabled { address(customer, &channels) } else { Err(SkipReason::TemplateOff) };
    let first = channels.first().copied().unwrap_or(CustomerChannel::Email);
    Ok(made(act, customer, Writing { occasion, channel: first, subject: Some(subject), body }, goes))
}

/// The transaction that makes a message.
pub(crate) fn made(act: &Act, customer: &Record<Customer>, writing: Writing, goes: Result<domain::message::Address, SkipReason>) -> Tx {
    let message = create(act, customer, writing, goes);
    let mut tx = Tx::new();
    tx.create(&message);
    if let Some(event) = queued(&message, act) {
        tx.event(&event);
    }
    tx
}
