//! `POST /projects`: a project for a customer.

use crate::bodies::CreateProject;
use crate::views::ProjectPage;
use contract::Sent;
use domain::overview::Counts;
use domain::project::{self, ProjectData, ProjectText};
use domain::{Party, PartyId, Permission};
use edge::application::{Checks, Chosen};
use edge::{Action, Answer, Authorized, Change, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/projects", "create_project")
        .needs(Permission::ProjectsCreate)
        .about("Projects", "Create a project for a customer")
        .status(201)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Party, Chosen);

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateProject>>) -> Result<Found, Rejection> {
    let (app, caller, mut checks) = (&context.app, context.caller(), Checks::default());
    checks.of(project::check_dates(sent.start_date.flatten(), sent.end_date.flatten()))?;
    let customer = match sent.customer_id {
        Some(id) => checks.of(app.named_party(context.scope_of(Permission::CustomersRead).as_ref(), PartyId::Customer(id)).await)?,
        None => None,
    };
    let owner = match sent.owner_id {
        Some(wanted) => checks.of(app.new_holder(caller, wanted, Permission::ProjectsUpdate, "ownerId").await)?,
        None => None,
    };
    if let Some(Some(members)) = &sent.member_ids {
        checks.of(app.check_people(caller, &members.0, &[], context.scope_of(Permission::ProjectsUpdate).as_ref(), "memberIds").await)?;
    }
    Ok(checks.give(customer.zip(owner))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateProject>>, (customer, owner): Found) -> Result<Answer<ProjectPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let owner = owner.owner(caller);
    let members = body.member_ids.as_ref().map_or(&[][..], |list| &list.0);
    request
        .decide(customer, |_, act| {
            let (mut data, mut text) = (ProjectData::new(body.name.clone(), body.customer_id, owner.id), ProjectText::default());
            body.fill(&mut data, &mut text);
            data.member_ids = members.to_vec();
            let (project, event) = project::create(act, data, text, &owner)?;
            let mut change = Change::new();
            change.create(&project);
            change.event(&event);
            change.require_active(Some(&owner), caller.id, "ownerId");
            Ok(Answer::creation(change, "projects", project, |project| ProjectPage::new(project, &Counts::default(), 0)))
        })
        .await
}
