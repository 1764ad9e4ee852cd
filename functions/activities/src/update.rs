//! `PATCH /activities/{id}`: changes the fields that are sent. What follows from it, the date of the
//! last contact, follows within a second.

use crate::bodies::UpdateActivity;
use crate::delete::check_open;
use crate::views::ActivityOut;
use contract::{Patch, Sent};
use domain::activity::{self, Activity};
use domain::{ActivityId, Permission, Refused};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/activities/{id}", "update_activity")
        .needs(Permission::ActivitiesUpdate)
        .about("Activities", "Change an activity")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (ActivityId,)>, sent: Arc<Sent<UpdateActivity>>) -> Result<Reached<Activity>, Rejection> {
    let activity: Reached<Activity> = context.open(context.path.0).await?;
    let (data, present) = (&activity.data, activity.text.body.as_ref());
    let kind = sent.r#type.as_ref().map(|kind| kind.over(&data.kind));
    let body = sent.body.as_ref().map(|body| body.value().map_or(present, Option::as_ref));
    let occurred_at = sent.occurred_at.as_ref().map(|at| at.over(&data.occurred_at));
    Refused::any(activity::faults(kind, body, occurred_at, context.app.clock.now()))?;
    Ok(activity)
}

type UpdateRequest = Request<Authorized, (ActivityId,), (), Json<UpdateActivity>>;

async fn handle(request: UpdateRequest, activity: Reached<Activity>) -> Result<Answer<ActivityOut>, Rejection> {
    let body = &request.body.0;
    let decide = |activity: &Reached<Activity>, act: &_| {
        check_open(activity)?;
        let (mut data, mut text) = (activity.data.clone(), activity.text.clone());
        body.apply(&mut data, &mut text);
        body.r#type.clone().apply(&mut data.kind);
        if let Patch::Set(minutes) = &body.duration_min {
            data.duration_min = minutes.map(|minutes| minutes.0);
        }
        Ok(activity::update(activity, act, &activity.about(), data, text)?)
    };
    request.change(activity, decide, |_| {}, ActivityOut::new).await
}
