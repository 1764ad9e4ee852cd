//! Health, the OpenAPI document and the documentation page.
//!
//! Owns: what can be said without signing in, and what a path without a route answers where each
//! route is a function of its own. Does not own: the OpenAPI document's content, which is generated.

pub mod health;
pub mod openapi;
pub mod page;
pub mod problems;
pub mod ready;
mod stored;
pub mod unknown;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![health::route(), ready::route(), openapi::route(), page::route()]
}
