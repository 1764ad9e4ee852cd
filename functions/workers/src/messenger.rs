//! The messenger: welcomes customers, and sends what customers are told.
//!
//! A try is recorded, then the message is handed over, then what came of it is recorded, as of notifications. Beside that all of them
//! share a rate, and each is asked once more, in the moment of sending, whether it still is to be sent.

use crate::automation::id;
use crate::campaigns::finish;
use crate::deliver::html;
use crate::failure::{Failure, queue_batch, read};
use crate::messages::{words, write};
use crate::work::{change, change_telling, try_decide_on};
use crate::{Need, Trigger, Worker};
use application::App;
use application::UNSUBSCRIBE;
use application::metric::Metric;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::activity::About;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::event::{Envelope, EventKind};
use domain::message::{
    Address, CustomerChannel, LONGEST_TEXT, MAX_ATTEMPTS, Message, MessageStatus, Occasion, Outcome, SkipReason, TRY_SECONDS, address, ended, is_new,
    is_tried, lost, skip, told, tried, welcomed,
};
use domain::message_template::TemplateKind;
use domain::unsubscribe::Unsubscribe;
use domain::value::cut;
use domain::{CustomerId, MessageId, Record};
use futures::FutureExt;
use messaging::{Mail, Mailer, MessagingError, Queue, SendError, TextMessage, Texter, batch};
use std::sync::Arc;
use std::time::Duration;
use store::records::ADDRESSED;
use store::{Action, FailedCondition, Room};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "messenger",
    about: "Welcomes customers, and sends what customers are told, by mail or text message",
    trigger: Trigger::Queue(Queue::Messages),
    actions: &[Action::Get, Action::Put, Action::Update, Action::Count],
    needs: &[Need::Senders, Need::Links, Need::Send(Queue::Messages)],
    handle: |app, event| async move { queue_batch(app, Queue::Messages, event, |message| take(app, message)).await }.boxed(),
};

async fn take(app: &App, received: batch::Message) -> Result<(), Failure> {
    let event: Envelope = read::<EventBridgeEvent<Envelope>>("an event", &received.body)?.detail;
    match event.kind {
        EventKind::MessageQueued => send(app, &received, &event).await,
        _ => welcome(app, &event).await,
    }
}

/// How long somebody is new, seconds: a week. Whoever became a customer before, of which somebody had the event published again, is
/// not welcomed.
const NEWS_SECONDS: i64 = 7 * 86_400;

/// Welcomes who became a customer for the first time.
async fn welcome(app: &App, event: &Envelope) -> Result<(), Failure> {
    if event.at.plus_seconds(NEWS_SECONDS) < app.clock.now() {
        return Ok(());
    }
    let id: CustomerId = id(&event.entity)?;
    let words = words(app, TemplateKind::Welcome).await?;
    let welcoming = try_decide_on::<Customer>(app, id, |customer| {
        if !is_new(customer) {
            return Ok(None);
        }
        let act = app.act();
        let mut tx = write(&act, customer, Occasion::Welcome, &words)?;
        tx.update(customer, &welcomed(customer, &act));
        Ok(Some(tx))
    });
    match Box::pin(welcoming).await {
        Err(failure) if failure.was_told() => Ok(()),
        done => done.map(drop),
    }
}

