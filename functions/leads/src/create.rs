//! `POST /leads`: a new lead, checked for duplicates by e-mail address and phone among open leads and
//! customers.

use crate::bodies::CreateLead;
use contract::views::LeadPage;
use domain::lead::{self, LeadData, LeadText};
use domain::{Overview, Permission, Refused};
use edge::{Action, Answer, Authorized, Change, Code, Json, Rejection, Request, Route};

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
        .handle(handle)
}

async fn handle(request: Request<Authorized, (), CreateQuery, Json<CreateLead>>) -> Result<Answer<LeadPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let name = (body.first_name.as_ref(), body.last_name.as_ref());
    let mut faults = lead::status_faults(body.status);
    let title = lead::title(body.title.as_ref(), name, body.company.as_ref(), body.email.as_ref(), body.phone.as_ref());
    let title = match title {
        Err(Refused::Fields(untitled)) => {
            faults.extend(untitled);
            return Err(Refused::Fields(faults).into());
        }
        title => title?,
    };
    Refused::any(faults)?;
    let owner = request.app.new_owner(caller, body.owner_id.value().copied(), Permission::LeadsAssign).await?;
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
