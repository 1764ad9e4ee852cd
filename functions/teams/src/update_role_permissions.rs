//! `PUT /roles/{role}/permissions`: replaces what managers or sales reps may do.

use crate::views::RoleOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::input::List;
use domain::permission::{Grant, RoleGrants, replace};
use domain::{Grants, Permission, Record, Role};
use store::{Refusal, Tx};

/// How often it is decided anew when another administrator was faster.
const ATTEMPTS: usize = 40;

domain::body! {
    /// What the role is granted.
    pub struct UpdateRolePermissions {
        /// Names as in GET /permissions; a name given twice counts once.
        pub permissions: List<Grant, 500>,
    }
}

pub(crate) fn route() -> Route {
    Route::put("/roles/{role}/permissions", "update_role_permissions")
        .needs(Permission::RolesUpdate)
        .about("Roles and teams", "Replace the permissions of a role")
        .fails(&[Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (Role,)>) -> Result<Option<Record<RoleGrants>>, Stop> {
    Ok(seen.app.store.get_latest::<RoleGrants>(seen.path.0).await?)
}

type UpdateCall = Call<Scoped, (Role,), (), Json<UpdateRolePermissions>>;

async fn handle(call: UpdateCall, mut stored: Option<Record<RoleGrants>>) -> Result<Answer<RoleOut>, Stop> {
    let (role, store) = (call.path.0, &call.app.store);
    if role == Role::Admin {
        return Err(Problem::new(Code::LimitReached, "Administrators hold everything; this cannot be changed").into());
    }
    for _ in 0..ATTEMPTS {
        call.check_version(stored.as_ref().map_or(0, |record| record.version))?;
        let Some((next, event)) = replace(role, stored.as_ref(), &call.act(), &call.body.0.permissions.0) else {
            return Ok(shown(role, stored.as_ref()));
        };
        let mut tx = Tx::new();
        match &stored {
            Some(record) => tx.update(record, &next),
            None => tx.create(&next),
        }
        tx.event(&event);
        match store.commit(tx).await {
            Ok(()) => {
                call.app.note_grants(role, Grants::held_by(role, Some(&next)));
                return Ok(shown(role, Some(&next)));
            }
            Err(error) if error.is_refused(&Refusal::Stale) || error.is_refused(&Refusal::Exists) => {
                stored = store.get_latest::<RoleGrants>(role).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the role kept changing").into())
}

fn shown(role: Role, stored: Option<&Record<RoleGrants>>) -> Answer<RoleOut> {
    let role = RoleOut::of(role, stored);
    let version = role.version;
    Answer::ok(role).version(version)
}
