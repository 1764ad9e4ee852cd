//! `POST /admin/dead-letters/{id}/redrive`: puts a failed message back on its queue.

use domain::{ParkedId, Permission};
use edge::{Action, Answer, Authorized, Change, Code, Decision, Problem, Rejection, Request, Resource, Route};
use messaging::{Queue, STREAM};

contract::answer! {
    /// A message on its way again.
    pub struct Redriven {
        pub id: ParkedId,
        /// The queue it is on.
        pub queue: String,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/admin/dead-letters/{id}/redrive", "redrive_dead_letter")
        .needs(Permission::DeadlettersRedrive)
        .about("Operations", "Put a failed message back on its queue")
        .status(202)
        .fails(&[Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Delete])
        .uses(&[Resource::SendAll])
        .handle(handle)
}

async fn handle(request: Request<Authorized, (ParkedId,)>) -> Result<Answer<Redriven>, Rejection> {
    let id = request.path.0;
    let parked = request.app.parked(id).await?;
    let unknown = || {
        let why = match parked.queue.as_str() {
            STREAM => "A batch that the stream gave up on cannot be sent again; the runbook says what to do under StreamDroppedAlarm".to_owned(),
            queue => format!("There is no queue {queue} any more"),
        };
        Problem::new(Code::LimitReached, why)
    };
    let queue = Queue::named(&parked.queue).ok_or_else(unknown)?;
    let queues = request.app.queues().map_err(Problem::internal)?;
    // Sent before it is removed: a fault in between sends it twice, and consumers count it once.
    queues.send(queue, parked.body, 0).await.map_err(Problem::busy)?;
    request
        .decide((), |(), _| {
            let mut change = Change::new();
            change.unpark(id);
            Ok(Decision::Commit(change, Answer::ok(Redriven { id, queue: parked.queue.clone() }).status(202)))
        })
        .await
}
