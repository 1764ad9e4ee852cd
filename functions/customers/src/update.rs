//! `PATCH /customers/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::bodies::UpdateCustomer;
use contract::views::CustomerOut;
use domain::customer::{self, Customer, CustomerData, CustomerText};
use domain::{CustomerId, FieldFault, Permission, Record, Refused};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};

contract::query! {
    /// How it is changed.
    pub struct UpdateQuery {
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/customers/{id}", "update_customer")
        .needs(Permission::CustomersUpdate)
        .about("Customers", "Change or restore a customer")
        .fails(&[Code::Duplicate, Code::CustomerTransition])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (CustomerId,), UpdateQuery>) -> Result<Reached<Customer>, Rejection> {
    context.open(context.path.0).await
}

type UpdateRequest = Request<Authorized, (CustomerId,), UpdateQuery, Json<UpdateCustomer>>;

async fn handle(request: UpdateRequest, customer: Reached<Customer>) -> Result<Answer<CustomerOut>, Rejection> {
    let body = &request.body.0;
    if let Some(referrer) = body.referred_by_id.value().filter(|id| customer.data.referred_by_id != Some(**id)) {
        let scope = request.caller().scope(Permission::CustomersRead);
        request.app.check_referrer(scope.as_ref(), Some(customer.id), *referrer).await?;
    }
    let decide = |customer: &Reached<Customer>, act: &_| {
        let (data, text) = patched(customer, body)?;
        Ok(customer::update(customer, act, data, text)?)
    };
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    request.change(customer, decide, |change| change.allow_duplicates(allow_duplicate), CustomerOut::new).await
}

/// The customer's fields with those of the body in place.
fn patched(customer: &Record<Customer>, body: &UpdateCustomer) -> Result<(CustomerData, CustomerText), Refused> {
    let (mut data, mut text) = (customer.data.clone(), customer.text.clone());
    body.apply(&mut data, &mut text);
    let mut faults = Vec::new();
    match (body.referred_by_id.value(), data.referred_by_id) {
        (Some(new), Some(old)) if *new != old => faults.push(FieldFault::new("referredById", "immutable", "is set already and stays")),
        (Some(new), None) => data.referred_by_id = Some(*new),
        _ => {}
    }
    match body.archived.value() {
        Some(false) => data.archived_at = None,
        Some(true) if data.archived_at.is_none() => faults.push(FieldFault::new("archived", "value", "can only be false here; DELETE archives")),
        _ => {}
    }
    Refused::any(faults)?;
    Ok((data, text))
}