/// Sends the message that an event tells of. What is sent by somebody else at this moment, or finds no room in its second, comes again
/// later, as a new message of the queue, whose tries begin anew.
async fn send(app: &App, received: &batch::Message, event: &Envelope) -> Result<(), Failure> {
    let id: MessageId = id(&event.entity)?;
    let Some(message) = app.unscoped().get_latest::<Message>(id).await? else { return Ok(()) };
    if !matches!(message.data.status, MessageStatus::Queued | MessageStatus::Sending) {
        // Whoever ended it may have been killed before looking at its campaign.
        return finish_campaign(app, &message).await;
    }
    if is_tried(&message, app.clock.now()) {
        return later(app, received, TRY_SECONDS).await;
    }
    let customer = app.unscoped().get_latest::<Customer>(message.data.customer_id).await?;
    if lost(&message).is_some() {
        return end(app, &message, customer.as_ref(), true, |message, _| lost(message)).await;
    }
    let link = link(app, &message).await?;
    let goes = goes(app, &message, customer.as_ref()).await?.and_then(|to| Ok((letter(app, &message, &to, link)?, to)));
    let (letter, to) = match goes {
        Ok((letter, to)) => (letter?, to),
        Err(reason) => {
            return end(app, &message, customer.as_ref(), true, |message, _| skip(message, reason).or_else(|| unsure(message, reason))).await;
        }
    };
    if !has_room(app).await? {
        return later(app, received, 1).await;
    }
    let Some(trying) = tried(&message, to, app.clock.now()) else { return Ok(()) };
    // Of two that have the same message one comes too late for this, and looks again; of two of a campaign that go to the same address
    // one is not sent.
    let mut tx = change(&message, &trying);
    if let (Some(campaign), Some(to)) = (message.data.campaign_id, &trying.data.to) {
        tx.claim_address(campaign, message.id, to);
    }
    match app.unscoped().commit(tx).await {
        Err(error) if error.is_refused(&FailedCondition::Taken(ADDRESSED)) => {
            return end(app, &message, customer.as_ref(), true, |message, _| skip(message, SkipReason::Duplicate)).await;
        }
        done => done?,
    }
    let sent = letter.send().await;
    // Of a large campaign some addresses are wrong, which nobody is woken for.
    let rings = !matches!(sent, Err(SendError::Refused(_)));
    let receives = received.receives;
    let is_last = trying.data.attempts >= MAX_ATTEMPTS || receives >= Queue::Messages.tries();
    let (outcome, again) = match sent {
        Ok(provider) => (Outcome::Sent(provider), None),
        Err(SendError::Unwanted) => (Outcome::Unwanted, None),
        Err(SendError::Refused(why)) => (Outcome::Never(why), None),
        Err(error @ SendError::Busy(_)) if receives < Queue::Messages.max_receives() => {
            (Outcome::Busy(error.to_string()), Some(MessagingError(error.to_string()).into()))
        }
        Err(error @ SendError::Failed(_)) if !is_last => (Outcome::Later(error.to_string()), Some(Failure::Sending(error))),
        Err(error) => (Outcome::Never(error.to_string()), None),
    };
    // First, since what is ended is not looked at again.
    if outcome == Outcome::Unwanted {
        app.opt_out(Unsubscribe { customer: message.data.customer_id, channel: message.data.channel }).await?;
    }
    end(app, &message, customer.as_ref(), rings, |message, act| ended(message, act, outcome.clone())).await?;
    again.map_or(Ok(()), Err)
}

/// What was cut off, and would not be sent again: nobody knows whether it was.
fn unsure(message: &Record<Message>, reason: SkipReason) -> Option<Record<Message>> {
    (message.data.status == MessageStatus::Sending).then(|| {
        let mut next = message.clone();
        next.data.status = MessageStatus::Failed;
        next.data.error = Some(format!("a try was cut off, and is not repeated: {reason}"));
        next.derived.trying_since = None;
        next
    })
}

/// Hands a message of the queue back, to be seen after some seconds.
async fn later(app: &App, received: &batch::Message, seconds: i64) -> Result<(), Failure> {
    Ok(app.queues()?.send(Queue::Messages, received.body.clone(), u32::try_from(seconds).unwrap_or_default()).await?)
}

/// How many seconds a message waits for room before it is handed back: with what else a batch has it stays inside the minute that the
/// function has.
const PATIENCE: u32 = 3;

/// Takes a place in a second that has room for one more.
async fn has_room(app: &App) -> Result<bool, Failure> {
    for waited in 0..=PATIENCE {
        let now = app.clock.now();
        match app.unscoped().count_attempt("messages", app.config.messages_per_second, 1, now).await? {
            Room::Counted(_) => return Ok(true),
            Room::Full(_) if waited < PATIENCE => {
                let rest = 1000 - now.millis().rem_euclid(1000);
                tokio::time::sleep(Duration::from_millis(rest.unsigned_abs())).await;
            }
            Room::Full(_) => {}
        }
    }
    Ok(false)
}

/// Ends the campaign of a message where that was the last one.
async fn finish_campaign(app: &App, message: &Record<Message>) -> Result<(), Failure> {
    match message.data.campaign_id {
        Some(campaign) => finish(app, campaign).await,
        None => Ok(()),
    }
}

