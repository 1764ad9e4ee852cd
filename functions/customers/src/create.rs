//! `POST /customers`: a new customer, checked for duplicates by e-mail address and phone.

use crate::address::AddressIn;
use api::duplicates::explain;
use api::fields::METADATA_BYTES;
use api::problem::Code;
use api::views::CustomerOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Stop, location};
use domain::customer::{self, Address, Customer, CustomerData, CustomerText, Engagement, Lifecycle};
use domain::input::{JsonObject, Patch};
use domain::time::Day;
use domain::value::{Email, Phone, Text};
use domain::{CustomerId, Permission, UserId};
use store::Tx;

domain::body! {
    /// A new customer.
    pub struct CreateCustomer {
        pub name: Text<200>,
        pub first_name: Option<Text<100>>,
        pub last_name: Option<Text<100>>,
        pub company: Option<Text<200>>,
        /// Checked for duplicates.
        pub email: Option<Email>,
        /// Checked for duplicates.
        pub phone: Option<Phone>,
        pub address: Option<AddressIn>,
        pub birthday: Option<Day>,
        /// CUSTOMER when not given.
        pub lifecycle: Option<Lifecycle>,
        /// WARM when not given; holds until the next nightly run.
        pub engagement: Option<Engagement>,
        /// The customer who brought this one.
        pub referred_by_id: Option<CustomerId>,
        /// The caller when not given; another person or null needs customers:assign.
        pub owner_id: Patch<Option<UserId>>,
        pub marketing_opt_out: Option<bool>,
        /// Free data, at most 16 KB.
        pub metadata: Option<JsonObject<METADATA_BYTES>>,
    }
}

domain::query! {
    /// How it is created.
    pub struct CreateQuery {
        /// Saves the customer although another has the same e-mail address or phone number.
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/customers", "create_customer")
        .needs(Permission::CustomersCreate)
        .about("Customers", "Create a customer")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .handle(handle)
}

type CreateCall = Call<Scoped, (), CreateQuery, Json<CreateCustomer>>;

async fn handle(call: CreateCall) -> Result<Answer<CustomerOut>, Stop> {
    let owner = call.new_owner(&call.body.0.owner_id, Permission::CustomersAssign).await?;
    check_referrer(&call).await?;
    let act = call.act();
    let body = &call.body.0;
    let data = CustomerData {
        name: body.name.clone(),
        first_name: body.first_name.clone(),
        last_name: body.last_name.clone(),
        company: body.company.clone(),
        email: body.email.clone(),
        phone: body.phone.clone(),
        address: body.address.as_ref().map(Address::from),
        birthday: body.birthday,
        lifecycle: body.lifecycle.unwrap_or(Lifecycle::Customer),
        engagement: body.engagement.unwrap_or(Engagement::Warm),
        engagement_changed_at: act.at,
        referred_by_id: body.referred_by_id,
        converted_from_lead_id: None,
        lead_ids: Vec::new(),
        owner_id: None,
        marketing_opt_out: body.marketing_opt_out.unwrap_or(false),
        archived_at: None,
    };
    let text = CustomerText { metadata: body.metadata.as_ref().map(|metadata| metadata.0.clone()) };
    let (customer, events) = customer::create(&act, data, text, owner.as_ref());
    let mut tx = Tx::new();
    tx.create(&customer);
    tx.move_customer_contacts(None, &customer, call.query.allow_duplicate.unwrap_or(false));
    tx.events(&events);
    if let Some(other) = owner.filter(|owner| owner.id != call.caller().id) {
        tx.require_active(other.id, "/ownerId");
    }
    let (place, version) = (location::<Customer>("customers", customer.id), customer.version);
    let answer = Answer::created(CustomerOut::from(customer), place).version(version);
    match call.commit(tx, &answer).await {
        Ok(()) => Ok(answer),
        Err(error) => Err(explain(&call.app, &call.who, error).await),
    }
}

/// The referrer has to be a customer the caller may see.
async fn check_referrer(call: &CreateCall) -> Result<(), Stop> {
    let Some(id) = call.body.0.referred_by_id else { return Ok(()) };
    let scope = call.caller().scope(Permission::CustomersRead);
    let found = call.app.store.get::<Customer>(id).await?;
    match found.filter(|found| scope.as_ref().is_some_and(|scope| found.inside(scope))) {
        Some(_) => Ok(()),
        None => Err(Problem::field("/referredById", "reference", "must be a customer inside your reach").into()),
    }
}
