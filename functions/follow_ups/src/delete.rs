//! `DELETE /follow-ups/{id}`: deletes a pending follow-up that was made by mistake.

use api::problem::Code;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::follow_up::{self, FollowUp};
use domain::{FollowUpId, Permission, Record};
use store::{Refusal, Tx};

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

async fn load(seen: Seen<Scoped, (FollowUpId,)>) -> Result<Record<FollowUp>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (FollowUpId,)>, loaded: Record<FollowUp>) -> Result<Answer<()>, Stop> {
    call.remove(loaded, |follow_up, act| {
        let event = follow_up::delete(follow_up, act);
        let event = event.map_err(|refused| Problem::transition(Code::FollowUpTransition, &refused, refused.from.allowed()))?;
        let mut tx = Tx::new();
        tx.delete(follow_up, Refusal::Stale);
        tx.event(&event);
        Ok(tx)
    })
    .await?;
    Ok(Answer::nothing())
}
