//! Dashboards and the feed: what happened, and how much of it.

pub mod list_feed;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![list_feed::route()]
}
