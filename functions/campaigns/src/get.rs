//! `GET /campaigns/{id}`: one campaign with how its messages fared, and where it is asked for whom its segment has.

use crate::views::CampaignPage;
use domain::campaign::{Campaign, Stats};
use domain::{CampaignId, Permission};
use edge::application::Preview;
use edge::{Action, Answer, Authorized, Context, Problem, Purpose, Reached, Rejection, Request, Route};

contract::query! {
    /// What is shown beside the campaign.
    pub struct GetCampaign {
        /// Whether to count the customers of the segment that the caller reaches, of up to 1000; this takes `customers:read`.
        pub preview: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/campaigns/{id}", "get_campaign")
        .needs(Permission::CampaignsRead)
        .about("Campaigns", "Get a campaign with how its messages fared")
        .touches(&[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Campaign>, Stats, Option<Preview>);

async fn load(context: Context<Authorized, (CampaignId,), GetCampaign>) -> Result<Found, Rejection> {
    let (campaign, stats) = context.app.reach_campaign(context.scope(), context.path.0, Purpose::Read).await?;
    let preview = match context.query.preview {
        Some(true) => {
            let customers = context.scope_of(Permission::CustomersRead).ok_or_else(|| Problem::forbidden(Permission::CustomersRead.name()))?;
            Some(context.app.preview(&customers, &campaign.text.segment, campaign.data.channel).await?)
        }
        _ => None,
    };
    Ok((campaign, stats, preview))
}

async fn handle(_: Request<Authorized, (CampaignId,), GetCampaign>, (campaign, stats, preview): Found) -> Result<Answer<CampaignPage>, Rejection> {
    let version = campaign.version;
    Ok(Answer::ok(CampaignPage::new(campaign.into_record(), stats, preview)).version(version))
}
