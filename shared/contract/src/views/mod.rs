//! Answers that functions of more than one resource give.

mod customers;
mod leads;
pub mod overview;
mod promotions;
mod tasks;
mod users;

pub use customers::{CustomerOut, CustomerPage, CustomerRow};
pub use leads::{LeadOut, LeadPage, LeadRow};
pub use promotions::HeldPromotion;
pub use users::{NamedUser, UserOut, UserRow};
