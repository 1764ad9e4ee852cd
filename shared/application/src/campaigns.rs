//! Campaigns: with how their messages fared, whom they are for, and who started them.

use crate::app::App;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use domain::campaign::{Campaign, Segment, Stats};
use domain::customer::Customer;
use domain::message::{CustomerChannel, address};
use domain::user::UserStatus;
use domain::{Caller, CampaignId, Permission, Record, Row, Scope};
use store::Paging;
use store::records::segment_plan;

/// How many customers of a segment a preview counts at most; it looks at as many rows, or 300 where they are found by lifecycle and level.
const PREVIEWED: usize = 1_000;

/// Whom a segment is for, as far as somebody reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// How many customers are in it.
    pub customers: u64,
    /// How many of these can be written to.
    pub reachable: u64,
    /// Whether these are all; else more may be.
    pub complete: bool,
}

impl App {
    /// A campaign inside reach with how its messages fared, read at once.
    pub async fn reach_campaign(&self, scope: &Scope, id: CampaignId, purpose: Purpose) -> Result<(Reached<Campaign>, Stats), Error> {
        let stats = async { Ok(self.store().campaign_stats(id).await?) };
        tokio::try_join!(self.reach::<Campaign>(scope, id, purpose), stats)
    }

    /// How the messages of each of these fared.
    pub async fn stats_of(&self, campaigns: &[Row<Campaign>]) -> Result<Vec<Stats>, Error> {
        let ids: Vec<CampaignId> = campaigns.iter().map(|campaign| campaign.id).collect();
        Ok(self.store().stats_of(&ids).await?)
    }

    /// Counts the customers of a segment inside reach, in one look.
    pub async fn preview(&self, scope: &Scope, segment: &Segment, channel: CustomerChannel) -> Result<Preview, Error> {
        let plan = segment_plan(segment, scope);
        let paging = Paging { limit: PREVIEWED, cursor: None, binding: "preview" };
        let zone = &self.config.zone;
        let page = self.store().list::<Customer>(&plan, paging, |row| row.inside(scope) && segment.matches(row, zone)).await?;
        let reachable = page.items.iter().filter(|customer| address(customer, &[channel]).is_ok()).count();
        Ok(Preview { customers: page.items.len() as u64, reachable: reachable as u64, complete: page.next.is_none() })
    }

    /// Which customers whoever started a campaign reaches now; `None` where that one may not start campaigns any more, or see
    /// customers.
    pub async fn unscoped_starter(&self, campaign: &Record<Campaign>) -> Result<Option<Scope>, Error> {
        let Some(starter) = campaign.derived.starter_id else { return Ok(None) };
        let Some(auth) = self.store().auth(starter).await?.filter(|auth| auth.status == UserStatus::Active) else { return Ok(None) };
        let caller = Caller::of(&auth, self.grants_of(auth.role).await?);
        Ok(caller.scope(Permission::CampaignsExecute).and_then(|executes| executes.by(Permission::CustomersRead)))
    }
}
