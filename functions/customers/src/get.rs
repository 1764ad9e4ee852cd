//! `GET /customers/{id}`: one customer with owner, level, counts, latest notes and next follow-up;
//! what belongs to the leads that became it is counted and shown with its own.

use contract::views::CustomerPage;
use domain::customer::Customer;
use domain::level::LevelNames;
use domain::{CustomerId, Overview, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/customers/{id}", "get_customer")
        .needs(Permission::CustomersRead)
        .about("Customers", "Get a customer with counts, latest notes and next follow-up")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

type Found = ((Reached<Customer>, Overview), LevelNames);

async fn load(context: Context<Authorized, (CustomerId,)>) -> Result<Found, Rejection> {
    let names = async { Ok(context.app.level_names().await?) };
    tokio::try_join!(context.page_of::<Customer>(context.path.0), names)
}

async fn handle(_: Request<Authorized, (CustomerId,)>, ((customer, overview), names): Found) -> Result<Answer<CustomerPage>, Rejection> {
    let version = customer.version;
    Ok(Answer::ok(CustomerPage::new(customer.into_record(), overview, &names)).version(version))
}
