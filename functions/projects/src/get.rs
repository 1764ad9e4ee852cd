//! `GET /projects/{id}`: one project with its tasks counted and its minutes summed up.

use crate::views::ProjectPage;
use domain::overview::Counts;
use domain::project::Project;
use domain::{Permission, ProjectId};
use edge::{Action, Answer, Authorized, Context, Purpose, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/projects/{id}", "get_project")
        .needs(Permission::ProjectsRead)
        .about("Projects", "Get a project with task counts and logged minutes")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Project>, Counts, i64);

async fn load(context: Context<Authorized, (ProjectId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_project_page(context.scope(), context.path.0, Purpose::Read).await?)
}

async fn handle(_: Request<Authorized, (ProjectId,)>, (project, counts, minutes): Found) -> Result<Answer<ProjectPage>, Rejection> {
    let version = project.version;
    Ok(Answer::ok(ProjectPage::new(project.into_record(), &counts, minutes)).version(version))
}
