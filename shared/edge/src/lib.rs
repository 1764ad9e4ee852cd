//! The HTTP edge: machinery that knows no lead and no customer.
//!
//! Owns: what a route is (method, path, permission, reach, request and answer types), and a request's
//! way through it: authentication, permission, strict parsing, problem+json, envelope, idempotency,
//! ETags, CORS, limits, the log line. From the declarations come the OpenAPI document, the security
//! matrix, the template's functions and the `cargo lambda watch` router. Does not own: what a route
//! does (`functions/*`), who reaches what and how it is changed (`application`), fields and their
//! schemas (`contract`), nor any key or SDK type (`store`).
//!
//! Its modules use each other one way, down this list: `lambda`, `router` and `openapi`, which work on
//! declared routes; `route`, the declaration; `pipeline`, which is what a declared route does with a
//! request; `request`, what loaders and handlers are given; `answer`, `parts`, `identity` and `headers`, what
//! that is made of; `unchanged`; `problem`.

pub mod answer;
pub mod cors;
pub mod headers;
pub mod identity;
pub mod lambda;
pub mod openapi;
pub mod parts;
pub mod pipeline;
pub mod problem;
pub mod request;
pub mod route;
pub mod router;
mod unchanged;

pub use answer::{Answer, BASE, PageOf, location};
pub use application;
pub use application::{App, Change, Config, Decision, Page, Purpose, Reached, ReachedPage};
pub use headers::Headers;
pub use identity::{Access, Authenticated, Authorized};
pub use parts::{Json, OptionalJson};
pub use problem::{Code, Problem, Rejection};
pub use request::{Context, Request};
pub use route::{Action, Resource, Route};
pub use router::{DEADLINE_SECONDS, Router};
