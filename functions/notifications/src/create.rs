//! `POST /notifications`: a person tells another something.

use crate::views::NotificationOut;
use contract::Sent;
use domain::notification::written;
use domain::value::{LongText, Text};
use domain::{Permission, UserId};
use edge::application::Chosen;
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::choice! {
    /// Through what a person can tell another something.
    pub enum WrittenType {
        /// In the application.
        InApp = "IN_APP",
    }
}

contract::body! {
    /// Something to tell somebody.
    pub struct CreateNotification {
        /// An active user inside what the caller sees of users.
        pub recipient_id: UserId,
        pub r#type: WrittenType,
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
            let made = written(act, body.recipient_id, &body.title, body.message.to_string());
            let mut change = Change::new();
            change.create(&made);
            if body.recipient_id != by {
                change.require_active_user(body.recipient_id, "recipientId");
            }
            let version = made.version;
            Ok(Decision::Commit(change, Answer::ok(NotificationOut::new(made.row)).status(202).version(version)))
        })
        .await
}
