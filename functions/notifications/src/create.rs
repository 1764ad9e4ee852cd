//! `POST /notifications`: a person tells another something.

use crate::views::NotificationOut;
use contract::Sent;
use domain::notification::{Channel, Telling, queued, told};
use domain::value::{LongText, Text};
use domain::{Permission, UserId};
use edge::application::Chosen;
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// Something to tell somebody.
    pub struct CreateNotification {
        /// An active user inside what the caller sees of users.
        pub recipient_id: UserId,
        /// In the application it is there at once; the others are queued, and what came of them is seen in GET /notifications.
        pub r#type: Channel,
        pub title: Text<200>,
        pub message: LongText<4000>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/notifications", "create_notification")
        .needs(Permission::NotificationsCreate)
        .about("Notifications", "Tell a user something")
        .status(202)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateNotification>>) -> Result<Option<Chosen>, Rejection> {
    let Some(recipient) = sent.recipient_id else { return Ok(None) };
    let scope = context.scope_of(Permission::UsersRead).ok_or(edge::application::Error::Forbidden(Permission::UsersRead))?;
    Ok(Some(context.app.assignable(context.caller(), recipient, &scope, "recipientId").await?))
}

async fn handle(request: Request<Authorized, (), (), Json<CreateNotification>>, _: Option<Chosen>) -> Result<Answer<NotificationOut>, Rejection> {
    let body = &request.body.0;
    let by = request.caller().id;
    request
        .decide((), |(), act| {
            let (title, message) = (body.title.clone(), body.message.to_string());
            let made = told(act, act.id(), body.r#type, &Telling { recipient: body.recipient_id, event: None, title, message, about: None });
            let mut change = Change::new();
            change.create(&made);
            if let Some(event) = queued(&made, act) {
                change.event(&event);
            }
            if body.recipient_id != by {
                change.require_active_user(body.recipient_id, "recipientId");
            }
            let version = made.version;
            Ok(Decision::Commit(change, Answer::ok(NotificationOut::new(made.row)).status(202).version(version)))
        })
        .await
}
