//! `GET /follow-ups/{id}`: one follow-up, reached through its assignee or its lead or customer.

use crate::views::FollowUpOut;
use domain::follow_up::FollowUp;
use domain::{FollowUpId, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/follow-ups/{id}", "get_follow_up")
        .needs(Permission::FollowupsRead)
        .about("Follow-ups", "Get a follow-up")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (FollowUpId,)>) -> Result<Reached<FollowUp>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(request: Request<Authorized, (FollowUpId,)>, follow_up: Reached<FollowUp>) -> Result<Answer<FollowUpOut>, Rejection> {
    let version = follow_up.version;
    let shown = FollowUpOut::new(follow_up.into_record(), request.app.clock.now(), &request.app.config.zone);
    Ok(Answer::ok(shown).version(version))
}
