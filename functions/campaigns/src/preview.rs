//! `GET /campaigns/{id}/preview`: whom the segment of a campaign has.

use crate::views::SegmentPreview;
use domain::campaign::Campaign;
use domain::{CampaignId, Permission};
use edge::application::Preview;
use edge::{Action, Answer, Authorized, Context, Problem, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/campaigns/{id}/preview", "preview_campaign")
        .needs(Permission::CampaignsRead)
        .about("Campaigns", "Count the customers of a campaign's segment")
        .remark("It counts those whom the caller reaches, which takes `customers:read`; to whom a campaign goes is a matter of who starts it.")
        .touches(&[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (CampaignId,)>) -> Result<Preview, Rejection> {
    let campaign: Reached<Campaign> = context.read(context.path.0).await?;
    let customers = context.scope_of(Permission::CustomersRead).ok_or_else(|| Problem::forbidden(Permission::CustomersRead.name()))?;
    Ok(context.app.preview(&customers, &campaign.text.segment, campaign.data.channel).await?)
}

async fn handle(_: Request<Authorized, (CampaignId,)>, preview: Preview) -> Result<Answer<SegmentPreview>, Rejection> {
    Ok(Answer::ok(preview.into()))
}
