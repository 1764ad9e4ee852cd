//! `PATCH /customers/{id}/assign`: another owner, or none.

use api::views::CustomerOut;
use api::{Action, Answer, Call, Json, Route, Scoped, Seen, Stop};
use domain::customer::{self, Customer};
use domain::event::Act;
use domain::input::Patch;
use domain::{CustomerId, FieldError, Permission, Record, UserId};
use store::Tx;

domain::body! {
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
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (CustomerId,)>) -> Result<Record<Customer>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (CustomerId,), (), Json<AssignCustomer>>, loaded: Record<Customer>) -> Result<Answer<CustomerOut>, Stop> {
    let Patch::Set(wanted) = call.body.0.owner_id else {
        return Err(api::Problem::fields(vec![FieldError::new("/ownerId", "required", "is required; null gives the customer to nobody")]).into());
    };
    let owner = match wanted {
        Some(id) => Some(call.assignable(id, call.scope(), "/ownerId").await?),
        None => None,
    };
    let decide = |customer: &Record<Customer>, act: &Act| {
        let Some((next, events)) = customer::assign(customer, act, owner.as_ref()) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        if let Some(owner) = &owner {
            tx.require_active(owner.id, "/ownerId");
        }
        Ok(Some((next, tx)))
    };
    let customer = call.change(loaded, Some(call.scope()), decide).await?;
    let version = customer.version;
    Ok(Answer::ok(CustomerOut::from(customer)).version(version))
}
