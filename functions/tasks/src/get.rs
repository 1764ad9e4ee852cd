//! `GET /tasks/{id}`: one task, reached through its owner, its customer or its lead.

use crate::views::TaskOut;
use domain::task::Task;
use domain::{Permission, TaskId};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/tasks/{id}", "get_task").needs(Permission::TasksRead).about("Tasks", "Get a task").touches(&[Action::Get]).load(load).handle(handle)
}

async fn load(context: Context<Authorized, (TaskId,)>) -> Result<Reached<Task>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(request: Request<Authorized, (TaskId,)>, task: Reached<Task>) -> Result<Answer<TaskOut>, Rejection> {
    let version = task.version;
    Ok(Answer::ok(TaskOut::new(task.into_record(), request.app.clock.now(), &request.app.config.zone)).version(version))
}
