//! Recounting the figures of dashboards, a scope at a time: of a team, of what has no team, of a person.
//!
//! A recount sums what was counted of the records that the lists of the scope have, and compares it with the scope's figures. What differs
//! is told by a metric and a line of the log. With repair each record is counted first as it is now, which brings in what was never counted;
//! and where the same differences are found a minute later, and nothing of the figures moved meanwhile, they are put right.

use crate::failure::Failure;
use crate::work::{PAGE, Piece, RECORDS_PER_MESSAGE, send};
use application::App;
use application::metric::Metric;
use domain::figures::Whose;
use messaging::{Place, Recounting, Work};
use store::Paging;

/// In how many nights every scope is recounted once.
pub const NIGHTS: u32 = 30;
/// How long after differences were found they are looked for again, seconds.
const LATER: u32 = 60;
/// How often a recount begins again since the figures moved meanwhile.
const TRIES: u32 = 3;

/// Puts a recount of every scope on the work queue, or of those whose turn it is in a night: the number of a day. Gives how many these are.
pub async fn check_counters(app: &App, night: Option<u32>, repair: bool) -> Result<usize, Failure> {
    let mut scopes = app.unscoped().figure_scopes().await?;
    if let Some(night) = night {
        scopes.retain(|whose| turn(*whose) == night % NIGHTS);
    }
    for whose in &scopes {
        send(app, of(*whose, repair, None), 0).await?;
    }
    Ok(scopes.len())
}

/// In which night a scope is recounted: the end of an id is random.
fn turn(whose: Whose) -> u32 {
    let id = match whose {
        Whose::Team(None) => return 0,
        Whose::Team(Some(team)) => team.uuid(),
        Whose::User(user) => user.uuid(),
    };
    id.as_bytes()[12..].iter().fold(0u32, |sum, byte| (sum * 256 + u32::from(*byte)) % NIGHTS)
}

/// The work that recounts a scope.
fn of(whose: Whose, repair: bool, from: Option<Recounting>) -> Work {
    let (team, user) = match whose {
        Whose::Team(team) => (team, None),
        Whose::User(user) => (None, Some(user)),
    };
    Work::CountersCheck { team, user, repair, from }
}

/// Goes on with the recount of a scope; hands on what is left of it.
pub(super) async fn recount(app: &App, piece: &Piece, whose: Whose, repair: bool, from: Option<Recounting>) -> Result<(), Failure> {
    let (store, zone, now) = (app.unscoped(), &app.config.zone, app.clock.now());
    let mut at = from.unwrap_or_else(|| Recounting { counted: !repair, ..Recounting::default() });
    let lists = store.figured_lists(whose, now).await?;
    if at.lists != lists.len() as u64 || (at.place == Place::default() && at.counted) {
        // At the beginning, or there are other lists than there were.
        at = Recounting {
            lists: lists.len() as u64,
            place: Place::default(),
            sums: Default::default(),
            writes: store.figure_writes(whose).await?,
            ..at
        };
    }
    let mut handled = 0;
    while let Some(list) = lists.get(at.place.list) {
        let paging = Paging { limit: PAGE, cursor: at.place.after.as_deref(), binding: "work" };
        let page = store.figured_page(list, paging).await?;
        handled += page.items.len().max(1);
        if at.counted && repair {
            store.sum_counted(&page.items, whose, &mut at.sums).await?;
        } else if at.counted {
            store.sum_present(&page.items, zone, whose, &mut at.sums).await?;
        } else {
            store.count_figures(&page.items, zone, now).await?;
        }
        let after = page.next.map(|cursor| cursor.to_string());
        at.place = Place { list: at.place.list + usize::from(after.is_none()), after };
        if handled >= RECORDS_PER_MESSAGE && at.place.list < lists.len() {
            return piece.hand_on(app, Some(of(whose, repair, Some(at)))).await;
        }
    }
    if !at.counted {
        let next = Recounting { counted: true, lists: at.lists, tries: at.tries, ..Recounting::default() };
        return Box::pin(recount(app, piece, whose, repair, Some(next))).await;
    }
    let differences = store.figure_differences(whose, &at.sums, now).await?;
    let again = |found| Recounting { counted: true, lists: at.lists, found, tries: at.tries + 1, ..Recounting::default() };
    let moved = store.figure_writes(whose).await? != at.writes;
    let is_found_again = at.found.as_ref() == Some(&differences);
    if (moved || (!differences.is_empty() && !is_found_again)) && at.tries < TRIES {
        // What moved meanwhile means nothing; and what the stream has not delivered yet will be there then.
        return piece.hand_on_later(app, of(whose, repair, Some(again((!moved).then_some(differences)))), LATER).await;
    }
    if moved {
        // At night little moves; by day a scope may never rest.
        application::log::fault("counters-check", &format!("{whose:?} moved all the time and was not compared"));
        return Ok(());
    }
    for (figure, (kept, counted)) in &differences {
        Metric::FiguresDiffer.count("");
        application::log::fault("counters-check", &format!("{whose:?} {figure}: {kept} instead of {counted}"));
    }
    if repair && is_found_again {
        store.put_figures_right(whose, &differences, at.writes).await?;
    }
    Ok(())
}
