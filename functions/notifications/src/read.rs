//! `PATCH /notifications/{id}/read`: the recipient has read it.

use crate::views::NotificationOut;
use domain::notification::{self, Notification};
use domain::{NotificationId, Permission};
use edge::{Action, Answer, Authorized, Code, Context, Problem, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::patch("/notifications/{id}/read", "read_notification")
        .needs(Permission::NotificationsRead)
        .about("Notifications", "Mark one's own notification as read")
        .touches(&[Action::Get, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (NotificationId,)>) -> Result<Reached<Notification>, Rejection> {
    match context.app.own_notification(context.scope(), context.path.0).await {
        Err(edge::application::Error::Forbidden(_)) => {
            Err(Problem::new(Code::Forbidden, "Nobody but its recipient marks a notification as read").into())
        }
        found => Ok(found?),
    }
}

async fn handle(request: Request<Authorized, (NotificationId,)>, found: Reached<Notification>) -> Result<Answer<NotificationOut>, Rejection> {
    let decide = |notification: &Reached<Notification>, act: &_| Ok(notification::read(notification, act).map(|next| (next, Vec::new())));
    request.change(found, decide, |_| (), |notification| NotificationOut::new(notification.row)).await
}
