//! `GET /campaigns/{id}`: one campaign with how its messages fared.

use crate::views::CampaignOut;
use domain::campaign::{Campaign, Stats};
use domain::{CampaignId, Permission};
use edge::{Action, Answer, Authorized, Context, Purpose, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/campaigns/{id}", "get_campaign")
        .needs(Permission::CampaignsRead)
        .about("Campaigns", "Get a campaign with how its messages fared")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Campaign>, Stats);

async fn load(context: Context<Authorized, (CampaignId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_campaign(context.scope(), context.path.0, Purpose::Read).await?)
}

async fn handle(_: Request<Authorized, (CampaignId,)>, (campaign, stats): Found) -> Result<Answer<CampaignOut>, Rejection> {
    let version = campaign.version;
    Ok(Answer::ok(CampaignOut::new(campaign.into_record(), stats)).version(version))
}
