//! Customers, 1 → 2: who has a birthday stands in the partition of its day.
//!
//! No field changes. Until then no index had birthdays, and what an index has of a record follows when the record is written whole,
//! which is what bringing it into another shape does. Until it is done, whoever was not changed since is not congratulated.

use super::{Fields, Migration, unchanged};
use domain::Entity;
use domain::customer::Customer;

/// The migration.
pub const CUSTOMER_BIRTHDAY: Migration = Migration {
    name: "customer-birthday",
    about: "Customers are found by the day of their birthday",
    kinds: &[Customer::KIND],
    from: 1,
    to: 2,
    short,
    long: unchanged,
};

fn short(_: &mut Fields, _: &mut Fields) -> Result<(), &'static str> {
    Ok(())
}
