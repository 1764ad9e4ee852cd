//! Customers: create, list, get, update, archive and restore, assign.

pub mod assign;
pub mod create;
pub mod delete;
mod duplicates;
mod fields;
pub mod get;
pub mod list;
pub mod update;
mod views;

use api::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route(), assign::route()]
}
