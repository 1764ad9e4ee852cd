//! Who leads a project and who works on it: active users inside the caller's reach.

use api::{Call, Problem, Scoped, Stop};
use domain::project::MAX_MEMBERS;
use domain::user::UserStatus;
use domain::{FieldError, Owner, Permission, Scope, UserId};
use futures::future::try_join_all;

/// The most members of a project, for bodies.
pub(crate) const MEMBERS: usize = MAX_MEMBERS;

/// To whom the caller may give projects.
pub(crate) fn scope<P, Q, B>(call: &Call<Scoped, P, Q, B>) -> Option<Scope> {
    call.caller().scope(Permission::ProjectsUpdate)
}

/// The caller, or somebody whose projects the caller may change.
pub(crate) async fn owner<P, Q, B>(call: &Call<Scoped, P, Q, B>, wanted: Option<UserId>) -> Result<Owner, Stop> {
    let caller = call.caller();
    match wanted.filter(|id| *id != caller.id) {
        None => Ok(Owner::caller(caller)),
        Some(id) => {
            let scope = scope(call).ok_or_else(|| Problem::forbidden(Permission::ProjectsUpdate.name()))?;
            call.assignable(id, &scope, "/ownerId").await
        }
    }
}

/// Checks new members; those that are members already may stay whatever became of them.
pub(crate) async fn check<P, Q, B>(call: &Call<Scoped, P, Q, B>, wanted: &[UserId], present: &[UserId]) -> Result<(), Stop> {
    let scope = scope(call);
    let caller = call.caller().id;
    let looked_up = try_join_all(wanted.iter().map(|id| async {
        let known = present.contains(id) || *id == caller;
        if known { Ok::<_, store::Error>(true) } else { Ok(usable(call, *id, scope.as_ref()).await?) }
    }))
    .await?;
    let wrong = looked_up.iter().enumerate().filter(|(_, usable)| !**usable);
    let wrong: Vec<FieldError> =
        wrong.map(|(at, _)| FieldError::new(format!("/memberIds/{at}"), "reference", "must be an active user inside your reach")).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Problem::fields(wrong).into()) }
}

async fn usable<P, Q, B>(call: &Call<Scoped, P, Q, B>, id: UserId, scope: Option<&Scope>) -> Result<bool, store::Error> {
    let auth = call.app.store.auth(id).await?;
    Ok(auth.is_some_and(|auth| auth.status == UserStatus::Active && scope.is_some_and(|scope| scope.covers_person(id, auth.team_id))))
}
