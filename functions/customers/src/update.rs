//! `PATCH /customers/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::bodies::UpdateCustomer;
use contract::Patch;
use contract::views::CustomerPage;
use domain::customer::{self, Customer, CustomerData, CustomerText};
use domain::level::LevelNames;
use domain::time::Day;
use domain::{CustomerId, FieldFault, Permission, Record, Refused};
use edge::application::decide::changed;
use edge::application::{Checks, Error, Referral};
use edge::{Action, Answer, Authorized, Code, Context, Json, ReachedPage, Rejection, Request, Route};
use std::sync::Arc;

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
        .load_sent(load)
        .handle(handle)
}

type Sent = contract::Sent<UpdateCustomer>;
type Found = ((ReachedPage<Customer>, Option<Referral>), LevelNames);

async fn load(context: Context<Authorized, (CustomerId,), UpdateQuery>, sent: Arc<Sent>) -> Result<Found, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let names = async { Ok(app.level_names().await?) };
    let (page, names): (ReachedPage<Customer>, _) = tokio::try_join!(context.open_page(context.path.0), names)?;
    let wanted = sent.referred_by_id.as_ref().and_then(Patch::value).copied().flatten();
    let referral = match wanted.filter(|_| page.reached.data.referred_by_id.is_none()) {
        Some(referrer) => checks.of(app.referral(context.scope_of(Permission::CustomersRead).as_ref(), referrer).await)?,
        None => None,
    };
    let today = app.clock.now().day_in(&app.config.zone);
    checks.of(check(&page.reached, &sent, referral.as_ref(), today))?;
    Ok(checks.give(Some(((page, referral), names)))?)
}

type UpdateRequest = Request<Authorized, (CustomerId,), UpdateQuery, Json<UpdateCustomer>>;

async fn handle(request: UpdateRequest, (found, names): Found) -> Result<Answer<CustomerPage>, Rejection> {
    let (body, zone) = (&request.body.0, &request.app.config.zone);
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    request
        .decide(found, |(page, referral), act| {
            let customer = &page.reached;
            let referral = referral.as_ref().filter(|_| customer.data.referred_by_id.is_none());
            check(customer, &request.sent, referral, act.at.day_in(zone))?;
            let (data, text) = patched(customer, body);
            let decision = changed(customer, customer::update(customer, act, data, text)?).with(|change| {
                change.allow_duplicates(allow_duplicate);
                referral.iter().for_each(|referral| change.require_referral(referral));
            });
            Ok(decision.map(|customer| {
                let version = customer.version;
                Answer::ok(CustomerPage::new(customer, page.overview.clone(), &names)).version(version)
            }))
        })
        .await
}

/// Refuses what is at odds with the customer.
fn check(customer: &Record<Customer>, sent: &Sent, referral: Option<&Referral>, today: Day) -> Result<(), Error> {
    let (mut checks, data) = (Checks::default(), &customer.data);
    let birthday = sent.birthday.as_ref().and_then(|birthday| birthday.over(&data.birthday));
    checks.note(customer::birthday_fault(birthday.filter(|_| birthday != data.birthday), today));
    let referrer = sent.referred_by_id.as_ref().map(|referrer| referrer.over(&data.referred_by_id));
    if data.referred_by_id.is_some() && referrer.is_some_and(|referrer| referrer != data.referred_by_id) {
        checks.note([FieldFault::new("referredById", "readonly", "is set already and stays")]);
    }
    if let Some(referral) = referral {
        checks.of(customer::check_referrer(customer.id, &referral.chain))?;
    }
    checks.note(Refused::archiving(sent.archived.as_ref().and_then(Patch::value).copied(), data.archived_at.is_some()));
    checks.give(Some(()))
}

/// The customer's fields with those of the body in place.
fn patched(customer: &Record<Customer>, body: &UpdateCustomer) -> (CustomerData, CustomerText) {
    let (mut data, mut text) = (customer.data.clone(), customer.text.clone());
    body.apply(&mut data, &mut text);
    data.referred_by_id = data.referred_by_id.or(body.referred_by_id.value().copied().flatten());
    if body.archived == Patch::Set(false) {
        data.archived_at = None;
    }
    (data, text)
}
