//! `PATCH /follow-ups/{id}`: completes, cancels, reschedules or hands over; what is completed or
//! cancelled is final.

use crate::bodies::UpdateFollowUp;
use crate::views::FollowUpOut;
use contract::{Sent, other_than};
use domain::follow_up::{self, FollowUp};
use domain::{FollowUpId, Permission};
use edge::application::Chosen;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/follow-ups/{id}", "update_follow_up")
        .needs(Permission::FollowupsManage)
        .about("Follow-ups", "Change, complete or cancel a follow-up")
        .fails(&[Code::FollowUpTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Reached<FollowUp>, Option<Chosen>);

async fn load(context: Context<Authorized, (FollowUpId,)>, sent: Arc<Sent<UpdateFollowUp>>) -> Result<Found, Rejection> {
    let follow_up: Reached<FollowUp> = context.open(context.path.0).await?;
    let assignee = context.chosen(other_than(sent.assignee_id.as_ref(), follow_up.data.assignee_id), "assigneeId").await?;
    Ok((follow_up, assignee))
}

type UpdateRequest = Request<Authorized, (FollowUpId,), (), Json<UpdateFollowUp>>;

async fn handle(request: UpdateRequest, (follow_up, assignee): Found) -> Result<Answer<FollowUpOut>, Rejection> {
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    let assignee = assignee.map(|assignee| assignee.owner(caller));
    let decide = |follow_up: &Reached<FollowUp>, act: &_| {
        let (mut data, mut text) = (follow_up.data.clone(), follow_up.text.clone());
        body.apply(&mut data, &mut text);
        body.status.clone().apply(&mut data.status);
        body.assignee_id.clone().apply(&mut data.assignee_id);
        Ok(follow_up::update(follow_up, act, data, text, assignee.as_ref())?)
    };
    let active = |change: &mut Change| change.require_active(assignee.as_ref(), caller.id, "assigneeId");
    request.change(follow_up, decide, active, |follow_up| FollowUpOut::new(follow_up, request.app.clock.now(), zone)).await
}
