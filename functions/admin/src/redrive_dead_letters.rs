//! `POST /admin/dead-letters/redrive`: puts failed messages back on their queues, in the background.

use crate::list_dead_letters::QueueName;
use contract::FieldError;
use domain::value::Text;
use domain::{Permission, Time};
use edge::{Action, Answer, Authorized, Decision, Json, Problem, Rejection, Request, Resource, Route};
use messaging::{Queue, STREAM};

contract::body! {
    /// Which messages; all of them where nothing is said.
    pub struct RedriveDeadLetters {
        /// Of this queue only.
        pub queue: Option<QueueName>,
        /// With this in their cause, whatever its case.
        pub cause: Option<Text<200>>,
    }
}

contract::answer! {
    /// Failed messages are on their way again.
    pub struct RedriveBegun {
        /// Those that had failed before this moment are sent again, longest ago first.
        pub before: Time,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/admin/dead-letters/redrive", "redrive_dead_letters")
        .needs(Permission::DeadlettersRedrive)
        .about("Operations", "Put failed messages back on their queues")
        .remark("It begins at once and takes as long as there are messages; what fails again is listed again.")
        .status(202)
        .touches(&[Action::Put])
        .uses(&[Resource::Send(Queue::Redrive)])
        .handle(handle)
}

async fn handle(request: Request<Authorized, (), (), Json<RedriveDeadLetters>>) -> Result<Answer<RedriveBegun>, Rejection> {
    let body = &request.body.0;
    let queue = body.queue.map(|QueueName(queue)| queue.to_owned());
    if queue.as_deref() == Some(STREAM) {
        let why = "is of batches that cannot be sent again; the runbook says what to do under StreamDroppedAlarm";
        return Err(Problem::fields(vec![FieldError::new("/queue", "conflict", why)]).into());
    }
    request.only_once().await?;
    let before = request.act().at;
    request.app.redrive_all(queue, body.cause.as_ref().map(ToString::to_string), before).await?;
    request.decide((), |(), _| Ok(Decision::Keep(Answer::ok(RedriveBegun { before }).status(202)))).await
}
