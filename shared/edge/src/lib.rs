//! The HTTP edge: machinery that knows no lead and no customer.
//!
//! Owns: what a route is (method, path, permission, reach, request and answer types), and a request's
//! way through it: authentication, permission, strict parsing, problem+json, envelope, idempotency,
//! ETags, CORS, limits, the log line. From the declarations come the OpenAPI document, the security
//! matrix, the template's functions and the `cargo lambda watch` router. Does not own: what a route
//! does (`functions/*`), who reaches what and how it is changed (`application`), fields and their
//! schemas (`contract`), nor any key or SDK type (`store`).

pub mod cors;
pub mod lambda;
pub mod openapi;
pub mod problem;
pub mod request;
pub mod route;
pub mod router;

pub use application;
pub use application::{App, Change, Config, Decision, Page, Purpose, Reached, ReachedPage};
pub use problem::{Code, Problem, Rejection};
pub use request::{Answer, Authenticated, Authorized, Context, Json, OptionalJson, PageOf, Request, location};
pub use route::{Access, Action, Resource, Route};
pub use router::{Headers, Router};
