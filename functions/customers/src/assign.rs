//! `PATCH /customers/{id}/assign`: another owner, or none.

use contract::Patch;
use contract::views::CustomerPage;
use domain::customer::{self, Customer};
use domain::{CustomerId, Permission, Refused, UserId};
use edge::{Action, Answer, Authorized, Context, Json, Reached, ReachedPage, Rejection, Request, Route};

contract::body! {
    /// The new owner.
    pub struct AssignCustomer {
        /// An active user inside reach, or null for the pool. Required.
        pub owner_id: Patch<Option<UserId>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/customers/{id}/assign", "assign_customer")
        .needs(Permission::CustomersAssign)
        .about("Customers", "Give a customer to another owner")
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (CustomerId,)>) -> Result<ReachedPage<Customer>, Rejection> {
    context.open_page(context.path.0).await
}

async fn handle(
    request: Request<Authorized, (CustomerId,), (), Json<AssignCustomer>>,
    page: ReachedPage<Customer>,
) -> Result<Answer<CustomerPage>, Rejection> {
    let Patch::Set(wanted) = request.body.0.owner_id else {
        return Err(Refused::field("ownerId", "required", "is required; null gives the customer to nobody").into());
    };
    let caller = request.caller();
    let owner = match wanted {
        Some(id) => Some(request.app.assignable(caller, id, request.scope(), "ownerId").await?),
        None => None,
    };
    let decide = |customer: &Reached<Customer>, act: &_| Ok(customer::assign(customer, act, owner.as_ref()));
    request
        .change_page(page, decide, |change| owner.iter().for_each(|owner| change.require_active_user(owner.id, "ownerId")), CustomerPage::new)
        .await
}
