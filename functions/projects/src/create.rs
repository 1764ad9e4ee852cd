//! `POST /projects`: a project for a customer.

use crate::members::{self, MEMBERS};
use crate::views::ProjectOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop, location};
use domain::input::List;
use domain::project::{self, Project, ProjectData, ProjectStatus, ProjectText};
use domain::time::Day;
use domain::value::{Prose, Text};
use domain::{CustomerId, PartyId, Permission, UserId};
use std::sync::Arc;
use store::Tx;

domain::body! {
    /// A new project.
    pub struct CreateProject {
        pub name: Text<200>,
        pub description: Option<Prose>,
        pub customer_id: CustomerId,
        /// PLANNED when not given.
        pub status: Option<ProjectStatus>,
        /// The caller when not given, else somebody the caller may give projects to.
        pub owner_id: Option<UserId>,
        pub start_date: Option<Day>,
        /// Not before the start.
        pub end_date: Option<Day>,
        /// Who works on it beside its owner, at most 20.
        pub member_ids: Option<List<UserId, MEMBERS>>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/projects", "create_project")
        .needs(Permission::ProjectsCreate)
        .about("Projects", "Create a project for a customer")
        .status(201)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped>, body: Arc<Json<CreateProject>>) -> Result<(), Stop> {
    check_dates(body.0.start_date, body.0.end_date)?;
    let id = PartyId::Customer(body.0.customer_id);
    match seen.who.signed.caller.scope(Permission::CustomersRead) {
        Some(scope) => seen.named_party(id, &scope).await.map(|_| ()),
        None => Err(Problem::field(id.pointer(), "reference", "does not exist or is outside your reach").into()),
    }
}

/// A project does not end before it begins.
pub(crate) fn check_dates(start: Option<Day>, end: Option<Day>) -> Result<(), Problem> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err(Problem::field("/endDate", "range", "must not be before startDate")),
        _ => Ok(()),
    }
}

async fn handle(call: Call<Scoped, (), (), Json<CreateProject>>, (): ()) -> Result<Answer<ProjectOut>, Stop> {
    let body = &call.body.0;
    let wanted = body.member_ids.as_ref().map(|list| list.0.clone()).unwrap_or_default();
    let owner = members::owner(&call, body.owner_id).await?;
    members::check(&call, &wanted, &[]).await?;
    let act = call.act();
    let data = ProjectData {
        name: body.name.clone(),
        customer_id: body.customer_id,
        status: body.status.unwrap_or(ProjectStatus::Planned),
        owner_id: owner.id,
        start_date: body.start_date,
        end_date: body.end_date,
        member_ids: wanted,
    };
    let (project, event) = project::create(&act, data, ProjectText { description: body.description.clone() }, &owner);
    let mut tx = Tx::new();
    tx.create(&project);
    tx.event(&event);
    if owner.id != call.caller().id {
        tx.require_active(owner.id, "/ownerId");
    }
    let (place, version) = (location::<Project>("projects", project.id), project.version);
    let answer = Answer::created(ProjectOut::from(project), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
