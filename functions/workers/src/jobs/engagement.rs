//! Engagement: says of the customers whose moment has come whether the contact is hot, warm or inactive
//! (`domain::engagement`).

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change;
use application::App;
use domain::customer::Customer;
use domain::engagement::{first_review, review};
use domain::time::Day;
use domain::{CustomerId, Record, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

const HOUR: i64 = 3600;

/// How long before the last run it begins to look, seconds: a day, since what was set by hand on the day of a run waits for the
/// next one, and an hour for what was on its way then.
const OVERLAP: i64 = 25 * HOUR;

/// How far back it looks at most, seconds: what could not be handled for sixty nights is left to who reads the runs.
const FARTHEST: i64 = 60 * 24 * HOUR;

struct Reviews {
    hours: Vec<Time>,
    /// Whose moment comes later in the last hour waits for the next night.
    at: Time,
}

impl Listed for Reviews {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        self.hours.len()
    }

    async fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        app.unscoped().reviews(self.hours[list], self.at, paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let (app, at) = (piece.app, piece.run.started_at);
        let day = day_of(app, at);
        piece.change(id, "changed", |customer: &Record<Customer>| written(customer, review(customer, &app.act(), at, day)?)).await
    }
}

/// Every customer that is not archived, once: those that an earlier release made were put down for no review.
struct Everyone;

impl Listed for Everyone {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        1
    }

    async fn page(&self, app: &App, _: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        app.unscoped().all_customers(paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let (app, at) = (piece.app, piece.run.started_at);
        let day = day_of(app, at);
        piece.change(id, "changed", |customer: &Record<Customer>| written(customer, first_review(customer, &app.act(), at, day)?)).await
    }
}

/// When the local day of a moment began.
fn day_of(app: &App, at: Time) -> Time {
    Day(at.date_in(&app.config.zone)).start(&app.config.zone)
}

fn written(customer: &Record<Customer>, (next, event): (Record<Customer>, Option<domain::event::Event>)) -> Option<Tx> {
    let mut tx = change(customer, &next);
    if let Some(event) = &event {
        tx.event(event);
    }
    Some(tx)
}

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    match piece.run.since {
        None => piece.walk(&Everyone, place).await,
        Some(since) => {
            let at = piece.run.started_at;
            let from = since.plus_seconds(-OVERLAP).max(at.plus_seconds(-FARTHEST));
            let listed = Reviews { hours: from.spans_until(at, HOUR), at };
            piece.walk(&listed, place).await
        }
    }
}
