//! `GET /tasks/{id}`: one task, reached through its owner, its customer or its lead.

use crate::views::TaskOut;
use api::party::parties_of;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::task::Task;
use domain::{Permission, Record, TaskId};

pub(crate) fn route() -> Route {
    Route::get("/tasks/{id}", "get_task").needs(Permission::TasksRead).about("Tasks", "Get a task").touches(&[Action::Get]).load(load).handle(handle)
}

async fn load(seen: Seen<Scoped, (TaskId,)>) -> Result<Record<Task>, Stop> {
    let task = seen.app.store.get::<Task>(seen.path.0).await?.ok_or_else(Problem::not_found)?;
    if task.inside(&seen.who.scope) || seen.reaches_any(parties_of(&task)).await? {
        return Ok(task);
    }
    Err(Problem::not_found().into())
}

async fn handle(call: Call<Scoped, (TaskId,)>, task: Record<Task>) -> Result<Answer<TaskOut>, Stop> {
    let version = task.version;
    Ok(Answer::ok(TaskOut::new(task, call.app.clock.now(), &call.app.config.zone)).version(version))
}
