//! `DELETE /worklogs/{id}`: removes a wrong entry: one's own within 24 hours, any with the reach for
//! all.

use domain::work_log::{self, WorkLog};
use domain::{Permission, WorkLogId};
use edge::{Action, Answer, Authorized, Code, Context, Reached, Rejection, Request, Route};

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

async fn load(context: Context<Authorized, (WorkLogId,)>) -> Result<Reached<WorkLog>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (WorkLogId,)>, log: Reached<WorkLog>) -> Result<Answer<()>, Rejection> {
    request.delete(log, |log, act| Ok(work_log::delete(log, act, request.scope().reach())?)).await
}
