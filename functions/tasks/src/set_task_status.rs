//! `PATCH /tasks/{id}/status`: moves a task by the transition table.

use crate::views::TaskOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::task::{self, Task, TaskStatus};
use domain::{Permission, Record, TaskId};
use store::Tx;

domain::body! {
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

async fn load(seen: Seen<Scoped, (TaskId,)>) -> Result<Record<Task>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (TaskId,), (), Json<MoveTask>>, loaded: Record<Task>) -> Result<Answer<TaskOut>, Stop> {
    let to = call.body.0.status;
    let decide = |task: &Record<Task>, act: &Act| {
        let moved = task::set_status(task, act, to);
        let moved = moved.map_err(|refused| Problem::transition(Code::TaskTransition, &refused, refused.from.allowed()))?;
        let Some((next, events)) = moved else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    let task = call.change(loaded, Some(call.scope()), decide).await?;
    let version = task.version;
    Ok(Answer::ok(TaskOut::new(task, call.app.clock.now(), &call.app.config.zone)).version(version))
}
