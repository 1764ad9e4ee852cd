//! Health, the OpenAPI document and the documentation page.

use api::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![]
}
