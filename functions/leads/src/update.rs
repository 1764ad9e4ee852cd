//! `PATCH /leads/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::{check_open, lead};
use api::duplicates::explain;
use api::fields::{METADATA_BYTES, set};
use api::problem::Code;
use api::views::LeadOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::input::{JsonObject, Patch};
use domain::lead::{self as rules, Lead, LeadData, LeadText};
use domain::value::{Email, Phone, Prose, Text};
use domain::{FieldError, LeadId, Permission, Record};
use store::Tx;

domain::body! {
    /// The fields to change. Status and owner have routes of their own.
    pub struct UpdateLead {
        /// Built anew from the name, company, e-mail address or phone when null.
        pub title: Patch<Option<Text<200>>>,
        pub description: Patch<Option<Prose>>,
        pub first_name: Patch<Option<Text<100>>>,
        pub last_name: Patch<Option<Text<100>>>,
        /// Checked for duplicates.
        pub email: Patch<Option<Email>>,
        /// Checked for duplicates.
        pub phone: Patch<Option<Phone>>,
        pub company: Patch<Option<Text<200>>>,
        pub source: Patch<Option<Text<50>>>,
        /// Free data, at most 16 KB.
        pub metadata: Patch<Option<JsonObject<METADATA_BYTES>>>,
        /// `false` restores an archived lead; DELETE archives.
        pub archived: Patch<bool>,
    }
}

domain::query! {
    /// How it is changed.
    pub struct UpdateQuery {
        /// Saves the change although another lead or a customer has the same e-mail address or phone number.
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}", "update_lead")
        .needs(Permission::LeadsUpdate)
        .about("Leads", "Change or restore a lead")
        .fails(&[Code::Duplicate, Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,), UpdateQuery>) -> Result<Record<Lead>, Stop> {
    lead(&seen).await
}

async fn handle(call: Call<Scoped, (LeadId,), UpdateQuery, Json<UpdateLead>>, loaded: Record<Lead>) -> Result<Answer<LeadOut>, Stop> {
    let body = &call.body.0;
    let allow_duplicate = call.query.allow_duplicate.unwrap_or(false);
    let decide = |lead: &Record<Lead>, act: &Act| {
        check_open(lead)?;
        let (data, text) = patched(lead, body)?;
        let Some((next, events)) = rules::update(lead, act, data, text) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.move_lead_contacts(Some(lead), Some(&next), allow_duplicate);
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    match call.change(loaded, Some(call.scope()), decide).await {
        Ok(lead) => {
            let version = lead.version;
            Ok(Answer::ok(LeadOut::from(lead)).version(version))
        }
        Err(error) => Err(explain(&call.app, &call.who, error).await),
    }
}

/// The lead's fields with those of the body in place.
fn patched(lead: &Record<Lead>, body: &UpdateLead) -> Result<(LeadData, LeadText), Stop> {
    let (mut data, mut text) = (lead.data.clone(), lead.text.clone());
    set(&mut data.first_name, &body.first_name);
    set(&mut data.last_name, &body.last_name);
    set(&mut data.email, &body.email);
    set(&mut data.phone, &body.phone);
    set(&mut data.company, &body.company);
    set(&mut data.source, &body.source);
    set(&mut text.description, &body.description);
    if let Patch::Set(metadata) = &body.metadata {
        text.metadata = metadata.as_ref().map(|metadata| metadata.0.clone());
    }
    let mut wrong = Vec::new();
    match &body.title {
        Patch::Keep => {}
        Patch::Set(Some(title)) => data.title = title.clone(),
        Patch::Set(None) => {
            let name = (data.first_name.as_ref(), data.last_name.as_ref());
            match rules::title(None, name, data.company.as_ref(), data.email.as_ref(), data.phone.as_ref()) {
                Some(title) => data.title = title,
                None => wrong.push(FieldError::new("/title", "required", "is required, or lastName, company, email or phone")),
            }
        }
    }
    match body.archived.value() {
        Some(false) => data.archived_at = None,
        Some(true) if data.archived_at.is_none() => wrong.push(FieldError::new("/archived", "value", "can only be false here; DELETE archives")),
        _ => {}
    }
    if wrong.is_empty() { Ok((data, text)) } else { Err(Problem::fields(wrong).into()) }
}
