//! Loyalty levels: what they are called, from which score a customer has them, and what customers have of them.

pub mod list_customer_levels;
pub mod update_customer_level;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![list_customer_levels::route(), update_customer_level::route()]
}
