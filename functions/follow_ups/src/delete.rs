//! `DELETE /follow-ups/{id}`: deletes a pending follow-up that was made by mistake.

use domain::follow_up::{self, FollowUp};
use domain::{FollowUpId, Permission};
use edge::{Action, Answer, Authorized, Code, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/follow-ups/{id}", "delete_follow_up")
        .needs(Permission::FollowupsManage)
        .about("Follow-ups", "Delete a pending follow-up")
        .status(204)
        .fails(&[Code::FollowUpTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (FollowUpId,)>) -> Result<Reached<FollowUp>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (FollowUpId,)>, follow_up: Reached<FollowUp>) -> Result<Answer<()>, Rejection> {
    request.delete(follow_up, |follow_up, act| Ok(follow_up::delete(follow_up, act)?)).await
}
