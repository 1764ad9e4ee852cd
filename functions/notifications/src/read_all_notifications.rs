//! `PATCH /notifications/all/read`: the caller has read all of the inbox.

use crate::views::ReadAll;
use domain::Permission;
use edge::{Action, Answer, Authorized, Context, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::patch("/notifications/all/read", "read_all_notifications")
        .needs(Permission::NotificationsRead)
        .about("Notifications", "Mark all of one's own notifications as read")
        .touches(&[Action::Get, Action::Query, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(_: Context<Authorized>) -> Result<(), Rejection> {
    Ok(())
}

async fn handle(request: Request<Authorized>, (): ()) -> Result<Answer<ReadAll>, Rejection> {
    let updated = request.app.read_all(request.scope()).await?;
    Ok(Answer::ok(ReadAll { updated }))
}
