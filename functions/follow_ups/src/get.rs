//! `GET /follow-ups/{id}`: one follow-up, reached through its assignee or its lead or customer.

use crate::views::FollowUpOut;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::follow_up::FollowUp;
use domain::{FollowUpId, Permission, Record};

pub(crate) fn route() -> Route {
    Route::get("/follow-ups/{id}", "get_follow_up")
        .needs(Permission::FollowupsRead)
        .about("Follow-ups", "Get a follow-up")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (FollowUpId,)>) -> Result<Record<FollowUp>, Stop> {
    let follow_up = seen.app.store.get::<FollowUp>(seen.path.0).await?.ok_or_else(Problem::not_found)?;
    if follow_up.inside(&seen.who.scope) || seen.reaches_any(follow_up.party()).await? {
        return Ok(follow_up);
    }
    Err(Problem::not_found().into())
}

async fn handle(call: Call<Scoped, (FollowUpId,)>, follow_up: Record<FollowUp>) -> Result<Answer<FollowUpOut>, Stop> {
    let version = follow_up.version;
    let shown = FollowUpOut::whole(follow_up, call.app.clock.now(), &call.app.config.zone);
    Ok(Answer::ok(shown).version(version))
}
