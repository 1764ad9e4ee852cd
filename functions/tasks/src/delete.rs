//! `DELETE /tasks/{id}`: deletes a task; of a template it ends the series and leaves the copies.

use api::{Action, Answer, Call, Route, Scoped, Seen, Stop};
use domain::task::{self, Task};
use domain::{Permission, Record, TaskId};
use store::{Refusal, Tx};

pub(crate) fn route() -> Route {
    Route::delete("/tasks/{id}", "delete_task")
        .needs(Permission::TasksDelete)
        .about("Tasks", "Delete a task")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (TaskId,)>) -> Result<Record<Task>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (TaskId,)>, loaded: Record<Task>) -> Result<Answer<()>, Stop> {
    call.remove(loaded, |task, act| {
        let mut tx = Tx::new();
        tx.delete(task, Refusal::Stale);
        tx.event(&task::deleted(task, act));
        Ok(tx)
    })
    .await?;
    Ok(Answer::nothing())
}
