//! A campaign as it begins: a message to each customer of its segment that whoever started it reaches.

use super::walk::{Walk, change, decide_on};
use crate::campaigns::{fail, finish};
use crate::failure::Failure;
use crate::messages::made;
use application::App;
use domain::campaign::{Campaign, CampaignStatus, filled, resolved};
use domain::customer::Customer;
use domain::message::{Occasion, Writing, address};
use domain::{CampaignId, Record, Row};
use messaging::Place;
use store::Tx;
use store::records::segment_plan;

/// Makes the messages of a campaign, one for each customer however often it is begun again; ends early where it was cancelled.
pub(super) async fn resolve(app: &App, id: CampaignId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let running = |campaign: &Record<Campaign>| campaign.data.status == CampaignStatus::Running;
    let Some(campaign) = app.unscoped().get_latest::<Campaign>(id).await?.filter(running) else { return Ok(None) };
    if campaign.derived.resolved {
        return finish(app, id).await.map(|()| None);
    }
    let Some(scope) = app.unscoped_starter(&campaign).await? else {
        let stats = app.unscoped().campaign_stats(id).await?;
        return fail(app, &campaign, stats).await.map(|()| None);
    };
    let (segment, channel, zone) = (&campaign.text.segment, campaign.data.channel, &app.config.zone);
    let is_meant = |customer: &Row<Customer>| customer.inside(&scope) && segment.matches(customer, zone);
    let write = |customer: &Record<Customer>| -> Result<Option<Tx>, Failure> {
        if !is_meant(customer) {
            return Ok(None);
        }
        let act = app.act();
        let (subject, body) = filled(&campaign, &act, customer)?;
        let writing = Writing { occasion: Occasion::Campaign(id), channel, subject, body };
        Ok(Some(made(&act, customer, writing, address(customer, &[channel]))))
    };
    let mut walk = Walk::new(app, from);
    let rest = walk.try_list::<Customer>(&segment_plan(segment, &scope), is_meant, write).await?;
    if rest.is_none() {
        decide_on::<Campaign>(app, id, |campaign| resolved(campaign).map(|next| change(campaign, &next))).await?;
        finish(app, id).await?;
    }
    Ok(rest)
}
