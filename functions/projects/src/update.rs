//! `PATCH /projects/{id}`: changes the fields that are sent, status, owner and members among them.

use crate::create::check_dates;
use crate::members::{self, MEMBERS};
use crate::views::ProjectOut;
use api::fields::set;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::input::{List, Patch};
use domain::project::{self, Project, ProjectStatus};
use domain::time::Day;
use domain::value::{Prose, Text};
use domain::{Permission, ProjectId, Record, UserId};
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateProject {
        pub name: Patch<Text<200>>,
        pub description: Patch<Option<Prose>>,
        /// PLANNED to ACTIVE, ACTIVE to ON_HOLD or COMPLETED, ON_HOLD to ACTIVE, each of them to CANCELLED.
        pub status: Patch<ProjectStatus>,
        /// An active user inside reach.
        pub owner_id: Patch<UserId>,
        pub start_date: Patch<Option<Day>>,
        /// Not before the start.
        pub end_date: Patch<Option<Day>>,
        /// All who work on it beside its owner, at most 20.
        pub member_ids: Patch<List<UserId, MEMBERS>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/projects/{id}", "update_project")
        .needs(Permission::ProjectsUpdate)
        .about("Projects", "Change a project")
        .fails(&[Code::ProjectTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (ProjectId,)>) -> Result<Record<Project>, Stop> {
    seen.record(seen.path.0).await
}

type UpdateCall = Call<Scoped, (ProjectId,), (), Json<UpdateProject>>;

async fn handle(call: UpdateCall, loaded: Record<Project>) -> Result<Answer<ProjectOut>, Stop> {
    let body = &call.body.0;
    let owner = match body.owner_id.value().filter(|id| **id != loaded.data.owner_id) {
        Some(id) => Some(members::owner(&call, Some(*id)).await?),
        None => None,
    };
    if let Some(wanted) = body.member_ids.value() {
        members::check(&call, &wanted.0, &loaded.data.member_ids).await?;
    }
    let decide = |project: &Record<Project>, act: &Act| {
        let (mut data, mut text) = (project.data.clone(), project.text.clone());
        set(&mut data.name, &body.name);
        set(&mut data.status, &body.status);
        set(&mut data.owner_id, &body.owner_id);
        set(&mut data.start_date, &body.start_date);
        set(&mut data.end_date, &body.end_date);
        set(&mut text.description, &body.description);
        if let Some(wanted) = body.member_ids.value() {
            data.member_ids = wanted.0.clone();
        }
        check_dates(data.start_date, data.end_date)?;
        let changed = project::update(project, act, data, text, owner.as_ref());
        let changed = changed.map_err(|refused| Problem::transition(Code::ProjectTransition, &refused, refused.from.allowed()))?;
        let Some((next, events)) = changed else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        if let Some(owner) = owner.as_ref().filter(|owner| owner.id != call.caller().id) {
            tx.require_active(owner.id, "/ownerId");
        }
        Ok(Some((next, tx)))
    };
    let project = call.change(loaded, Some(call.scope()), decide).await?;
    let version = project.version;
    Ok(Answer::ok(ProjectOut::from(project)).version(version))
}
