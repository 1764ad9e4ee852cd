//! `DELETE /activities/{id}`: deletes an activity; the date of the last contact follows.

use domain::activity::{self, Activity};
use domain::{ActivityId, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/activities/{id}", "delete_activity")
        .needs(Permission::ActivitiesDelete)
        .about("Activities", "Delete an activity")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

/// One's own, or that of a lead or customer inside a wider reach.
pub(crate) async fn load(context: Context<Authorized, (ActivityId,)>) -> Result<Reached<Activity>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (ActivityId,)>, activity: Reached<Activity>) -> Result<Answer<()>, Rejection> {
    request.delete(activity, |activity, act| Ok(activity::deleted(activity, act, &activity.about()))).await
}
