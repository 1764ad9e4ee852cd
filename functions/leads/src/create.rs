//! `POST /leads`: a new lead, checked for duplicates by e-mail address and phone among open leads and
//! customers.

use crate::bodies::CreateLead;
use contract::Sent;
use contract::views::LeadPage;
use domain::lead::{self, LeadData, LeadText};
use domain::value::Text;
use domain::{Overview, Permission, Refused};
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
    Route::post("/leads", "create_lead")
        .needs(Permission::LeadsCreate)
        .about("Leads", "Create a lead")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Named = (Text<200>, Option<Chosen>);

async fn load(context: Context<Authorized, (), CreateQuery>, sent: Arc<Sent<CreateLead>>) -> Result<Named, Rejection> {
    let mut checks = Checks::default();
    checks.note(lead::status_faults(sent.status.flatten()));
    let title = checks.of(title(&sent).transpose())?.flatten();
    let owner = match &sent.owner_id {
        Some(wanted) => checks.of(context.app.new_owner(context.caller(), wanted.value().copied(), Permission::LeadsAssign).await)?,
        None => None,
    };
    Ok(checks.give(title.zip(owner))?)
}

/// The title to be; `None` where what it is built from is not known.
fn title(sent: &Sent<CreateLead>) -> Option<Result<Text<200>, Refused>> {
    let name = (sent.first_name.as_ref()?.as_ref(), sent.last_name.as_ref()?.as_ref());
    let (company, email, phone) = (sent.company.as_ref()?, sent.email.as_ref()?, sent.phone.as_ref()?);
    Some(lead::title(sent.title.as_ref()?.as_ref(), name, company.as_ref(), email.as_ref(), phone.as_ref()))
}

async fn handle(request: Request<Authorized, (), CreateQuery, Json<CreateLead>>, (title, owner): Named) -> Result<Answer<LeadPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let owner = owner.map(|owner| owner.owner(caller));
    request
        .decide((), |(), act| {
            let (mut data, mut text) = (LeadData::new(title.clone(), act.at), LeadText::default());
            body.fill(&mut data, &mut text);
            data.status = body.status.unwrap_or(data.status);
            let (lead, events) = lead::create(act, data, text, owner.as_ref());
            let mut change = Change::new();
            change.create(&lead);
            change.events(&events);
            change.allow_duplicates(request.query.allow_duplicate.unwrap_or(false));
            change.require_active(owner.as_ref(), caller.id, "ownerId");
            Ok(Answer::creation(change, "leads", lead, |lead| LeadPage::new(lead, Overview::default())))
        })
        .await
}
