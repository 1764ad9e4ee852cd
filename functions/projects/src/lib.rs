//! Projects and the work logged on them, on customers and on tasks.

mod bodies;
pub mod create;
pub mod create_work_log;
pub mod delete_work_log;
pub mod get;
pub mod list;
pub mod list_work_logs;
pub mod update;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), create_work_log::route(), list_work_logs::route(), delete_work_log::route()]
}
