//! Tasks: create, list, get, update, move, delete; once or again and again.

mod bodies;
pub mod create;
pub mod delete;
pub mod get;
mod links;
pub mod list;
pub mod set_task_status;
pub mod update;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), set_task_status::route(), delete::route()]
}
