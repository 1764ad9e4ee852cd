//! `PATCH /projects/{id}`: changes the fields that are sent, status, owner and members among them.

use crate::bodies::UpdateProject;
use crate::views::ProjectPage;
use domain::overview::Counts;
use domain::project::{self, Project};
use domain::{Permission, ProjectId};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Purpose, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::patch("/projects/{id}", "update_project")
        .needs(Permission::ProjectsUpdate)
        .about("Projects", "Change a project")
        .fails(&[Code::ProjectTransition])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Project>, Counts, i64);

async fn load(context: Context<Authorized, (ProjectId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_project_page(context.scope(), context.path.0, Purpose::Change).await?)
}

type UpdateRequest = Request<Authorized, (ProjectId,), (), Json<UpdateProject>>;

async fn handle(request: UpdateRequest, (project, counts, minutes): Found) -> Result<Answer<ProjectPage>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    let wanted = |project: &Reached<Project>| {
        let (mut data, mut text) = (project.data.clone(), project.text.clone());
        body.apply(&mut data, &mut text);
        (data, text)
    };
    let (data, _) = wanted(&project);
    project::check_dates(data.start_date, data.end_date)?;
    let owner = match body.owner_id.value().filter(|id| **id != project.data.owner_id) {
        Some(id) => Some(request.app.assignable(caller, *id, request.scope(), "ownerId").await?),
        None => None,
    };
    let members = body.member_ids.value().map(|list| &list.0);
    if let Some(members) = members {
        request.app.check_people(caller, members, &project.data.member_ids, Some(request.scope()), "memberIds").await?;
    }
    let decide = |project: &Reached<Project>, act: &_| {
        let (mut data, text) = wanted(project);
        body.owner_id.clone().apply(&mut data.owner_id);
        if let Some(members) = members {
            data.member_ids.clone_from(members);
        }
        Ok(project::update(project, act, data, text, owner.as_ref())?)
    };
    let active = |change: &mut Change| change.require_active(owner.as_ref(), caller.id, "ownerId");
    request.change(project, decide, active, |project| ProjectPage::new(project, &counts, minutes)).await
}
