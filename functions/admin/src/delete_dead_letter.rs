//! `DELETE /admin/dead-letters/{id}`: gives a failed message up for good, with a reason that is kept as an event.

use domain::dead_letter::discarded;
use domain::value::Text;
use domain::{ParkedId, Permission};
use edge::application::Parked;
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route};

contract::body! {
    /// Why it is given up.
    pub struct DiscardDeadLetter {
        pub reason: Text<500>,
    }
}

pub(crate) fn route() -> Route {
    Route::delete("/admin/dead-letters/{id}", "delete_dead_letter")
        .needs(Permission::DeadlettersRedrive)
        .about("Operations", "Discard a failed message")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (ParkedId,)>) -> Result<Parked, Rejection> {
    Ok(context.app.parked(context.path.0).await?)
}

async fn handle(request: Request<Authorized, (ParkedId,), (), Json<DiscardDeadLetter>>, parked: Parked) -> Result<Answer<()>, Rejection> {
    let reason = request.body.0.reason.as_str();
    request
        .decide((), |(), act| {
            let mut change = Change::new();
            change.unpark(parked.id);
            change.event(&discarded(act, parked.id, &parked.queue, &parked.cause, reason));
            Ok(Decision::Commit(change, Answer::nothing()))
        })
        .await
}
