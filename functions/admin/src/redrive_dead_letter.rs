//! `POST /admin/dead-letters/{id}/redrive`: puts a failed message back on its queue.

use domain::{ParkedId, Permission};
use edge::{Action, Answer, Authorized, Change, Code, Decision, Problem, Rejection, Request, Resource, Route};
use messaging::Queue;

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
        .uses(&[Resource::SendQueues])
        .handle(handle)
}

async fn handle(request: Request<Authorized, (ParkedId,)>) -> Result<Answer<Redriven>, Rejection> {
    let id = request.path.0;
    let parked = request.app.parked(id).await?;
    let unknown = || Problem::new(Code::LimitReached, format!("There is no queue {} any more", parked.queue));
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
