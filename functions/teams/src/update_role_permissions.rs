//! `PUT /roles/{role}/permissions`: replaces what managers or sales reps may do.

use crate::views::GrantedRole;
use contract::List;
use domain::granting::may_grant;
use domain::permission::{Grant, RoleGrants, replace};
use domain::{Grants, Permission, Record, Refused, Role};
use edge::application::Stand;
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Rejection, Request, Resource, Route};

contract::body! {
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
        .fails(&[Code::RoleFixed])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .uses(&[Resource::Roles])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (Role,)>) -> Result<Stand<RoleGrants>, Rejection> {
    Ok(context.app.well_known(context.path.0).await?)
}

type UpdateRequest = Request<Authorized, (Role,), (), Json<UpdateRolePermissions>>;

async fn handle(request: UpdateRequest, stand: Stand<RoleGrants>) -> Result<Answer<GrantedRole>, Rejection> {
    let (role, wanted) = (request.path.0, &request.body.0.permissions.0);
    if role == Role::Admin {
        return Err(Refused::RoleFixed.into());
    }
    let answer = request
        .decide(stand, |stand, act| {
            may_grant(request.caller(), role, &Grants::held_by(role, stand.record()), wanted)?;
            let Some((next, event)) = replace(role, stand.record(), act, wanted) else { return Ok(Decision::Keep(shown(role, stand.record()))) };
            let mut change = Change::new();
            change.well_known(stand, &next);
            change.event(&event);
            Ok(Decision::Commit(change, shown(role, Some(&next))))
        })
        .await?;
    request.app.note_grants(role, Grants::of(wanted.iter().copied()));
    Ok(answer)
}

fn shown(role: Role, stored: Option<&Record<RoleGrants>>) -> Answer<GrantedRole> {
    let role = GrantedRole::of(role, stored);
    let version = role.version;
    Answer::ok(role).version(version)
}
