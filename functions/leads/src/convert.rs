//! `POST /leads/{id}/convert`: makes a customer of an open lead, or links it to one that exists, in
//! one transaction. Whoever converts a lead that was converted gets the same customer.

use crate::lead;
use api::call::CommitError;
use api::duplicates::explain;
use api::problem::Code;
use api::views::{CustomerOut, LeadOut};
use api::{Action, Answer, Call, Maybe, Problem, Route, Scoped, Seen, Stop};
use domain::customer::{Customer, MAX_LEADS};
use domain::lead::{self as rules, Conversion, Lead, LeadStatus};
use domain::{CustomerId, LeadId, Permission, Record};
use serde_json::json;
use store::{Refusal, Tx};

domain::body! {
    /// Which customer, where there is one.
    pub struct ConvertLead {
        /// A customer inside reach that the lead becomes part of; a new one is made when not given.
        pub customer_id: Option<CustomerId>,
    }
}

domain::query! {
    /// How it is converted.
    pub struct ConvertQuery {
        /// Makes a new customer although another has the same e-mail address or phone number.
        pub allow_duplicate: Option<bool>,
    }
}

domain::answer! {
    /// The customer and the lead that became it.
    pub struct Converted {
        pub customer: CustomerOut,
        pub lead: LeadOut,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/leads/{id}/convert", "convert_lead")
        .needs(Permission::LeadsConvert)
        .about("Leads", "Convert a lead to a customer")
        .fails(&[Code::Duplicate, Code::LeadTransition, Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,), ConvertQuery>) -> Result<Record<Lead>, Stop> {
    lead(&seen).await
}

type ConvertCall = Call<Scoped, (LeadId,), ConvertQuery, Maybe<ConvertLead>>;

/// How often a conversion is decided anew when lead or customer change meanwhile.
const ATTEMPTS: usize = 40;

async fn handle(call: ConvertCall, loaded: Record<Lead>) -> Result<Answer<Converted>, Stop> {
    let target = call.body.0.as_ref().and_then(|body| body.customer_id);
    let mut lead = loaded;
    for _ in 0..ATTEMPTS {
        if let Some(customer) = lead.data.converted_customer_id {
            return again(&call, lead, customer).await;
        }
        call.check_version(lead.version)?;
        check_convertible(&lead)?;
        let existing = match target {
            Some(id) => Some(customer(&call, id).await?),
            None => None,
        };
        let act = call.act();
        let mut done = match &existing {
            Some(customer) => rules::link(&lead, &act, customer),
            None => rules::convert(&lead, &act),
        };
        let tx = transaction(&lead, existing.as_ref(), &done, call.query.allow_duplicate.unwrap_or(target.is_some()));
        done.lead.rev += 1;
        let version = done.lead.version;
        let answer = Answer::ok(Converted { customer: CustomerOut::from(done.customer), lead: LeadOut::from(done.lead) }).version(version);
        match call.commit(tx, &answer).await {
            Ok(()) => return Ok(answer),
            Err(CommitError::Store(error)) if error.is_refused(&Refusal::Stale) => {
                lead = call.app.store.get_latest::<Lead>(lead.id).await?.ok_or_else(Problem::not_found)?;
            }
            Err(CommitError::Store(error)) => {
                // Twenty at once: the contact data may be taken by the customer this lead just became.
                let latest = call.app.store.get_latest::<Lead>(lead.id).await?.ok_or_else(Problem::not_found)?;
                if latest.data.converted_customer_id.is_none() {
                    return Err(explain(&call.app, &call.who, error.into()).await);
                }
                lead = latest;
            }
            Err(CommitError::Stop(stop)) => return Err(stop),
        }
    }
    Err(Problem::busy("the lead kept changing").into())
}

/// The same answer as the first time.
async fn again(call: &ConvertCall, lead: Record<Lead>, customer: CustomerId) -> Result<Answer<Converted>, Stop> {
    let customer = call.app.store.get_latest::<Customer>(customer).await?.ok_or_else(Problem::not_found)?;
    let version = lead.version;
    Ok(Answer::ok(Converted { customer: CustomerOut::from(customer), lead: LeadOut::from(lead) }).version(version))
}

fn check_convertible(lead: &Record<Lead>) -> Result<(), Stop> {
    let refused = |detail: &str, allowed: &[LeadStatus]| Err(Problem::new(Code::LeadTransition, detail).with("allowed", json!(allowed)).into());
    if lead.data.archived_at.is_some() {
        return refused("The lead is archived; restore it first", &[]);
    }
    if !lead.data.status.is_open() {
        return refused("The lead is closed; reopen it first", lead.data.status.allowed());
    }
    Ok(())
}

/// The customer to link: inside reach, not archived, with room for another lead.
async fn customer(call: &ConvertCall, id: CustomerId) -> Result<Record<Customer>, Stop> {
    let scope = call.caller().scope(Permission::CustomersRead);
    let found = call.app.store.get_latest::<Customer>(id).await?;
    let found = found.filter(|found| scope.as_ref().is_some_and(|scope| found.inside(scope)) && found.data.archived_at.is_none());
    let found = found.ok_or_else(|| Problem::field("/customerId", "reference", "must be a customer inside your reach that is not archived"))?;
    if found.data.lead_ids.len() >= MAX_LEADS {
        return Err(Problem::new(Code::LimitReached, format!("{MAX_LEADS} leads were converted into this customer, which is the most")).into());
    }
    Ok(found)
}

fn transaction(lead: &Record<Lead>, existing: Option<&Record<Customer>>, done: &Conversion, allow_duplicate: bool) -> Tx {
    let mut tx = Tx::new();
    tx.update(lead, &done.lead);
    match existing {
        Some(customer) => tx.update(customer, &done.customer),
        None => tx.create(&done.customer),
    }
    tx.convert_contacts((lead, &done.lead), (existing, &done.customer), allow_duplicate);
    tx.close_counts(lead.id, done.customer.id);
    tx.events(&done.events);
    tx
}
