//! `POST /customers`: a new customer, checked for duplicates by e-mail address and phone.

use crate::bodies::CreateCustomer;
use contract::Sent;
use contract::views::CustomerPage;
use domain::customer::{self, CustomerData, CustomerText};
use domain::level::LevelNames;
use domain::{Overview, Permission};
use edge::application::{Checks, Chosen};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::query! {
    /// How it is created.
    pub struct CreateQuery {
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/customers", "create_customer")
        .needs(Permission::CustomersCreate)
        .about("Customers", "Create a customer")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Option<Chosen>, LevelNames);

async fn load(context: Context<Authorized, (), CreateQuery>, sent: Arc<Sent<CreateCustomer>>) -> Result<Found, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let today = app.clock.now().day_in(&app.config.zone);
    checks.note(customer::birthday_fault(sent.birthday.flatten(), today));
    if let Some(referrer) = sent.referred_by_id.flatten() {
        checks.of(app.named_referrer(context.scope_of(Permission::CustomersRead).as_ref(), referrer).await)?;
    }
    let owner = match &sent.owner_id {
        Some(wanted) => checks.of(app.new_owner(context.caller(), wanted.value().copied(), Permission::CustomersAssign).await)?,
        None => None,
    };
    let names = app.level_names().await?;
    Ok(checks.give(owner.map(|owner| (owner, names)))?)
}

async fn handle(
    request: Request<Authorized, (), CreateQuery, Json<CreateCustomer>>,
    (owner, names): Found,
) -> Result<Answer<CustomerPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let owner = owner.map(|owner| owner.owner(caller));
    request
        .decide((), |(), act| {
            let (mut data, mut text) = (CustomerData::new(body.name.clone(), act.at), CustomerText::default());
            body.fill(&mut data, &mut text);
            data.referred_by_id = body.referred_by_id;
            let (customer, events) = customer::create(act, data, text, owner.as_ref());
            let mut change = Change::new();
            change.create(&customer);
            change.events(&events);
            change.allow_duplicates(request.query.allow_duplicate.unwrap_or(false));
            change.require_active(owner.as_ref(), caller.id, "ownerId");
            Ok(Answer::creation(change, "customers", customer, |customer| CustomerPage::new(customer, Overview::default(), &names)))
        })
        .await
}
