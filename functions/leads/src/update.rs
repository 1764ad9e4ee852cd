//! `PATCH /leads/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::bodies::UpdateLead;
use contract::Patch;
use contract::views::LeadPage;
use domain::lead::{self, Lead, LeadData, LeadText};
use domain::{FieldFault, LeadId, Permission, Record, Refused};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, ReachedPage, Rejection, Request, Route};

contract::query! {
    /// How it is changed.
    pub struct UpdateQuery {
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}", "update_lead")
        .needs(Permission::LeadsUpdate)
        .about("Leads", "Change or restore a lead")
        .fails(&[Code::Duplicate, Code::LeadConverted])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (LeadId,), UpdateQuery>) -> Result<ReachedPage<Lead>, Rejection> {
    context.open_page(context.path.0).await
}

async fn handle(
    request: Request<Authorized, (LeadId,), UpdateQuery, Json<UpdateLead>>,
    page: ReachedPage<Lead>,
) -> Result<Answer<LeadPage>, Rejection> {
    let body = &request.body.0;
    let decide = |lead: &Reached<Lead>, act: &_| {
        lead::check_open(lead)?;
        let (data, text) = patched(lead, body)?;
        Ok(lead::update(lead, act, data, text)?)
    };
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    request.change_page(page, decide, |change| change.allow_duplicates(allow_duplicate), LeadPage::new).await
}

/// The lead's fields with those of the body in place.
fn patched(lead: &Record<Lead>, body: &UpdateLead) -> Result<(LeadData, LeadText), Refused> {
    let (mut data, mut text) = (lead.data.clone(), lead.text.clone());
    body.apply(&mut data, &mut text);
    let mut faults = Vec::new();
    match &body.title {
        Patch::Keep => {}
        Patch::Set(Some(title)) => data.title = title.clone(),
        Patch::Set(None) => {
            let name = (data.first_name.as_ref(), data.last_name.as_ref());
            match lead::title(None, name, data.company.as_ref(), data.email.as_ref(), data.phone.as_ref()) {
                Ok(title) => data.title = title,
                Err(Refused::Fields(untitled)) => faults.extend(untitled),
                Err(refused) => return Err(refused),
            }
        }
    }
    match body.archived.value() {
        Some(false) => data.archived_at = None,
        Some(true) if data.archived_at.is_none() => faults.push(FieldFault::new("archived", "value", "can only be false here; DELETE archives")),
        _ => {}
    }
    Refused::any(faults)?;
    Ok((data, text))
}
