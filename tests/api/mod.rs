//! The API as a client meets it.

mod openapi;
mod wrong_fields;
