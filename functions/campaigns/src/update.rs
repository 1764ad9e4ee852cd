//! `PATCH /campaigns/{id}`: changes the fields that are sent before it runs, schedules or cancels it.

use crate::bodies::UpdateCampaign;
use crate::create::check_owners;
use crate::views::CampaignOut;
use contract::{Patch, Sent};
use domain::campaign::{self, Campaign, CampaignBody, CampaignStatus, Stats, faults, moves_to, schedule_faults};
use domain::{CampaignId, Permission};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Code, Context, Json, Problem, Purpose, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/campaigns/{id}", "update_campaign")
        .needs(Permission::CampaignsUpdate)
        .about("Campaigns", "Change, schedule or cancel a campaign")
        .remark("What was not sent when a campaign is cancelled is not sent any more. Whoever changes a scheduled campaign needs `campaigns:execute`, and has it go to customers inside their own reach.")
        .fails(&[Code::CampaignTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

type Found = (Reached<Campaign>, Stats);

async fn load(context: Context<Authorized, (CampaignId,)>, sent: Arc<Sent<UpdateCampaign>>) -> Result<Found, Rejection> {
    let (campaign, stats) = context.app.reach_campaign(context.scope(), context.path.0, Purpose::Change).await?;
    let mut checks = Checks::default();
    // What runs or ran is not changed, whatever it would say.
    let data = &campaign.data;
    if data.status.is_open() {
        let subject = sent.subject.as_ref().map(|subject| subject.over(&data.subject));
        let channel = sent.channel.as_ref().map(|channel| channel.over(&data.channel));
        let body = sent.body.as_ref().map(|body| body.value().map_or(campaign.text.body.as_str(), CampaignBody::as_str));
        for fault in faults(channel, subject.as_ref().map(Option::as_ref), body) {
            checks.note(Some(fault));
        }
        if let Some(at) = sent.scheduled_at.as_ref().map(|at| at.over(&data.scheduled_at)) {
            let to = sent.status.as_ref().map(|status| moves_to(&campaign, status.value().copied(), at));
            checks.note(schedule_faults(to, at, at != data.scheduled_at, context.app.clock.now()));
        }
    }
    if let Some(segment) = sent.segment.as_ref().and_then(Patch::value) {
        checks.of(check_owners(&context, segment, &campaign.text.segment).await)?;
    }
    Ok(checks.give(Some((campaign, stats)))?)
}

type UpdateRequest = Request<Authorized, (CampaignId,), (), Json<UpdateCampaign>>;

async fn handle(request: UpdateRequest, (campaign, stats): Found) -> Result<Answer<CampaignOut>, Rejection> {
    let (body, executes) = (&request.body.0, request.needs(Permission::CampaignsExecute).is_ok());
    let decide = |campaign: &Reached<Campaign>, act: &_| {
        let (mut data, mut text) = (campaign.data.clone(), campaign.text.clone());
        body.apply(&mut data, &mut text);
        if let Some(body) = body.body.value() {
            text.body = body.to_string();
        }
        if let Some(segment) = body.segment.value() {
            text.segment = segment.segment();
        }
        let changed = campaign::update(campaign, act, data, text, body.status.value().copied())?;
        match &changed {
            Some((next, _)) if next.data.status == CampaignStatus::Scheduled && !executes => {
                Err(Problem::forbidden(Permission::CampaignsExecute.name()).into())
            }
            _ => Ok(changed),
        }
    };
    request.change(campaign, decide, |_| {}, |campaign| CampaignOut::new(campaign, stats)).await
}
