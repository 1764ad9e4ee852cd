//! Recurring tasks: copies every template whose next occurrence comes before the end of the local day, day by day since the last
//! run.

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change_telling;
use application::App;
use domain::task::{self, Task};
use domain::{Record, TaskId, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

const DAY: i64 = 86_400;

/// How far back the first run looks, seconds: 400 days; later ones go on from where the last one began. A day without anything due
/// costs half a read unit.
const FIRST_LOOK: i64 = 400 * DAY;

struct Templates {
    /// Days of the table are those of UTC; of the last of them, what comes after the local day waits.
    days: Vec<Time>,
    end: Time,
}

impl Listed for Templates {
    type Name = TaskId;

    fn lists(&self) -> usize {
        self.days.len()
    }

    async fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> Result<Page<TaskId>, store::Error> {
        app.unscoped().due_templates(self.days[list], self.end, paging).await
    }

    /// Its next date moves in the transaction of the copy, so however often this is asked there is one.
    async fn each(&self, piece: &mut Piece<'_>, id: TaskId) -> Result<(), Failure> {
        let (app, day) = (piece.app, piece.run.date);
        let copied = |template: &Record<Task>| -> Option<Tx> {
            let (made, next, event) = task::copy(template, &app.act(), day, &app.config.zone)?;
            let mut tx = change_telling(template, &next, [&event]);
            tx.create(&made);
            Some(tx)
        };
        piece.change(id, "copied", copied).await
    }
}

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let end = task::copied_until(piece.run.date, &piece.app.config.zone);
    let from = piece.run.since.unwrap_or_else(|| piece.run.started_at.plus_seconds(-FIRST_LOOK));
    let listed = Templates { days: from.spans_until(end, DAY), end };
    piece.walk(&listed, place).await
}
