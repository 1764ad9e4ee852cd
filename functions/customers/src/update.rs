//! `PATCH /customers/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::address::AddressIn;
use api::duplicates::explain;
use api::fields::{METADATA_BYTES, set};
use api::problem::Code;
use api::views::CustomerOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::customer::{self, Address, Customer, CustomerData, CustomerText, Engagement, Lifecycle};
use domain::event::Act;
use domain::input::{JsonObject, Patch};
use domain::time::Day;
use domain::value::{Email, Phone, Text};
use domain::{CustomerId, FieldError, Permission, Record};
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateCustomer {
        pub name: Patch<Text<200>>,
        pub first_name: Patch<Option<Text<100>>>,
        pub last_name: Patch<Option<Text<100>>>,
        pub company: Patch<Option<Text<200>>>,
        /// Checked for duplicates.
        pub email: Patch<Option<Email>>,
        /// Checked for duplicates.
        pub phone: Patch<Option<Phone>>,
        pub address: Patch<Option<AddressIn>>,
        pub birthday: Patch<Option<Day>>,
        /// PROSPECT or FORMER to CUSTOMER, CUSTOMER to FORMER.
        pub lifecycle: Patch<Lifecycle>,
        /// Holds until the next nightly run.
        pub engagement: Patch<Engagement>,
        /// Can be set once.
        pub referred_by_id: Patch<CustomerId>,
        pub marketing_opt_out: Patch<bool>,
        /// Free data, at most 16 KB.
        pub metadata: Patch<Option<JsonObject<METADATA_BYTES>>>,
        /// `false` restores an archived customer; DELETE archives.
        pub archived: Patch<bool>,
    }
}

domain::query! {
    /// How it is changed.
    pub struct UpdateQuery {
        /// Saves the change although another customer has the same e-mail address or phone number.
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

async fn load(seen: Seen<Scoped, (CustomerId,), UpdateQuery>) -> Result<Record<Customer>, Stop> {
    seen.record(seen.path.0).await
}

type UpdateCall = Call<Scoped, (CustomerId,), UpdateQuery, Json<UpdateCustomer>>;

async fn handle(call: UpdateCall, loaded: Record<Customer>) -> Result<Answer<CustomerOut>, Stop> {
    check_referrer(&call, &loaded).await?;
    let body = &call.body.0;
    let allow_duplicate = call.query.allow_duplicate.unwrap_or(false);
    let decide = |customer: &Record<Customer>, act: &Act| {
        let (data, text) = patched(customer, body)?;
        let Some((next, events)) = customer::update(customer, act, data, text).map_err(refused)? else { return Ok(None) };
        let mut tx = Tx::new();
        tx.move_customer_contacts(Some(customer), &next, allow_duplicate);
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    match call.change(loaded, Some(call.scope()), decide).await {
        Ok(customer) => {
            let version = customer.version;
            Ok(Answer::ok(CustomerOut::from(customer)).version(version))
        }
        Err(error) => Err(explain(&call.app, &call.who, error).await),
    }
}

/// A lifecycle move that the table does not have.
fn refused(refused: customer::LifecycleRefused) -> Stop {
    Problem::transition(Code::CustomerTransition, &refused, refused.from.allowed()).into()
}

/// The customer's fields with those of the body in place.
fn patched(customer: &Record<Customer>, body: &UpdateCustomer) -> Result<(CustomerData, CustomerText), Stop> {
    let (mut data, mut text) = (customer.data.clone(), customer.text.clone());
    set(&mut data.name, &body.name);
    set(&mut data.first_name, &body.first_name);
    set(&mut data.last_name, &body.last_name);
    set(&mut data.company, &body.company);
    set(&mut data.email, &body.email);
    set(&mut data.phone, &body.phone);
    set(&mut data.birthday, &body.birthday);
    set(&mut data.lifecycle, &body.lifecycle);
    set(&mut data.engagement, &body.engagement);
    set(&mut data.marketing_opt_out, &body.marketing_opt_out);
    if let Patch::Set(address) = &body.address {
        data.address = address.as_ref().map(Address::from);
    }
    if let Patch::Set(metadata) = &body.metadata {
        text.metadata = metadata.as_ref().map(|metadata| metadata.0.clone());
    }
    let mut wrong = Vec::new();
    match (body.referred_by_id.value(), data.referred_by_id) {
        (Some(new), Some(old)) if *new != old => wrong.push(FieldError::new("/referredById", "immutable", "is set already and stays")),
        (Some(new), None) => data.referred_by_id = Some(*new),
        _ => {}
    }
    match body.archived.value() {
        Some(false) => data.archived_at = None,
        Some(true) if data.archived_at.is_none() => wrong.push(FieldError::new("/archived", "value", "can only be false here; DELETE archives")),
        _ => {}
    }
    if wrong.is_empty() { Ok((data, text)) } else { Err(Problem::fields(wrong).into()) }
}

/// The referrer is another customer inside reach that was not itself referred by this one.
async fn check_referrer(call: &UpdateCall, customer: &Record<Customer>) -> Result<(), Stop> {
    let Some(id) = call.body.0.referred_by_id.value().filter(|id| customer.data.referred_by_id != Some(**id)) else { return Ok(()) };
    let refuse = |message: &str| Err(Problem::field("/referredById", "reference", message).into());
    if *id == customer.id {
        return refuse("cannot be the customer itself");
    }
    let scope = call.caller().scope(Permission::CustomersRead);
    let found = call.app.store.get::<Customer>(*id).await?;
    match found.filter(|found| scope.as_ref().is_some_and(|scope| found.inside(scope))) {
        None => refuse("must be a customer inside your reach"),
        Some(referrer) if referrer.data.referred_by_id == Some(customer.id) => refuse("was itself referred by this customer"),
        Some(_) => Ok(()),
    }
}
