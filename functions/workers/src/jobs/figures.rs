//! The figures of dashboards: puts recounts on the work queue, each night of a thirtieth of all teams and users, which compares and
//! reports; by hand of all of them, which repairs as well.

use super::piece::Piece;
use crate::failure::Failure;
use crate::repair::check_counters;

const DAY: i64 = 86_400;

pub(super) async fn send(piece: &mut Piece<'_>) -> Result<(), Failure> {
    let (app, run) = (piece.app, piece.run);
    let day = run.date.start(&app.config.zone).seconds().div_euclid(DAY);
    let night = run.is_scheduled().then(|| u32::try_from(day).unwrap_or_default());
    let repair = !run.is_scheduled() && !run.dry_run;
    let sent = check_counters(app, night, repair).await?;
    piece.add("sent", sent as u64);
    Ok(())
}
