//! Promotions: rules that give customers a discount, and giving them by hand.

pub mod assign;
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
    vec![create::route(), list::route(), get::route(), update::route(), delete::route(), assign::route()]
}
