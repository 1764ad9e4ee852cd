//! `POST /admin/dead-letters/{id}/redrive`: puts a failed message back on its queue.

use api::problem::Code;
use api::{Action, Answer, Call, Problem, Resource, Route, Scoped, Stop};
use domain::{ParkedId, Permission};
use messaging::Queue;
use store::Tx;

domain::answer! {
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

async fn handle(call: Call<Scoped, (ParkedId,)>) -> Result<Answer<Redriven>, Stop> {
    let id = call.path.0;
    let parked = call.app.store.parked(id).await?.ok_or_else(Problem::not_found)?;
    let unknown = || Problem::new(Code::LimitReached, format!("There is no queue {} any more", parked.queue));
    let queue = Queue::named(&parked.queue).ok_or_else(unknown)?;
    let queues = call.app.queues().map_err(Problem::internal)?;
    // Sent before it is removed: a fault in between sends it twice, and consumers count it once.
    queues.send(queue, parked.body, 0).await.map_err(Problem::busy)?;
    let answer = Answer::ok(Redriven { id, queue: parked.queue }).status(202);
    let mut tx = Tx::new();
    tx.unpark(id);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
