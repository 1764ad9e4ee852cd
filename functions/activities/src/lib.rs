//! Activities: communications and notes about leads and customers.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;
mod views;

use api::{Party, Problem, Route, Scoped, Seen, Stop};
use domain::activity::Activity;
use domain::{ActivityId, Reach, Record, Scope};

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route()]
}

/// An activity with its lead or customer.
pub(crate) type Found = (Record<Activity>, Party);

/// The activity of the path with its lead or customer as both are now.
pub(crate) async fn find(seen: &Seen<Scoped, (ActivityId,)>) -> Result<Found, Stop> {
    let store = &seen.app.store;
    let activity = store.get::<Activity>(seen.path.0).await?.ok_or_else(Problem::not_found)?;
    let party = match activity.party() {
        Some(id) => Party::find(store, id).await?,
        None => None,
    };
    Ok((activity, party.ok_or_else(Problem::not_found)?))
}

/// For changing it: one's own, or that of a lead or customer inside a wider reach.
pub(crate) async fn changeable(seen: Seen<Scoped, (ActivityId,)>) -> Result<Found, Stop> {
    let (activity, party) = find(&seen).await?;
    let scope = &seen.who.scope;
    let inside = activity.created_by == Some(scope.user) || (scope.reach != Reach::Own && party.inside(scope));
    if inside { Ok((activity, party)) } else { Err(Problem::not_found().into()) }
}

/// Everything, for a record whose standing was checked at its parent.
pub(crate) fn checked(scope: &Scope) -> Scope {
    Scope { reach: Reach::All, ..scope.clone() }
}
