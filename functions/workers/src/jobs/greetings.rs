//! Greetings: messages to the customers whose birthday it is, and to those of whom nobody heard for long. What is read is whom they may
//! be for; who was written to for the same is left alone.

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::messages::{words, write};
use application::App;
use domain::customer::Customer;
use domain::message::{Occasion, birthdays_on, has_birthday, is_missed, missed};
use domain::message_template::{MessageTemplate, TemplateKind};
use domain::{CustomerId, Record};
use messaging::Place;
use store::{Page, Paging};

struct Birthdays {
    /// The days of the year whose birthdays are celebrated on the day of the run.
    days: Vec<String>,
    words: Record<MessageTemplate>,
}

impl Listed for Birthdays {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        self.days.len()
    }

    async fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        app.unscoped().birthdays(&self.days[list], paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let (app, day) = (piece.app, piece.run.date);
        let greeted = |customer: &Record<Customer>| {
            if !has_birthday(customer, day) {
                return Ok(None);
            }
            write(&app.act(), customer, Occasion::birthday(day), &self.words).map(Some)
        };
        piece.try_change(id, "written", greeted).await
    }
}

/// Those of whom nobody heard for long.
struct Missed {
    words: Record<MessageTemplate>,
}

impl Listed for Missed {
    type Name = CustomerId;

    fn lists(&self) -> usize {
        1
    }

    async fn page(&self, app: &App, _: usize, paging: Paging<'_>) -> Result<Page<CustomerId>, store::Error> {
        app.unscoped().inactive_customers(paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: CustomerId) -> Result<(), Failure> {
        let (app, day) = (piece.app, piece.run.date);
        let asked = |customer: &Record<Customer>| {
            let act = app.act();
            if !is_missed(customer, customer.derived.missed_at, act.at) {
                return Ok(None);
            }
            let mut tx = write(&act, customer, Occasion::inactivity(day), &self.words)?;
            tx.update(customer, &missed(customer, &act));
            Ok(Some(tx))
        };
        piece.try_change(id, "written", asked).await
    }
}

pub(super) async fn birthdays(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let words = words(piece.app, TemplateKind::Birthday).await?;
    piece.walk(&Birthdays { days: birthdays_on(piece.run.date), words }, place).await
}

pub(super) async fn inactivity(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let words = words(piece.app, TemplateKind::Inactivity).await?;
    piece.walk(&Missed { words }, place).await
}
