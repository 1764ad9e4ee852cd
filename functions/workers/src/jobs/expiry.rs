//! Expiry: ends the promotions whose end has passed.

use super::piece::{Listed, Piece};
use crate::failure::Failure;
use crate::work::change_telling;
use application::App;
use domain::promotion::{Promotion, ended_by_date};
use domain::{PromotionId, Record, Time};
use messaging::Place;
use store::{Page, Paging, Tx};

/// Those whose end comes up to this moment.
struct Ending(Time);

impl Listed for Ending {
    type Name = PromotionId;

    fn lists(&self) -> usize {
        1
    }

    async fn page(&self, app: &App, _: usize, paging: Paging<'_>) -> Result<Page<PromotionId>, store::Error> {
        app.unscoped().promotions_ending(self.0, paging).await
    }

    async fn each(&self, piece: &mut Piece<'_>, id: PromotionId) -> Result<(), Failure> {
        let app = piece.app;
        let ended = |promotion: &Record<Promotion>| -> Option<Tx> {
            let (next, event) = ended_by_date(promotion, &app.act())?;
            Some(change_telling(promotion, &next, [&event]))
        };
        piece.change(id, "ended", ended).await
    }
}

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let ending = Ending(piece.run.started_at);
    piece.walk(&ending, place).await
}
