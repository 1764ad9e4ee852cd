//! `PATCH /follow-ups/{id}`: completes, cancels, reschedules or hands over; what is completed or
//! cancelled is final.

use crate::views::FollowUpOut;
use api::fields::set;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::follow_up::{self, FollowUp, FollowUpStatus};
use domain::input::Patch;
use domain::value::Prose;
use domain::{FollowUpId, Owner, Permission, Record, Time, UserId};
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateFollowUp {
        /// PENDING to COMPLETED or CANCELLED.
        pub status: Patch<FollowUpStatus>,
        pub due_at: Patch<Time>,
        pub notes: Patch<Option<Prose>>,
        /// An active user inside reach.
        pub assignee_id: Patch<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/follow-ups/{id}", "update_follow_up")
        .needs(Permission::FollowupsManage)
        .about("Follow-ups", "Change, complete or cancel a follow-up")
        .fails(&[Code::FollowUpTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (FollowUpId,)>) -> Result<Record<FollowUp>, Stop> {
    seen.record(seen.path.0).await
}

type UpdateCall = Call<Scoped, (FollowUpId,), (), Json<UpdateFollowUp>>;

async fn handle(call: UpdateCall, loaded: Record<FollowUp>) -> Result<Answer<FollowUpOut>, Stop> {
    let body = &call.body.0;
    let assignee = match body.assignee_id.value().filter(|id| **id != loaded.data.assignee_id) {
        Some(id) if *id == call.caller().id => Some(Owner::caller(call.caller())),
        Some(id) => Some(call.assignable(*id, call.scope(), "/assigneeId").await?),
        None => None,
    };
    let decide = |follow_up: &Record<FollowUp>, act: &Act| {
        let (mut data, mut text) = (follow_up.data.clone(), follow_up.text.clone());
        set(&mut data.status, &body.status);
        set(&mut data.due_at, &body.due_at);
        set(&mut data.assignee_id, &body.assignee_id);
        set(&mut text.notes, &body.notes);
        let changed = follow_up::update(follow_up, act, data, text, assignee.as_ref());
        let changed = changed.map_err(|refused| Problem::transition(Code::FollowUpTransition, &refused, refused.from.allowed()))?;
        let Some((next, events)) = changed else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        if let Some(assignee) = assignee.as_ref().filter(|assignee| assignee.id != call.caller().id) {
            tx.require_active(assignee.id, "/assigneeId");
        }
        Ok(Some((next, tx)))
    };
    let follow_up = call.change(loaded, Some(call.scope()), decide).await?;
    let version = follow_up.version;
    Ok(Answer::ok(FollowUpOut::whole(follow_up, call.app.clock.now(), &call.app.config.zone)).version(version))
}
