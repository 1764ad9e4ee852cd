//! `GET /roles`: the three roles with what they are granted.

use crate::views::GrantedRole;
use domain::permission::RoleGrants;
use domain::{Permission, Role};
use edge::{Action, Authorized, Context, Page, PageOf, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/roles", "list_roles")
        .needs(Permission::RolesRead)
        .about("Roles and teams", "List roles with their permissions")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<Vec<GrantedRole>, Rejection> {
    let stand = |role| context.app.well_known::<RoleGrants>(role);
    let (manager, rep) = tokio::try_join!(stand(Role::Manager), stand(Role::SalesRep))?;
    let stored = [(Role::Admin, None), (Role::Manager, manager.record()), (Role::SalesRep, rep.record())];
    Ok(stored.map(|(role, stored)| GrantedRole::of(role, stored)).into())
}

async fn handle(_: Request<Authorized>, roles: Vec<GrantedRole>) -> Result<PageOf<GrantedRole>, Rejection> {
    let count = roles.len();
    Ok(PageOf::of(Page { items: roles, ..Page::empty() }, Some(count), |role| role))
}
