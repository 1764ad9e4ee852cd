//! Roles, permissions and teams.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod list_permissions;
pub mod list_roles;
pub mod update;
pub mod update_role_permissions;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        list_roles::route(),
        list_permissions::route(),
        update_role_permissions::route(),
        create::route(),
        list::route(),
        get::route(),
        update::route(),
        delete::route(),
    ]
}
