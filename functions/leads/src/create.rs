//! `POST /leads`: a new lead, checked for duplicates by e-mail address and phone among open leads and
//! customers.

use api::duplicates::explain;
use api::fields::METADATA_BYTES;
use api::problem::Code;
use api::views::LeadOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Stop, location};
use domain::input::{JsonObject, Patch};
use domain::lead::{self, Lead, LeadData, LeadStatus, LeadText};
use domain::value::{Email, Phone, Prose, Text};
use domain::{Permission, UserId};
use store::Tx;

domain::body! {
    /// A new lead: a title, a last name, a company, an e-mail address or a phone number at least.
    pub struct CreateLead {
        /// Built from the name, company, e-mail address or phone when not given.
        pub title: Option<Text<200>>,
        pub description: Option<Prose>,
        pub first_name: Option<Text<100>>,
        pub last_name: Option<Text<100>>,
        /// Checked for duplicates.
        pub email: Option<Email>,
        /// Checked for duplicates.
        pub phone: Option<Phone>,
        pub company: Option<Text<200>>,
        /// Where it came from; GET /settings suggests some.
        pub source: Option<Text<50>>,
        /// The caller when not given; another person or null needs leads:assign.
        pub owner_id: Patch<Option<UserId>>,
        /// Free data, at most 16 KB.
        pub metadata: Option<JsonObject<METADATA_BYTES>>,
    }
}

domain::query! {
    /// How it is created.
    pub struct CreateQuery {
        /// Saves the lead although another lead or a customer has the same e-mail address or phone number.
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/leads", "create_lead")
        .needs(Permission::LeadsCreate)
        .about("Leads", "Create a lead")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .handle(handle)
}

async fn handle(call: Call<Scoped, (), CreateQuery, Json<CreateLead>>) -> Result<Answer<LeadOut>, Stop> {
    let body = &call.body.0;
    let name = (body.first_name.as_ref(), body.last_name.as_ref());
    let title = lead::title(body.title.as_ref(), name, body.company.as_ref(), body.email.as_ref(), body.phone.as_ref())
        .ok_or_else(|| Problem::field("/title", "required", "is required, or lastName, company, email or phone"))?;
    let owner = call.new_owner(&body.owner_id, Permission::LeadsAssign).await?;
    let act = call.act();
    let data = LeadData {
        title,
        first_name: body.first_name.clone(),
        last_name: body.last_name.clone(),
        email: body.email.clone(),
        phone: body.phone.clone(),
        company: body.company.clone(),
        source: body.source.clone(),
        status: LeadStatus::New,
        status_changed_at: act.at,
        close_reason: None,
        close_note: None,
        owner_id: None,
        archived_at: None,
        converted_customer_id: None,
        converted_at: None,
    };
    let text = LeadText { description: body.description.clone(), metadata: body.metadata.as_ref().map(|metadata| metadata.0.clone()) };
    let (lead, events) = lead::create(&act, data, text, owner.as_ref());
    let mut tx = Tx::new();
    tx.create(&lead);
    tx.move_lead_contacts(None, Some(&lead), call.query.allow_duplicate.unwrap_or(false));
    tx.events(&events);
    if let Some(other) = owner.filter(|owner| owner.id != call.caller().id) {
        tx.require_active(other.id, "/ownerId");
    }
    let (place, version) = (location::<Lead>("leads", lead.id), lead.version);
    let answer = Answer::created(LeadOut::from(lead), place).version(version);
    match call.commit(tx, &answer).await {
        Ok(()) => Ok(answer),
        Err(error) => Err(explain(&call.app, &call.who, error).await),
    }
}
