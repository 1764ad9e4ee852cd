//! `POST /projects`: a project for a customer.

use crate::bodies::CreateProject;
use crate::views::ProjectPage;
use domain::overview::Counts;
use domain::project::{self, ProjectData, ProjectText};
use domain::{Party, PartyId, Permission};
use edge::{Action, Answer, Authorized, Change, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/projects", "create_project")
        .needs(Permission::ProjectsCreate)
        .about("Projects", "Create a project for a customer")
        .status(201)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, body: Arc<Json<CreateProject>>) -> Result<Party, Rejection> {
    let body = &body.0;
    project::check_dates(body.start_date, body.end_date)?;
    let readable = context.scope_of(Permission::CustomersRead);
    Ok(context.app.named_party(readable.as_ref(), PartyId::Customer(body.customer_id)).await?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateProject>>, customer: Party) -> Result<Answer<ProjectPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let owner = request.app.new_holder(caller, body.owner_id, Permission::ProjectsUpdate, "ownerId").await?;
    let members = body.member_ids.as_ref().map_or(&[][..], |list| &list.0);
    request.app.check_people(caller, members, &[], caller.scope(Permission::ProjectsUpdate).as_ref(), "memberIds").await?;
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
