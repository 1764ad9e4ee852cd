//! Users: registration, profiles, disabling.

mod account;
pub mod create;
pub mod delete;
mod fields;
pub mod get;
pub mod list;
pub mod update;

use api::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route()]
}
