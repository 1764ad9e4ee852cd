//! Campaigns as they begin by themselves, and as they end.

use crate::failure::Failure;
use crate::work::{change_telling, decide_on};
use application::App;
use domain::campaign::{Campaign, execute, finished, is_due};
use domain::{CampaignId, Time};
use store::Paging;

/// How many campaigns one look starts; the others start a minute later.
const STARTED: usize = 100;

/// Why a campaign fails whose starter left, or may do less by now.
pub(crate) const NOBODY: &str = "whoever started or scheduled it may not start campaigns or see customers any more";

/// Starts the campaigns whose time has come. One that cannot be started holds up none of the others.
pub(crate) async fn start_due(app: &App, now: Time) -> Result<(), Failure> {
    let due = app.unscoped().campaigns_due(now, Paging { limit: STARTED, cursor: None, binding: "jobs" }).await?;
    for id in due.items {
        match start(app, id, now).await {
            Err(failure) if failure.is_outage() => return Err(failure),
            Err(failure) => application::log::fault("campaigns", &format!("campaign {id} does not start: {failure}")),
            Ok(()) => {}
        }
    }
    Ok(())
}

async fn start(app: &App, id: CampaignId, now: Time) -> Result<(), Failure> {
    let Some(campaign) = app.unscoped().get_latest::<Campaign>(id).await?.filter(|campaign| is_due(campaign, now)) else { return Ok(()) };
    if app.unscoped_starter(&campaign).await?.is_none() {
        return finish(app, id, Some(NOBODY)).await;
    }
    let started = decide_on::<Campaign>(app, id, |campaign| {
        let (next, event) = execute(campaign, &app.act()).ok().filter(|_| is_due(campaign, now))?;
        Some(change_telling(campaign, &next, [&event]))
    });
    Box::pin(started).await.map(drop)
}

/// Ends a campaign that runs where something keeps it from going on, or where every customer was found and no message of it is on its
/// way. Whoever ends the last message looks, and whoever found the last customer; the later of the two sees that all is done, since
/// either looks after having written.
pub(crate) async fn finish(app: &App, id: CampaignId, error: Option<&str>) -> Result<(), Failure> {
    let stats = app.unscoped().campaign_stats(id, true).await?;
    if stats.queued > 0 && error.is_none() {
        return Ok(());
    }
    let ended = decide_on::<Campaign>(app, id, |campaign| {
        let (next, event) = finished(campaign, &app.act(), stats, error)?;
        Some(change_telling(campaign, &next, [&event]))
    });
    Box::pin(ended).await.map(drop)
}
