//! `PATCH /activities/{id}`: changes the fields that are sent. What follows from it, the date of the
//! last contact, follows within a second.

use crate::bodies::UpdateActivity;
use crate::delete::{check_open, load};
use crate::views::ActivityOut;
use contract::Patch;
use domain::activity::{self, Activity};
use domain::{ActivityId, Permission};
use edge::{Action, Answer, Authorized, Code, Json, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::patch("/activities/{id}", "update_activity")
        .needs(Permission::ActivitiesUpdate)
        .about("Activities", "Change an activity")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
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
