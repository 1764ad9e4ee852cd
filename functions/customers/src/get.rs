//! `GET /customers/{id}`: one customer with owner, level, counts, latest notes and next follow-up;
//! what belongs to the leads that became it is counted and shown with its own.

use api::views::CustomerPage;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::customer::Customer;
use domain::{CustomerId, Entity, Permission, Record};
use store::Overview;

pub(crate) fn route() -> Route {
    Route::get("/customers/{id}", "get_customer")
        .needs(Permission::CustomersRead)
        .about("Customers", "Get a customer with counts, latest notes and next follow-up")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (CustomerId,)>) -> Result<(Record<Customer>, Overview), Stop> {
    let (store, id) = (&seen.app.store, seen.path.0);
    let (customer, overview) = tokio::try_join!(store.get::<Customer>(id), store.overview(Customer::KIND, id))?;
    let customer = customer.filter(|customer| customer.inside(&seen.who.scope)).ok_or_else(Problem::not_found)?;
    let overview = store.customer_overview(overview, &customer).await?;
    Ok((customer, overview))
}

async fn handle(_: Call<Scoped, (CustomerId,)>, (customer, overview): (Record<Customer>, Overview)) -> Result<Answer<CustomerPage>, Stop> {
    let version = customer.version;
    Ok(Answer::ok(CustomerPage::new(customer, overview)).version(version))
}
