//! `PATCH /projects/{id}`: changes the fields that are sent, status, owner and members among them.

use crate::bodies::UpdateProject;
use crate::views::ProjectPage;
use contract::{Patch, Sent, other_than};
use domain::overview::Counts;
use domain::project::{self, Project};
use domain::{Permission, ProjectId};
use edge::application::{Checks, Chosen};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Purpose, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/projects/{id}", "update_project")
        .needs(Permission::ProjectsUpdate)
        .about("Projects", "Change a project")
        .fails(&[Code::ProjectTransition])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

struct Found {
    project: Reached<Project>,
    counts: Counts,
    minutes: i64,
    owner: Option<Chosen>,
}

async fn load(context: Context<Authorized, (ProjectId,)>, sent: Arc<Sent<UpdateProject>>) -> Result<Found, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let (project, counts, minutes) = app.reach_project_page(context.scope(), context.path.0, Purpose::Change).await?;
    let data = &project.data;
    let start = sent.start_date.as_ref().and_then(|start| start.over(&data.start_date));
    let end = sent.end_date.as_ref().and_then(|end| end.over(&data.end_date));
    checks.of(project::check_dates(start, end))?;
    let owner = other_than(sent.owner_id.as_ref(), data.owner_id);
    let owner = checks.of(context.chosen(owner, "ownerId").await)?.flatten();
    if let Some(members) = sent.member_ids.as_ref().and_then(Patch::value) {
        checks.of(app.check_people(context.caller(), &members.0, &data.member_ids, Some(context.scope()), "memberIds").await)?;
    }
    Ok(checks.give(Some(Found { project, counts, minutes, owner }))?)
}

type UpdateRequest = Request<Authorized, (ProjectId,), (), Json<UpdateProject>>;

async fn handle(request: UpdateRequest, found: Found) -> Result<Answer<ProjectPage>, Rejection> {
    let Found { project, counts, minutes, owner } = found;
    let (body, caller) = (&request.body.0, request.caller());
    let owner = owner.map(|owner| owner.owner(caller));
    let decide = |project: &Reached<Project>, act: &_| {
        let (mut data, mut text) = (project.data.clone(), project.text.clone());
        body.apply(&mut data, &mut text);
        body.owner_id.clone().apply(&mut data.owner_id);
        if let Some(members) = body.member_ids.value() {
            data.member_ids.clone_from(&members.0);
        }
        Ok(project::update(project, act, data, text, owner.as_ref())?)
    };
    let active = |change: &mut Change| change.require_active(owner.as_ref(), caller.id, "ownerId");
    request.change(project, decide, active, |project| ProjectPage::new(project, &counts, minutes)).await
}
