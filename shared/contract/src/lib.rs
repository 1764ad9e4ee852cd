//! What crosses the edge as text.
//!
//! Owns: how a body and a query become values that are valid, with every wrong field named at once;
//! what is sent out; the schemas of both. Does not own: HTTP, who may send it, and what it means.

// The macros of this crate name it by its own name, also inside it.
extern crate self as contract;

#[doc(hidden)]
pub use {domain, serde, serde_json};

pub mod example;
pub mod fields;
mod known;
mod macros;
mod parse;
mod query;
pub mod schema;
mod show;
pub mod values;
pub mod views;

pub use parse::{Body, Errors, FieldError, Int, List, Nullable, Parse, Patch, Sent, camel, field, object, other_than};
pub use query::{Ignored, Parameter, Query, parameter, unknown_parameters};
pub use schema::Components;
/// A JSON value, named here so that the macros need no import.
pub use serde_json::Value as Json;
pub use show::Show;