/// Where a message goes as everything stands now, or why it does not.
async fn goes(app: &App, message: &Record<Message>, customer: Option<&Record<Customer>>) -> Result<Result<Address, SkipReason>, Failure> {
    if let Some(kind) = message.data.kind.template()
        && !words(app, kind).await?.data.enabled
    {
        return Ok(Err(SkipReason::TemplateOff));
    }
    if let Some(campaign) = message.data.campaign_id {
        let campaign = app.unscoped().get_latest::<Campaign>(campaign).await?;
        if campaign.is_some_and(|campaign| campaign.data.status.is_stopped()) {
            return Ok(Err(SkipReason::CampaignCancelled));
        }
    }
    Ok(customer.map_or(Err(SkipReason::Archived), |customer| address(customer, &[message.data.channel])))
}

/// Records what came of a message, where nobody else has; tells of it where it is sent or given up on, and whoever is on call where
/// that `rings`.
async fn end(
    app: &App,
    message: &Record<Message>,
    customer: Option<&Record<Customer>>,
    rings: bool,
    next: impl Fn(&Record<Message>, &domain::event::Act) -> Option<Record<Message>>,
) -> Result<(), Failure> {
    let unknown = || About { label: String::new(), owner: None, team: None };
    let about = customer.map_or_else(unknown, |customer| customer.about());
    let failed = std::sync::atomic::AtomicBool::new(false);
    let recorded = try_decide_on::<Message>(app, message.id, |message| {
        let act = app.act();
        let Some(next) = next(message, &act) else { return Ok(None) };
        failed.store(next.data.status == MessageStatus::Failed, std::sync::atomic::Ordering::Relaxed);
        Ok(Some(change_telling(message, &next, &told(&next, &act, &about))))
    });
    if Box::pin(recorded).await? && failed.into_inner() && rings {
        Metric::Unsent.count("");
    }
    finish_campaign(app, message).await
}

/// What is sent, and through what.
enum Letter {
    Mail(Arc<dyn Mailer>, Mail),
    Text(Arc<dyn Texter>, TextMessage),
}

impl Letter {
    async fn send(&self) -> Result<Option<String>, SendError> {
        match self {
            Self::Mail(mailer, mail) => mailer.mail(mail).await,
            Self::Text(texter, text) => texter.text(text).await,
        }
    }
}

/// Where the recipient of a mail says that no more are wanted; nowhere where nobody knows where the API is. Whoever wants no text messages
/// answers STOP, which the provider keeps.
async fn link(app: &App, message: &Record<Message>) -> Result<Option<String>, Failure> {
    let Some(base) = app.config.api_url.as_ref().filter(|_| message.data.channel == CustomerChannel::Email) else { return Ok(None) };
    let said = Unsubscribe { customer: message.data.customer_id, channel: message.data.channel };
    Ok(Some(format!("{base}{UNSUBSCRIBE}{}", app.unsubscribe_token(said).await?)))
}

/// A message as it is sent. Where what it goes through is off in this deployment, its address leads nowhere.
fn letter(app: &App, message: &Record<Message>, to: &Address, link: Option<String>) -> Result<Result<Letter, Failure>, SkipReason> {
    let (senders, body, to) = (app.senders(), &message.text.body, to.to.clone());
    match message.data.channel {
        CustomerChannel::Email => {
            let mailer = senders.mailer.clone().ok_or(SkipReason::NoAddress)?;
            let subject = message.data.subject.as_ref().map(ToString::to_string).unwrap_or_default();
            let footer = format!("You get this mail as a customer of {}.", app.config.mail_from_name);
            let leave = link.as_ref().map(|link| format!("No more messages: {link}\n")).unwrap_or_default();
            let text = format!("{body}\n\n-- \n{footer}\n{leave}");
            let parts = [("title", &*subject), ("message", body), ("footer", &footer), ("unsubscribe", link.as_deref().unwrap_or_default())];
            Ok(html(parts).map(|html| {
                let mail = Mail { id: message.id.to_string(), to, subject, text, html, unsubscribe: link };
                Letter::Mail(mailer, mail)
            }))
        }
        CustomerChannel::Sms => {
            let texter = senders.texter.clone().ok_or(SkipReason::NoAddress)?;
            Ok(Ok(Letter::Text(texter, TextMessage { to, text: cut(body, LONGEST_TEXT) })))
        }
    }
}
