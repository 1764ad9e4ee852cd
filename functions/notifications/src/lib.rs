//! Notifications: what users are told, and what of it they have read.

pub mod create;
pub mod list;
pub mod read;
pub mod read_all_notifications;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), read_all_notifications::route(), read::route()]
}
