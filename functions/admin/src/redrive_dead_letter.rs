//! `POST /admin/dead-letters/{id}/redrive`: puts a failed message back on its queue.

use domain::{ParkedId, Permission};
use edge::application::NotSent;
use edge::{Action, Answer, Authorized, Change, Code, Decision, Problem, Rejection, Request, Resource, Route};
use messaging::STREAM;

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
    let queue = match request.app.send_again(&parked).await {
        Err(NotSent::NoQueue(name)) => {
            let why = match name.as_str() {
                STREAM => "A batch that the stream gave up on cannot be sent again; the runbook says what to do under StreamDroppedAlarm".to_owned(),
                name => format!("There is no queue {name} any more"),
            };
            return Err(Problem::new(Code::LimitReached, why).into());
        }
        sent => sent?,
    };
    request
        .decide((), |(), _| {
            let mut change = Change::new();
            change.unpark(id);
            Ok(Decision::Commit(change, Answer::ok(Redriven { id, queue: queue.name().to_owned() }).status(202)))
        })
        .await
}
