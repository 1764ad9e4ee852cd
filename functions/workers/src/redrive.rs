//! Redriving: parked messages go back to their queues, longest ago first, those that were parked before it was asked for.

use crate::failure::{Failure, queue_batch};
use crate::work::{PAGE, Piece, RECORDS_PER_MESSAGE};
use crate::{Need, Trigger, Worker};
use application::{App, NotSent};
use domain::Time;
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Place, Queue, Work};
use store::{Action, Paging, Which};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "redrive",
    about: "Puts parked messages back on their queues",
    trigger: Trigger::Queue(Queue::Redrive),
    actions: &[Action::Query, Action::Put, Action::Delete],
    needs: &[Need::SendAll],
    handle: |app, event| async move { queue_batch(app, Queue::Redrive, event, |message| run(app, message)).await }.boxed(),
};

async fn run(app: &App, message: Message) -> Result<(), Failure> {
    let piece = Piece::of(&message, Queue::Redrive)?;
    let Work::Redrive { queue, cause, before, from } = piece.work.clone() else { return Ok(()) };
    let which = Which { queue: queue.as_deref(), cause: cause.as_deref() };
    let rest = redrive(app, which, before, from).await?;
    piece.hand_on(app, rest.map(|from| Work::Redrive { queue, cause, before, from: Some(from) })).await
}

/// Sends them again, and gives the place to go on from where there are more than one message should handle. One whose queue
/// is gone, or that no queue takes, stays where it is.
async fn redrive(app: &App, which: Which<'_>, before: Time, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let (mut after, mut handled) = (from.and_then(|from| from.after), 0);
    loop {
        let paging = Paging { limit: PAGE, cursor: after.as_deref(), binding: "work" };
        let page = app.unscoped().parked_before(which, before, paging).await?;
        for parked in page.items {
            handled += 1;
            match app.redrive(&parked).await {
                Ok(_) | Err(NotSent::NoQueue(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        after = page.next.map(|cursor| cursor.to_string());
        if after.is_none() || handled >= RECORDS_PER_MESSAGE {
            return Ok(after.map(|after| Place { list: 0, after: Some(after) }));
        }
    }
}
