//! Campaigns: a message to every customer of a segment.

mod bodies;
pub mod create;
pub mod execute;
pub mod get;
pub mod list;
pub mod preview;
pub mod update;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), preview::route(), update::route(), execute::route()]
}
