//! `POST /leads/{id}/convert`: makes a customer of an open lead, or links it to one that exists, in
//! one transaction. Whoever converts a lead that was converted gets the same customer; into another it
//! cannot be converted.

use contract::Sent;
use contract::views::{CustomerOut, LeadOut};
use domain::customer::Customer;
use domain::lead::{self, Conversion, Lead};
use domain::{CustomerId, LeadId, Permission, Refused};
use edge::application::{Error, Subject};
use edge::{Action, Answer, App, Authorized, Change, Code, Context, Decision, OptionalJson, Purpose, Reached, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// Which customer, where there is one.
    pub struct ConvertLead {
        /// A customer inside reach that the lead becomes part of; a new one is made when not given.
        pub customer_id: Option<CustomerId>,
    }
}

contract::query! {
    /// How it is converted.
    pub struct ConvertQuery {
        pub allow_duplicate: Option<bool>,
    }
}

contract::answer! {
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
        .tagged()
        .fails(&[Code::Duplicate, Code::LeadConverted, Code::LeadTransition, Code::LimitReached])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

/// The lead, and the customer that was named where it is not converted yet.
async fn load(context: Context<Authorized, (LeadId,), ConvertQuery>, sent: Arc<Option<Sent<ConvertLead>>>) -> Result<Conversions, Rejection> {
    let lead: Reached<Lead> = context.open(context.path.0).await?;
    let target = sent.as_ref().as_ref().and_then(|sent| sent.customer_id.flatten());
    let customer = match target.filter(|_| lead.data.converted_customer_id.is_none()) {
        Some(id) => {
            let customer = linkable(&context, id).await?;
            // Where nothing else is wrong, version and status go first.
            if context.is_refused {
                lead::check_target(customer.as_ref().map(|customer| &customer.row))?;
            }
            customer
        }
        None => None,
    };
    Ok(Conversions { lead, customer })
}

/// What a conversion is decided on.
#[derive(Clone)]
struct Conversions {
    lead: Reached<Lead>,
    customer: Option<Reached<Customer>>,
}

impl Subject for Conversions {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        let (lead, customer) = (self.lead.clone(), self.customer.clone()).reload(app).await?;
        Ok(Self { lead, customer })
    }

    fn same(&self, other: &Self) -> bool {
        self.lead.same(&other.lead) && self.customer.same(&other.customer)
    }

    /// A lead that was converted is not changed again, so any version will do.
    fn version(&self) -> Option<u64> {
        self.lead.version().filter(|_| self.lead.data.converted_customer_id.is_none())
    }
}

type ConvertRequest = Request<Authorized, (LeadId,), ConvertQuery, OptionalJson<ConvertLead>>;

async fn handle(request: ConvertRequest, found: Conversions) -> Result<Answer<Converted>, Rejection> {
    let target = request.body.0.as_ref().and_then(|body| body.customer_id);
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(target.is_some());
    request
        .decide(found, |Conversions { lead, customer }, act| {
            if let Some(became) = lead.party().and_then(|party| party.customer.clone()) {
                if target.is_some_and(|target| target != became.id) {
                    return Err(Rejection::from(Refused::Converted(became.id)).about(Code::LeadConverted, "/customerId", "conflict"));
                }
                // Whoever asks again gets the same answer as the first time.
                return Ok(Decision::Keep(shown(Conversion { lead: (**lead).clone(), customer: became, events: Vec::new() })));
            }
            lead::check_convertible(lead)?;
            if target.is_some() {
                lead::check_target(customer.as_ref().map(|customer| &customer.row))?;
            }
            let done = match customer {
                Some(customer) => lead::link(lead, act, customer)?,
                None => lead::convert(lead, act)?,
            };
            let mut change = Change::new();
            change.update(lead, &done.lead);
            match customer {
                Some(customer) => change.update(customer, &done.customer),
                None => change.create(&done.customer),
            }
            change.close_counts(lead.id, done.customer.id);
            change.events(&done.events);
            change.allow_duplicates(allow_duplicate);
            Ok(Decision::Commit(change, shown(done)))
        })
        .await
}

fn shown(done: Conversion) -> Answer<Converted> {
    let version = done.lead.version;
    Answer::ok(Converted { customer: CustomerOut::new(done.customer), lead: LeadOut::new(done.lead) }).version(version)
}

/// The customer to link, if it exists and the caller may change it: what the lead knows becomes its.
async fn linkable(context: &Context<Authorized, (LeadId,), ConvertQuery>, id: CustomerId) -> Result<Option<Reached<Customer>>, Rejection> {
    let Some(scope) = context.scope_of(Permission::CustomersUpdate) else { return Ok(None) };
    match context.app.reach::<Customer>(&scope, id, Purpose::Change).await {
        Err(Error::NotFound | Error::Forbidden(_)) => Ok(None),
        found => Ok(Some(found?)),
    }
}
