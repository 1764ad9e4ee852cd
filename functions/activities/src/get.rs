//! `GET /activities/{id}`: one activity, reached through its lead or customer.

use crate::views::ActivityOut;
use domain::activity::Activity;
use domain::{ActivityId, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/activities/{id}", "get_activity")
        .needs(Permission::ActivitiesRead)
        .about("Activities", "Get an activity")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (ActivityId,)>) -> Result<Reached<Activity>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(_: Request<Authorized, (ActivityId,)>, activity: Reached<Activity>) -> Result<Answer<ActivityOut>, Rejection> {
    let version = activity.version;
    Ok(Answer::ok(ActivityOut::new(activity.into_record())).version(version))
}
