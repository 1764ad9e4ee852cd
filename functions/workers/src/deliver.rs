//! Sending a notification: the try is recorded, then it is sent, then what came of it is recorded. Whoever dies between the
//! last two sends it once more: one duplicate at most for each death, with the same message id, and never none.

use crate::automation::id;
use crate::failure::Failure;
use crate::work::{change, change_telling, decide_on};
use application::{App, Config};
use domain::event::{EntityType, Envelope};
use domain::message::LONGEST_TEXT;
use domain::message_template::page;
use domain::notification::{Channel, Notification, NotificationStatus, Outcome, ended, tried};
use domain::user::{EmailStatus, User, UserStatus};
use domain::value::cut;
use domain::{NotificationId, Record};
use messaging::{Mail, Mailer, MessagingError, Push, Pusher, Queue, SendError, TextMessage, Texter};
use std::sync::Arc;

/// Sends the notification that an event tells of, in a message that was received so often. What cannot be sent is failed at once,
/// and what may pass is once its message was tried as often as there is sense in it; that one is parked as well.
pub(crate) async fn deliver(app: &App, receives: u32, event: &Envelope) -> Result<(), Failure> {
    let id: NotificationId = id(&event.entity)?;
    let Some(notification) = app.unscoped().get_latest::<Notification>(id).await? else { return Ok(()) };
    let Some(next) = tried(&notification) else { return Ok(()) };
    let recipient = app.unscoped().get_latest::<User>(notification.data.recipient_id).await?;
    let letter = match letter(app, &notification, recipient)? {
        Ok(letter) => letter,
        Err(why) => return end(app, id, Outcome::Skipped(why)).await,
    };
    // Of two that have the same message one comes too late for this, and looks again.
    app.unscoped().commit(change(&notification, &next)).await?;
    match letter.send().await {
        Ok(_) => end(app, id, Outcome::Sent).await,
        Err(error @ (SendError::Refused(_) | SendError::Unwanted)) => {
            let why = if let SendError::Refused(why) = error { why } else { error.to_string() };
            end(app, id, Outcome::Failed(why)).await
        }
        Err(error) => {
            let busy = matches!(error, SendError::Busy(_));
            let tries = if busy { Queue::Notifications.max_receives() } else { Queue::Notifications.tries() };
            if receives >= tries {
                end(app, id, Outcome::Failed(error.to_string())).await?;
                return Err(Failure::Unsent(error.to_string()));
            }
            Err(if busy { MessagingError(error.to_string()).into() } else { Failure::Sending(error) })
        }
    }
}

/// Records what came of it, where nobody else has.
async fn end(app: &App, id: NotificationId, outcome: Outcome) -> Result<(), Failure> {
    let failed = matches!(outcome, Outcome::Failed(_));
    decide_on::<Notification>(app, id, |notification| {
        (notification.data.status == NotificationStatus::Queued || failed).then(|| {
            let (next, event) = ended(notification, &app.act(), outcome.clone());
            change_telling(notification, &next, &event)
        })
    })
    .await?;
    if failed {
        application::metric::Metric::Unsent.count("");
    }
    Ok(())
}

/// The longest push, characters: devices' services take 4 KB with everything around it.
const LONGEST_PUSH: usize = 600;

/// What is sent, and through what.
enum Letter {
    Mail(Arc<dyn Mailer>, Mail),
    Text(Arc<dyn Texter>, TextMessage),
    /// To each device of the recipient.
    Push(Arc<dyn Pusher>, Vec<Push>),
}

impl Letter {
    async fn send(&self) -> Result<Option<String>, SendError> {
        match self {
            Self::Mail(mailer, mail) => mailer.mail(mail).await,
            Self::Text(texter, text) => texter.text(text).await,
            Self::Push(pusher, pushes) => {
                // Whoever was reached on one device was told; devices that are gone are no fault.
                let (mut reached, mut outcome) = (None, Ok(None));
                for push in pushes {
                    match pusher.push(push).await {
                        Ok(id) => reached = Some(id),
                        // One that may be reached later is worth another try.
                        Err(error) if matches!(outcome, Ok(_) | Err(SendError::Refused(_))) => outcome = Err(error),
                        Err(_) => {}
                    }
                }
                reached.map_or(outcome, Ok)
            }
        }
    }
}

