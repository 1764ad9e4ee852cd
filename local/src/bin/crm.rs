//! The embedded CRM.
fn main() {}
