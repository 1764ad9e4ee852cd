//! `PATCH /leads/{id}`: changes the fields that are sent; `archived: false` restores.

use crate::bodies::UpdateLead;
use contract::Patch;
use contract::views::LeadPage;
use domain::lead::{self, Lead, LeadData, LeadText};
use domain::value::Text;
use domain::{LeadId, Permission, Record, Refused};
use edge::application::{Checks, Error};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, ReachedPage, Rejection, Request, Route};
use std::sync::Arc;

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
        .load_sent(load)
        .handle(handle)
}

type Sent = contract::Sent<UpdateLead>;

async fn load(context: Context<Authorized, (LeadId,), UpdateQuery>, sent: Arc<Sent>) -> Result<ReachedPage<Lead>, Rejection> {
    let page = context.open_page(context.path.0).await?;
    check(&page.reached, &sent)?;
    Ok(page)
}

type UpdateRequest = Request<Authorized, (LeadId,), UpdateQuery, Json<UpdateLead>>;

async fn handle(request: UpdateRequest, page: ReachedPage<Lead>) -> Result<Answer<LeadPage>, Rejection> {
    let decide = |lead: &Reached<Lead>, act: &_| {
        lead::check_open(lead)?;
        let (data, text) = patched(lead, &request)?;
        Ok(lead::update(lead, act, data, text)?)
    };
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    request.change_page(page, decide, |change| change.allow_duplicates(allow_duplicate), LeadPage::new).await
}

/// Refuses what is at odds with the lead, and gives the title to be where all that it is built from is known.
fn check(lead: &Record<Lead>, sent: &Sent) -> Result<Option<Text<200>>, Error> {
    let mut checks = Checks::default();
    checks.note(Refused::archiving(sent.archived.as_ref().and_then(Patch::value).copied(), lead.data.archived_at.is_some()));
    let title = checks.of(title(&lead.data, sent).transpose())?.flatten();
    checks.give(Some(title))
}

fn title(data: &LeadData, sent: &Sent) -> Option<Result<Text<200>, Refused>> {
    let given = match sent.title.as_ref()? {
        Patch::Keep => Some(&data.title),
        Patch::Set(given) => given.as_ref(),
    };
    if let Some(given) = given {
        return Some(Ok(given.clone()));
    }
    let (first, last) = (sent.first_name.as_ref()?.over(&data.first_name), sent.last_name.as_ref()?.over(&data.last_name));
    let company = sent.company.as_ref()?.over(&data.company);
    let (email, phone) = (sent.email.as_ref()?.over(&data.email), sent.phone.as_ref()?.over(&data.phone));
    Some(lead::title(None, (first.as_ref(), last.as_ref()), company.as_ref(), email.as_ref(), phone.as_ref()))
}

/// The lead's fields with those of the body in place.
fn patched(lead: &Record<Lead>, request: &UpdateRequest) -> Result<(LeadData, LeadText), Error> {
    let (mut data, mut text) = (lead.data.clone(), lead.text.clone());
    let title = check(lead, &request.sent)?;
    request.body.0.apply(&mut data, &mut text);
    data.title = title.unwrap_or(data.title);
    if request.body.0.archived == Patch::Set(false) {
        data.archived_at = None;
    }
    Ok((data, text))
}
