//! `DELETE /worklogs/{id}`: removes a wrong entry: one's own within 24 hours, any with the reach for
//! all.

use api::problem::Code;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::work_log::{self, WorkLog};
use domain::{Permission, Reach, Record, WorkLogId};
use store::{Refusal, Tx};

pub(crate) fn route() -> Route {
    Route::delete("/worklogs/{id}", "delete_work_log")
        .needs(Permission::WorklogsDelete)
        .about("Work logs", "Remove a work log")
        .status(204)
        .fails(&[Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (WorkLogId,)>) -> Result<Record<WorkLog>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (WorkLogId,)>, loaded: Record<WorkLog>) -> Result<Answer<()>, Stop> {
    call.remove(loaded, |log, act| {
        let widely = call.scope().reach != Reach::Own;
        if !widely && !work_log::removable(log, act.at) {
            return Err(Problem::new(Code::LimitReached, "Own work logs can be removed within 24 hours; ask an administrator").into());
        }
        let mut tx = Tx::new();
        tx.delete(log, Refusal::Stale);
        tx.event(&work_log::deleted(log, act));
        Ok(tx)
    })
    .await?;
    Ok(Answer::nothing())
}
