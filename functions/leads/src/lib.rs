//! Leads: create, list, get, update, archive and restore, delete for good, assign, move, convert.

pub mod assign;
mod bodies;
pub mod convert;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod set_lead_status;
pub mod update;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route(), assign::route(), set_lead_status::route(), convert::route()]
}
