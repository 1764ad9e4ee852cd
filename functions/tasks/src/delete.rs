//! `DELETE /tasks/{id}`: deletes a task; of a template it ends the series and leaves the copies.

use domain::task::{self, Task};
use domain::{Permission, TaskId};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/tasks/{id}", "delete_task")
        .needs(Permission::TasksDelete)
        .about("Tasks", "Delete a task")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TaskId,)>) -> Result<Reached<Task>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (TaskId,)>, task: Reached<Task>) -> Result<Answer<()>, Rejection> {
    request.delete(task, |task, act| Ok(task::deleted(task, act))).await
}
