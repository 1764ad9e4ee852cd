//! `PATCH /tasks/{id}/status`: moves a task by the transition table. What is opened again after its lead
//! was converted goes to the customer.

use crate::views::TaskOut;
use domain::task::{self, Task, TaskStatus};
use domain::{Party, Permission, TaskId};
use edge::application::decide::changed;
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
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Task>, Option<Party>);

async fn load(context: Context<Authorized, (TaskId,)>) -> Result<Found, Rejection> {
    let task = context.open(context.path.0).await?;
    let lead = context.app.lead_of(&task).await?;
    Ok((task, lead))
}

async fn handle(request: Request<Authorized, (TaskId,), (), Json<MoveTask>>, found: Found) -> Result<Answer<TaskOut>, Rejection> {
    let (to, zone) = (request.body.0.status, &request.app.config.zone);
    request
        .decide(found, |(task, lead), act| {
            let moved = task::set_status(task, act, to, lead.as_ref().and_then(Party::became))?;
            Ok(changed(task, moved).map(|task| {
                let version = task.version;
                Answer::ok(TaskOut::new(task, act.at, zone)).version(version)
            }))
        })
        .await
}
