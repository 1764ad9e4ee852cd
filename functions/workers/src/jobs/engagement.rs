//! Engagement: says of the customers whose moment has come whether the contact is hot, warm or inactive
//! (`domain::engagement`).

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change;
use application::App;
use domain::customer::Customer;
use domain::engagement::{first_review, review};
use domain::{CustomerId, Record, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

const HOUR: i64 = 3600;

/// How long before the last run it begins to look, seconds: for what was on its way then, and clocks that differ.
const OVERLAP: i64 = HOUR;

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
        piece.change(id, "changed", |customer: &Record<Customer>| written(customer, review(customer, &app.act(), at)?)).await
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
        piece.change(id, "changed", |customer: &Record<Customer>| written(customer, first_review(customer, &app.act(), at)?)).await
    }
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
            let listed = Reviews { hours: since.plus_seconds(-OVERLAP).spans_until(at, HOUR), at };
            piece.walk(&listed, place).await
        }
    }
}
