//! `PATCH /tasks/{id}/status`: moves a task by the transition table.

use crate::views::TaskOut;
use domain::task::{self, Task, TaskStatus};
use domain::{Permission, TaskId};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};

contract::body! {
    /// Where the task goes.
    pub struct MoveTask {
        pub status: TaskStatus,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/tasks/{id}/status", "set_task_status")
        .needs(Permission::TasksUpdate)
        .about("Tasks", "Move a task to another status")
        .fails(&[Code::TaskTransition])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TaskId,)>) -> Result<Reached<Task>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (TaskId,), (), Json<MoveTask>>, task: Reached<Task>) -> Result<Answer<TaskOut>, Rejection> {
    let (to, zone) = (request.body.0.status, &request.app.config.zone);
    let decide = |task: &Reached<Task>, act: &_| Ok(task::set_status(task, act, to)?);
    request.change(task, decide, |_| {}, |task| TaskOut::new(task, request.app.clock.now(), zone)).await
}
