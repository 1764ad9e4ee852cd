//! Dashboards and the feed: what happened, and how much of it.

pub mod get_dashboard;
pub mod get_own_dashboard;
pub mod list_feed;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![get_dashboard::route(), get_own_dashboard::route(), list_feed::route()]
}
