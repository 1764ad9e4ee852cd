//! `PATCH /customers/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::bodies::UpdateCustomer;
use contract::views::CustomerPage;
use domain::customer::{self, Customer, CustomerData, CustomerText};
use domain::time::Day;
use domain::{CustomerId, FieldFault, Permission, Record, Refused};
use edge::application::decide::changed;
use edge::{Action, Answer, Authorized, Code, Context, Json, ReachedPage, Rejection, Request, Route};

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
        .fails(&[Code::Duplicate, Code::CustomerTransition, Code::LimitReached])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (CustomerId,), UpdateQuery>) -> Result<ReachedPage<Customer>, Rejection> {
    context.open_page(context.path.0).await
}

type UpdateRequest = Request<Authorized, (CustomerId,), UpdateQuery, Json<UpdateCustomer>>;

async fn handle(request: UpdateRequest, page: ReachedPage<Customer>) -> Result<Answer<CustomerPage>, Rejection> {
    let (body, zone) = (&request.body.0, &request.app.config.zone);
    let referral = match body.referred_by_id.value().and_then(Option::as_ref).filter(|_| page.reached.data.referred_by_id.is_none()) {
        Some(referrer) => Some(request.app.referral(request.caller().scope(Permission::CustomersRead).as_ref(), *referrer).await?),
        None => None,
    };
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    request
        .decide((page, referral), |(page, referral), act| {
            let customer = &page.reached;
            let (data, text) = patched(customer, body, Day(act.at.date_in(zone)))?;
            let referral = referral.as_ref().filter(|_| customer.data.referred_by_id.is_none());
            if let Some(referral) = referral {
                customer::check_referrer(customer.id, &referral.chain)?;
            }
            let decision = changed(customer, customer::update(customer, act, data, text)?).with(|change| {
                change.allow_duplicates(allow_duplicate);
                referral.iter().for_each(|referral| change.require_referral(referral));
            });
            Ok(decision.map(|customer| {
                let version = customer.version;
                Answer::ok(CustomerPage::new(customer, page.overview.clone())).version(version)
            }))
        })
        .await
}

/// The customer's fields with those of the body in place.
fn patched(customer: &Record<Customer>, body: &UpdateCustomer, today: Day) -> Result<(CustomerData, CustomerText), Refused> {
    let (mut data, mut text) = (customer.data.clone(), customer.text.clone());
    body.apply(&mut data, &mut text);
    let birthday = data.birthday.filter(|_| data.birthday != customer.data.birthday);
    let mut faults: Vec<FieldFault> = customer::birthday_fault(birthday, today).into_iter().collect();
    match (body.referred_by_id.value(), data.referred_by_id) {
        (Some(new), Some(old)) if *new != Some(old) => faults.push(FieldFault::new("referredById", "readonly", "is set already and stays")),
        (Some(new), None) => data.referred_by_id = *new,
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
