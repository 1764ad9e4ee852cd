//! `GET /activities/{id}`: one activity, reached through its lead or customer.

use crate::find;
use crate::views::ActivityOut;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::activity::Activity;
use domain::{ActivityId, Permission, Record};

pub(crate) fn route() -> Route {
    Route::get("/activities/{id}", "get_activity")
        .needs(Permission::ActivitiesRead)
        .about("Activities", "Get an activity")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (ActivityId,)>) -> Result<Record<Activity>, Stop> {
    let (activity, party) = find(&seen).await?;
    if party.inside(&seen.who.scope) { Ok(activity) } else { Err(Problem::not_found().into()) }
}

async fn handle(_: Call<Scoped, (ActivityId,)>, activity: Record<Activity>) -> Result<Answer<ActivityOut>, Stop> {
    let version = activity.version;
    Ok(Answer::ok(ActivityOut::from(activity)).version(version))
}
