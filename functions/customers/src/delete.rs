//! `DELETE /customers/{id}`: archives a customer; PATCH with `archived: false` brings it back.

use domain::customer::{self, Customer};
use domain::{CustomerId, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/customers/{id}", "delete_customer")
        .needs(Permission::CustomersDelete)
        .about("Customers", "Archive a customer")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (CustomerId,)>) -> Result<Reached<Customer>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (CustomerId,)>, customer: Reached<Customer>) -> Result<Answer<()>, Rejection> {
    request.archive(customer, |customer, act| Ok(customer::archive(customer, act)?)).await
}
