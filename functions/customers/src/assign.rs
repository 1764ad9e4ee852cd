//! `PATCH /customers/{id}/assign`: another owner, or none.

use contract::views::CustomerPage;
use contract::{Nullable, Sent};
use domain::customer::{self, Customer};
use domain::level::LevelNames;
use domain::{CustomerId, Permission, UserId};
use edge::application::Chosen;
use edge::{Action, Answer, Authorized, Change, Context, Json, Reached, ReachedPage, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// The new owner.
    pub struct AssignCustomer {
        /// An active user inside reach, or null for the pool.
        pub owner_id: Nullable<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/customers/{id}/assign", "assign_customer")
        .needs(Permission::CustomersAssign)
        .about("Customers", "Give a customer to another owner")
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (ReachedPage<Customer>, Option<Chosen>, LevelNames);

async fn load(context: Context<Authorized, (CustomerId,)>, sent: Arc<Sent<AssignCustomer>>) -> Result<Found, Rejection> {
    let names = async { Ok(context.app.level_names().await?) };
    let (page, names) = tokio::try_join!(context.open_page(context.path.0), names)?;
    let owner = context.chosen(sent.owner_id.and_then(|owner| owner.0), "ownerId").await?;
    Ok((page, owner, names))
}

async fn handle(
    request: Request<Authorized, (CustomerId,), (), Json<AssignCustomer>>,
    (page, owner, names): Found,
) -> Result<Answer<CustomerPage>, Rejection> {
    let owner = owner.map(|owner| owner.owner(request.caller()));
    let decide = |customer: &Reached<Customer>, act: &_| Ok(customer::assign(customer, act, owner.as_ref()));
    let active = |change: &mut Change| owner.iter().for_each(|owner| change.require_active_user(owner.id, "ownerId"));
    request.change_page(page, decide, active, |customer, overview| CustomerPage::new(customer, overview, &names)).await
}
