//! Reminders: each morning, of the follow-ups and tasks that are due. What is read is what is due; a record that was
//! reminded of on the day is left alone, so a run can be repeated and goes on where it ended.

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change_telling;
use application::App;
use domain::Record;
use domain::reminder::{Dated, end_of, remind};
use messaging::Place;
use std::marker::PhantomData;
use store::records::Due;
use store::{Page, Paging, Tx};

struct Reminders<E> {
    until: domain::Time,
    of: PhantomData<fn(E)>,
}

impl<E: Dated + Due> Listed for Reminders<E> {
    type Name = E::Id;

    fn lists(&self) -> usize {
        1
    }

    async fn page(&self, app: &App, _: usize, paging: Paging<'_>) -> Result<Page<E::Id>, store::Error> {
        app.unscoped().due_before::<E>(self.until, paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: E::Id) -> Result<(), Failure> {
        let (app, day) = (piece.app, piece.run.date);
        let told = |record: &Record<E>| -> Option<Tx> {
            let (next, event) = remind(record, &app.act(), day, &app.config.zone)?;
            Some(change_telling(record, &next, [&event]))
        };
        piece.change(id, "reminded", told).await
    }
}

pub(super) async fn next<E: Dated + Due>(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let listed = Reminders::<E> { until: end_of(piece.run.date, &piece.app.config.zone), of: PhantomData };
    piece.walk(&listed, place).await
}
