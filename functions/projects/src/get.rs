//! `GET /projects/{id}`: one project with its tasks counted and its minutes summed up.

use crate::views::ProjectPage;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::project::Project;
use domain::{Entity, Permission, ProjectId, Record};
use std::collections::BTreeMap;

pub(crate) fn route() -> Route {
    Route::get("/projects/{id}", "get_project")
        .needs(Permission::ProjectsRead)
        .about("Projects", "Get a project with task counts and logged minutes")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

type Found = (Record<Project>, BTreeMap<String, i64>, i64);

async fn load(seen: Seen<Scoped, (ProjectId,)>) -> Result<Found, Stop> {
    let (store, id) = (&seen.app.store, seen.path.0);
    let minutes = store.minutes((Project::KIND, id.to_string()), None, None);
    let (project, counts, minutes) = tokio::try_join!(store.get::<Project>(id), store.counts(Project::KIND, id), minutes)?;
    let project = project.filter(|project| project.inside(&seen.who.scope)).ok_or_else(Problem::not_found)?;
    Ok((project, counts, minutes))
}

async fn handle(_: Call<Scoped, (ProjectId,)>, (project, counts, minutes): Found) -> Result<Answer<ProjectPage>, Stop> {
    let version = project.version;
    Ok(Answer::ok(ProjectPage::new(project, &counts, minutes)).version(version))
}
