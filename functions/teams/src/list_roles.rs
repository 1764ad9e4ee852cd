//! `GET /roles`: the three roles with what they are granted.

use crate::views::RoleOut;
use api::call::PageOf;
use api::{Action, Call, Route, Scoped, Seen, Stop};
use domain::permission::RoleGrants;
use domain::{Permission, Role};
use store::Page;

pub(crate) fn route() -> Route {
    Route::get("/roles", "list_roles")
        .needs(Permission::RolesRead)
        .about("Roles and teams", "List roles with their permissions")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped>) -> Result<Vec<RoleOut>, Stop> {
    let store = &seen.app.store;
    let (manager, rep) = tokio::try_join!(store.get_latest::<RoleGrants>(Role::Manager), store.get_latest::<RoleGrants>(Role::SalesRep))?;
    let stored = [(Role::Admin, None), (Role::Manager, manager), (Role::SalesRep, rep)];
    Ok(stored.map(|(role, stored)| RoleOut::of(role, stored.as_ref())).into())
}

async fn handle(_: Call<Scoped>, roles: Vec<RoleOut>) -> Result<PageOf<RoleOut>, Stop> {
    let count = roles.len();
    Ok(PageOf::of(Page { items: roles, next: None }, Some(count), |role| role))
}
