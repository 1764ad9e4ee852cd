//! The HTTP edge.
//!
//! Owns: what a route is (method, path, permission, reach, request and answer types), and a
//! request's way through it: authentication, permission, strict parsing, problem+json, envelope,
//! idempotency, ETags, CORS, limits, the log line. From the declarations come the OpenAPI document,
//! the security matrix, the template's functions and the `cargo lambda watch` router. Does not own:
//! what a route does (`functions/*`) nor any key or SDK type (`store`).

pub mod app;
pub mod call;
pub mod clock;
pub mod config;
pub mod cors;
pub mod duplicates;
pub mod edge;
pub mod fields;
mod grants;
pub mod lambda;
pub mod log;
pub mod openapi;
pub mod party;
pub mod problem;
pub mod route;
pub mod tokens;
pub mod views;

pub use app::App;
pub use call::{Answer, Call, Json, Maybe, PageOf, Scoped, Seen, Signed, location};
pub use config::Config;
pub use edge::{Headers, Router};
pub use party::Party;
pub use problem::{Code, Problem, Stop};
pub use route::{Access, Action, Resource, Route};