/// A notification as it is sent to its recipient; else why it is not.
fn letter(app: &App, notification: &Record<Notification>, recipient: Option<Record<User>>) -> Result<Result<Letter, String>, Failure> {
    let Some(user) = recipient.filter(|user| user.data.status == UserStatus::Active) else {
        return Ok(Err("the recipient is disabled".to_owned()));
    };
    let (data, senders, config) = (&notification.data, app.senders(), &app.config);
    let link = data.entity_type.zip(data.entity_id.as_deref()).and_then(|(kind, id)| link(config, kind, id));
    let (title, message) = (data.title.to_string(), data.message.clone());
    let off = |what: &str| Err(format!("{what} are off in this deployment"));
    Ok(match data.channel {
        Channel::InApp => Err("it is in the application".to_owned()),
        Channel::Email => match (&senders.mailer, user.derived.email_status) {
            (_, Some(EmailStatus::Bounced)) => Err("mails to the address came back".to_owned()),
            (_, Some(EmailStatus::Complained)) => Err("the recipient reported mails as spam".to_owned()),
            (None, _) => off("mails"),
            (Some(mailer), _) => {
                let (text, html) = bodies(config, &user.data.name(), &title, &message, link)?;
                let mail = Mail { id: notification.id.to_string(), to: user.data.email.to_string(), subject: title, text, html, unsubscribe: None };
                Ok(Letter::Mail(mailer.clone(), mail))
            }
        },
        Channel::Sms => match (&senders.texter, &user.data.phone) {
            (_, None) => Err("the recipient has no phone number".to_owned()),
            (None, _) => off("text messages"),
            (Some(texter), Some(phone)) => {
                let rest = link.map(|link| format!(" {link}")).unwrap_or_default();
                let text = format!("{}{rest}", cut(&message, LONGEST_TEXT.saturating_sub(rest.chars().count())));
                Ok(Letter::Text(texter.clone(), TextMessage { to: phone.to_string(), text }))
            }
        },
        Channel::Push => match (&senders.pusher, &user.text.push_tokens) {
            (_, tokens) if tokens.is_empty() => Err("the recipient has no device".to_owned()),
            (None, _) => off("pushes"),
            (Some(pusher), tokens) => {
                let push = |token: &String| Push { token: token.clone(), title: title.clone(), text: cut(&message, LONGEST_PUSH) };
                Ok(Letter::Push(pusher.clone(), tokens.iter().map(push).collect()))
            }
        },
    })
}

/// Where a record is opened; `None` where the deployment has no application for that, or the application no page.
pub(crate) fn link(config: &Config, kind: EntityType, id: &str) -> Option<String> {
    let base = config.app_url.as_ref()?;
    Some(match kind {
        EntityType::Lead => format!("{base}/leads/{id}"),
        EntityType::Customer => format!("{base}/customers/{id}"),
        EntityType::Task => format!("{base}/tasks/{id}"),
        EntityType::FollowUp => format!("{base}/follow-ups/{id}"),
        EntityType::Project => format!("{base}/projects/{id}"),
        // Whoever was registered signs in there.
        EntityType::User => base.clone(),
        _ => return None,
    })
}

/// The page around what a mail says.
const PAGE: &str = include_str!("mail.html");

/// A mail as plain text and as HTML.
fn bodies(config: &Config, name: &str, title: &str, message: &str, link: Option<String>) -> Result<(String, String), Failure> {
    let from = &config.mail_from_name;
    let footer = format!("You get this mail as you have an account at {from}. What you are told by mail you choose in your profile.");
    let opens = link.as_ref().map(|link| format!("Open it: {link}\n\n")).unwrap_or_default();
    let text = format!("Hello {name},\n\n{message}\n\n{opens}-- \n{footer}\n");
    let html = html([("title", title), ("name", name), ("message", message), ("footer", &footer), ("link", link.as_deref().unwrap_or_default())])?;
    Ok((text, html))
}

/// A mail as HTML: `title`, `message` and `footer`, and where they are given `name`, `link` and `unsubscribe`.
pub(crate) fn html<const N: usize>(parts: [(&'static str, &str); N]) -> Result<String, Failure> {
    let without = [("name", ""), ("link", ""), ("unsubscribe", "")];
    page(PAGE, without.into_iter().chain(parts)).map_err(|cause| Failure::Nonsense(format!("the page of a mail cannot be made: {cause}")))
}
