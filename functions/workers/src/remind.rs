//! Reminders: each morning, of the follow-ups and tasks that are due. What is read is what is due; a record that was
//! reminded of on the day is left alone, so a run can be repeated and goes on where it ended.

use crate::failure::Failure;
use crate::work::{PAGE, RECORDS_PER_MESSAGE, change, decide_on};
use application::App;
use application::metric::Metric;
use domain::Record;
use domain::reminder::{Dated, end_of, remind};
use domain::time::Day;
use messaging::Place;
use store::Paging;
use store::records::Due;

/// Reminds of what is due, for a day that is the present one where none is given. One that cannot be reminded of holds up
/// none of the others, but the job counts as done only when all are. Gives the day, and where to go on, when there is more
/// than one message should handle.
pub(crate) async fn remind_of<E: Dated + Due>(app: &App, job: &str, on: Option<Day>, from: Option<Place>) -> Result<Option<(Day, Place)>, Failure> {
    let zone = &app.config.zone;
    let day = on.unwrap_or_else(|| Day(app.clock.now().date_in(zone)));
    let told = |record: &Record<E>| {
        let (next, event) = remind(record, &app.act(), day, zone)?;
        let mut tx = change(record, &next);
        tx.event(&event);
        Some(tx)
    };
    let (mut after, mut handled, mut failed) = (from.and_then(|from| from.after), 0, None);
    loop {
        let paging = Paging { limit: PAGE, cursor: after.as_deref(), binding: "work" };
        let page = app.unscoped().due_before::<E>(end_of(day, zone), paging).await?;
        for id in page.items {
            handled += 1;
            if let Err(failure) = decide_on(app, id, told).await {
                if failure.is_outage() {
                    return Err(failure);
                }
                failed = Some(failure);
            }
        }
        after = page.next.map(|cursor| cursor.to_string());
        if after.is_none() {
            break;
        }
        if handled >= RECORDS_PER_MESSAGE && failed.is_none() {
            return Ok(Some((day, Place { list: 0, after })));
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None => {
            app.unscoped().note_job(job, app.clock.now()).await?;
            Metric::JobDone.count(job);
            Ok(None)
        }
    }
}
