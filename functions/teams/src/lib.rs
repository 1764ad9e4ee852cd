//! Roles, permissions and teams.

use api::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![]
}
