//! `POST /campaigns/{id}/execute`: starts a campaign now, in the background.

use crate::views::CampaignOut;
use domain::campaign::{self, Campaign, Stats};
use domain::{CampaignId, Permission};
use edge::application::decide::changed;
use edge::{Action, Answer, Authorized, Code, Context, Purpose, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::post("/campaigns/{id}/execute", "execute_campaign")
        .needs(Permission::CampaignsExecute)
        .about("Campaigns", "Start a campaign")
        .remark("It goes to the customers of its segment whom the caller reaches, one message each; `GET /campaigns/{id}` tells how it goes.")
        .status(202)
        .fails(&[Code::CampaignTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Campaign>, Stats);

async fn load(context: Context<Authorized, (CampaignId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_campaign(context.scope(), context.path.0, Purpose::Change).await?)
}

async fn handle(request: Request<Authorized, (CampaignId,)>, (campaign, stats): Found) -> Result<Answer<CampaignOut>, Rejection> {
    request
        .decide(campaign, |campaign, act| {
            let (next, event) = campaign::execute(campaign, act)?;
            Ok(changed(campaign, Some((next, vec![event]))).map(|campaign| {
                let version = campaign.version;
                Answer::ok(CampaignOut::new(campaign, stats)).status(202).version(version)
            }))
        })
        .await
}
