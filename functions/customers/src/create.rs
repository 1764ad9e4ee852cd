//! `POST /customers`: a new customer, checked for duplicates by e-mail address and phone.

use crate::bodies::CreateCustomer;
use contract::views::CustomerPage;
use domain::customer::{self, CustomerData, CustomerText};
use domain::time::Day;
use domain::{Overview, Permission, Refused};
use edge::{Action, Answer, Authorized, Change, Code, Json, Rejection, Request, Route};

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
        .handle(handle)
}

async fn handle(request: Request<Authorized, (), CreateQuery, Json<CreateCustomer>>) -> Result<Answer<CustomerPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let today = Day(request.app.clock.now().date_in(&request.app.config.zone));
    Refused::any(customer::birthday_fault(body.birthday, today).into_iter().collect())?;
    let owner = request.app.new_owner(caller, body.owner_id.value().copied(), Permission::CustomersAssign).await?;
    if let Some(referrer) = body.referred_by_id {
        request.app.named_referrer(caller.scope(Permission::CustomersRead).as_ref(), referrer).await?;
    }
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
            Ok(Answer::creation(change, "customers", customer, |customer| CustomerPage::new(customer, Overview::default())))
        })
        .await
}
