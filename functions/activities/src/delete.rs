//! `DELETE /activities/{id}`: deletes an activity; the date of the last contact follows.

use domain::activity::{self, Activity};
use domain::{ActivityId, Party, Permission, Refused};
use edge::{Action, Answer, Authorized, Code, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/activities/{id}", "delete_activity")
        .needs(Permission::ActivitiesDelete)
        .about("Activities", "Delete an activity")
        .status(204)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

/// One's own, or that of a lead or customer inside a wider reach.
pub(crate) async fn load(context: Context<Authorized, (ActivityId,)>) -> Result<Reached<Activity>, Rejection> {
    context.open(context.path.0).await
}

/// What was said to a lead that became a customer stays as it is.
pub(crate) fn check_open(activity: &Reached<Activity>) -> Result<(), Refused> {
    activity.party().map_or(Ok(()), Party::check_open)
}

async fn handle(request: Request<Authorized, (ActivityId,)>, activity: Reached<Activity>) -> Result<Answer<()>, Rejection> {
    request
        .delete(activity, |activity, act| {
            check_open(activity)?;
            Ok(activity::deleted(activity, act, &activity.about()))
        })
        .await
}
