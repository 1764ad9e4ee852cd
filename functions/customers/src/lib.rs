//! Customers: create, list, get, update, archive and restore, assign, notes.

pub mod assign;
mod bodies;
pub mod create;
pub mod create_note;
pub mod delete;
pub mod get;
pub mod list;
pub mod list_held_promotions;
pub mod update;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        create::route(),
        list::route(),
        get::route(),
        update::route(),
        delete::route(),
        assign::route(),
        create_note::route(),
        list_held_promotions::route(),
    ]
}
