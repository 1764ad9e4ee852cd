//! `GET /customers/{id}`: one customer with owner and level.

use crate::views::CustomerOut;
use api::{Action, Answer, Call, Route, Scoped, Seen, Stop};
use domain::customer::Customer;
use domain::{CustomerId, Permission, Record};

pub(crate) fn route() -> Route {
    Route::get("/customers/{id}", "get_customer")
        .needs(Permission::CustomersRead)
        .about("Customers", "Get a customer")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (CustomerId,)>) -> Result<Record<Customer>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(_: Call<Scoped, (CustomerId,)>, customer: Record<Customer>) -> Result<Answer<CustomerOut>, Stop> {
    let version = customer.version;
    Ok(Answer::ok(CustomerOut::from(customer)).version(version))
}
