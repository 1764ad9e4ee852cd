//! Orders of customers, and the payments and refunds of orders.

pub mod create;
pub mod create_transaction;
pub mod get;
pub mod list;
pub mod list_transactions;
pub mod set_order_status;
mod views;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), set_order_status::route(), create_transaction::route(), list_transactions::route()]
}
