//! Messages to customers; and templates: in whose words customers and users are told what, and through what.

pub mod get;
pub mod list;
pub mod list_message_templates;
pub mod retry;
pub mod update_message_template;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![list::route(), get::route(), retry::route(), list_message_templates::route(), update_message_template::route()]
}
