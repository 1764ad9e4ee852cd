//! Redriving: parked messages go back to their queues, longest ago first, those that were parked before it was asked for.

use crate::failure::Failure;
use crate::work::{PAGE, RECORDS_PER_MESSAGE};
use application::{App, NotSent};
use domain::Time;
use messaging::Place;
use store::{Paging, Which};

/// Sends them again, and gives the place to go on from where there are more than one message should handle. One whose queue
/// is gone, or that no queue takes, a batch of the stream, stays where it is.
pub(crate) async fn redrive(app: &App, which: Which<'_>, before: Time, from: Option<Place>) -> Result<Option<Place>, Failure> {
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
