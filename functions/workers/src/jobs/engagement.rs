//! Engagement: says of the customers whose moment has come whether the contact is hot, warm or inactive
//! (`domain::engagement`).

use super::due::{HOUR, hours};
use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change_telling;
use application::App;
use domain::customer::Customer;
use domain::engagement::{first_review, review};
use domain::event::{Act, Event};
use domain::{CustomerId, Record, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

/// How long before the last run it begins to look, seconds: a day, since what was set by hand on the day of a run waits for the
/// next one, and an hour for what was on its way then.
const OVERLAP: i64 = 25 * HOUR;

/// What says whether a customer is reviewed at a moment of the day that began then.
type Rule = fn(&Record<Customer>, &Act, Time, Time) -> Option<(Record<Customer>, Option<Event>)>;

/// The customers whose moment comes in these hours; in a first run every customer that is not archived, since those that an earlier
/// release made were put down for no review.
struct Reviews {
    hours: Option<Vec<Time>>,
    /// Whose moment comes later in the last hour waits for the next night.
    at: Time,
    /// When the local day of that moment began.
    day: Time,
    rule: Rule,
}

impl Listed for Reviews {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        self.hours.as_ref().map_or(1, Vec::len)
    }

    async fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        match &self.hours {
            Some(hours) => app.unscoped().reviews(hours[list], self.at, paging).await,
            None => app.unscoped().all_customers(paging).await,
        }
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let app = piece.app;
        let reviewed = |customer: &Record<Customer>| -> Option<Tx> {
            let (next, event) = (self.rule)(customer, &app.act(), self.at, self.day)?;
            Some(change_telling(customer, &next, &event))
        };
        piece.change(id, "changed", reviewed).await
    }
}

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let (at, zone) = (piece.run.started_at, &piece.app.config.zone);
    let hours = hours(piece.run, OVERLAP);
    let rule: Rule = if hours.is_some() { review } else { first_review };
    piece.walk(&Reviews { hours, at, day: at.day_in(zone).start(zone), rule }, place).await
}
