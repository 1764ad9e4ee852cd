//! Activities: communications and notes about leads and customers.

mod bodies;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route()]
}
