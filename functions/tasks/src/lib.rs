//! Tasks: create, list, get, update, move, delete; once or again and again.

pub mod create;
pub mod delete;
mod fields;
pub mod get;
pub mod list;
pub mod set_task_status;
pub mod update;
mod views;

use api::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), set_task_status::route(), delete::route()]
}
