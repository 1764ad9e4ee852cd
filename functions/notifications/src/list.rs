//! `GET /notifications`: an inbox, newest first, and how much of it is unread.

use crate::views::NotificationOut;
use contract::Show;
use contract::fields::{CursorText, Limit, PersonFilter, limit};
use contract::schema::explained;
use domain::notification::{Channel, Notification, NotificationStatus};
use domain::{Permission, Reach, Row};
use edge::application::NotificationFilter;
use edge::{Action, Authorized, Context, Page, PageOf, Problem, Rejection, Request, Route};
use serde_json::json;

contract::choice! {
    /// Which channels an inbox is read through.
    pub enum NotificationType {
        /// In the application.
        InApp = "IN_APP",
        /// By e-mail.
        Email = "EMAIL",
        /// By text message.
        Sms = "SMS",
        /// On the user's devices.
        Push = "PUSH",
        /// Every channel.
        All = "ALL",
    }
}

impl NotificationType {
    /// The channel; `None` is all of them.
    fn channel(self) -> Option<Channel> {
        match self {
            Self::InApp => Some(Channel::InApp),
            Self::Email => Some(Channel::Email),
            Self::Sms => Some(Channel::Sms),
            Self::Push => Some(Channel::Push),
            Self::All => None,
        }
    }
}

contract::query! {
    /// Whose inbox, and which part of it.
    pub struct ListNotifications {
        /// The id of a user, or `me`, which it is where nobody is named. Somebody else's inbox needs `notifications:read_all`.
        pub recipient_id: Option<PersonFilter>,
        /// Only what was not read in the application, or only the rest.
        pub unread: Option<bool>,
        /// The channel; `IN_APP` where none is given.
        pub r#type: Option<NotificationType>,
        pub status: Option<NotificationStatus>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/notifications", "list_notifications")
        .needs(Permission::NotificationsRead)
        .about("Notifications", "List the notifications of a user")
        .touches(&[Action::Get, Action::Query])
        .meta(&[("unread", |components| explained(i64::schema(components), "How many notifications in the application the user has not read."))])
        .load(load)
        .handle(handle)
}

type Found = (Page<Row<Notification>>, i64);

async fn load(context: Context<Authorized, (), ListNotifications>) -> Result<Found, Rejection> {
    let query = &*context.query;
    let recipient = query.recipient_id.map_or(context.scope().user(), |person| person.person(context.scope()));
    if recipient != context.scope().user() && context.scope().reach() != Reach::All {
        return Err(Problem::forbidden("notifications:read_all").into());
    }
    let channel = query.r#type.unwrap_or(NotificationType::InApp).channel();
    let filter = NotificationFilter { recipient, channel, unread: query.unread, status: query.status };
    let page = context.list(&filter, limit(query.limit));
    let unread = async { Ok(context.app.unread(recipient).await?) };
    tokio::try_join!(page, unread)
}

async fn handle(request: Request<Authorized, (), ListNotifications>, (page, unread): Found) -> Result<PageOf<NotificationOut>, Rejection> {
    let mut page = PageOf::of(page, limit(request.query.limit), NotificationOut::new);
    page.meta.insert("unread".to_owned(), json!(unread));
    Ok(page)
}
