//! RFM: scores the customers whose score can be another, and moves them to the loyalty level of it (`domain::rfm`).

use super::due::{HOUR, hours};
use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change_telling;
use application::{App, Scoring};
use domain::customer::Customer;
use domain::rfm::{Rescored, review, review_anyway};
use domain::{CustomerId, Record, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

/// How long before the last run it begins to look, seconds: for what was on its way then.
const OVERLAP: i64 = HOUR;

/// The customers whose moment comes in these hours; else everyone who ever bought something: in a first run, since an earlier release put
/// nobody down, and after a change of thresholds or floors.
struct Scorings {
    hours: Option<Vec<Time>>,
    /// Whose moment comes later in the last hour waits for the next night.
    at: Time,
    /// As it is when a piece begins: a change in that moment has everyone looked at once more.
    scoring: Scoring,
}

impl Scorings {
    fn scored(&self, app: &App, customer: &Record<Customer>) -> Option<Tx> {
        let (act, rules, floors) = (app.act(), self.scoring.rules(), &self.scoring.floors);
        let review = if self.hours.is_some() { review } else { review_anyway };
        let Rescored { customer: next, event } = review(customer, &act, self.at, &rules, floors)?;
        Some(change_telling(customer, &next, &event))
    }
}

impl Listed for Scorings {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        self.hours.as_ref().map_or(1, Vec::len)
    }

    async fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        match &self.hours {
            Some(hours) => app.unscoped().scorings(hours[list], self.at, paging).await,
            None => app.unscoped().all_buyers(paging).await,
        }
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let app = piece.app;
        piece.change(id, "changed", |customer| self.scored(app, customer)).await
    }
}

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let (run, scoring) = (piece.run, piece.app.scoring().await?);
    let hours = hours(run, OVERLAP).filter(|_| run.everyone.is_none());
    piece.walk(&Scorings { hours, at: run.started_at, scoring }, place).await
}
