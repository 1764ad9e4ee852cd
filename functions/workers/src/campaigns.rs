//! Campaigns as they begin by themselves, and as they end.

use crate::failure::Failure;
use crate::work::{change_telling, decide_on, paging};
use application::App;
use domain::campaign::{Campaign, CampaignStatus, Stats, execute, finished, is_due};
use domain::{CampaignId, Record, Time};
use store::Tx;

/// Why a campaign fails whose starter left, or may do less by now.
const NOBODY: &str = "whoever started or scheduled it may not start campaigns or see customers any more";

/// Starts the campaigns whose time has come. One that cannot be started holds up none of the others.
pub(crate) async fn start_due(app: &App, now: Time) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let due = app.unscoped().campaigns_due(now, paging(after.as_deref())).await?;
        for id in due.items {
            match start(app, id, now).await {
                Err(failure) if failure.is_outage() => return Err(failure),
                Err(failure) => application::log::fault("campaigns", &format!("campaign {id} does not start: {failure}")),
                Ok(()) => {}
            }
        }
        match due.next {
            Some(next) => after = Some(next.to_string()),
            None => return Ok(()),
        }
    }
}

async fn start(app: &App, id: CampaignId, now: Time) -> Result<(), Failure> {
    let Some(campaign) = app.unscoped().get_latest::<Campaign>(id).await?.filter(|campaign| is_due(campaign, now)) else { return Ok(()) };
    if app.unscoped_starter(&campaign).await?.is_none() {
        return fail(app, &campaign, Stats::default()).await;
    }
    // Whose customers it goes to is looked up again by whoever looks for them.
    let started = decide_on::<Campaign>(app, id, |campaign| {
        let (next, event) = execute(campaign, &app.act()).ok().filter(|_| is_due(campaign, now))?;
        Some(change_telling(campaign, &next, [&event]))
    });
    Box::pin(started).await.map(drop)
}

/// Ends a campaign whose starter may not go on, unless it stands otherwise by now, or is another one's.
pub(crate) async fn fail(app: &App, seen: &Record<Campaign>, stats: Stats) -> Result<(), Failure> {
    let as_seen = |campaign: &Record<Campaign>| {
        (campaign.data.status, campaign.data.scheduled_at, campaign.derived.starter_id)
            == (seen.data.status, seen.data.scheduled_at, seen.derived.starter_id)
    };
    let failed = decide_on::<Campaign>(app, seen.id, |campaign| {
        Some(campaign).filter(|campaign| as_seen(campaign)).and_then(|campaign| ended(app, campaign, stats, Some(NOBODY)))
    });
    Box::pin(failed).await.map(drop)
}

/// Ends a campaign that runs where every customer was found and no message of it is on its way. Whoever ends a message looks, and
/// whoever found the last customer: first whether all were found, since no more are made from then on, then whether any is on its
/// way. The later of the two sees that all is done, since either looks after having written.
pub(crate) async fn finish(app: &App, id: CampaignId) -> Result<(), Failure> {
    let is_found = |campaign: &Record<Campaign>| campaign.data.status == CampaignStatus::Running && campaign.derived.resolved;
    if !app.unscoped().get_latest::<Campaign>(id).await?.is_some_and(|campaign| is_found(&campaign)) {
        return Ok(());
    }
    let stats = app.unscoped().campaign_stats(id).await?;
    if stats.queued > 0 {
        return Ok(());
    }
    Box::pin(decide_on::<Campaign>(app, id, |campaign| ended(app, campaign, stats, None))).await.map(drop)
}

fn ended(app: &App, campaign: &Record<Campaign>, stats: Stats, error: Option<&str>) -> Option<Tx> {
    let (next, event) = finished(campaign, &app.act(), stats, error)?;
    Some(change_telling(campaign, &next, [&event]))
}
