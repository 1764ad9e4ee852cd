//! `POST /campaigns`: a message to every customer of a segment, as a draft or scheduled.

use crate::bodies::{CreateCampaign, SentSegment};
use crate::views::CampaignOut;
use contract::Sent;
use domain::campaign::{self, CampaignBody, CampaignData, CampaignStatus, CampaignText, Segment, Stats, faults, schedule_faults};
use domain::{Owner, Permission};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Change, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/campaigns", "create_campaign")
        .needs(Permission::CampaignsCreate)
        .about("Campaigns", "Create a campaign")
        .remark("It goes to nobody before it is executed or its time comes.")
        .status(201)
        .touches(&[Action::Get, Action::Put])
        .load_sent(load)
        .handle(handle)
}

/// What of a segment is wrong: people whose customers the caller cannot mean.
pub(crate) async fn check_owners<P: Send + Sync, Q: Send + Sync>(
    context: &Context<Authorized, P, Q>,
    segment: &SentSegment,
    present: &Segment,
) -> Result<(), edge::application::Error> {
    let Some(Some(owners)) = &segment.0.owner_ids else { return Ok(()) };
    let scope = context.scope_of(Permission::CustomersRead);
    context.app.check_people(context.caller(), &owners.0, &present.owner_ids, scope.as_ref(), "segment/ownerIds").await
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateCampaign>>) -> Result<(), Rejection> {
    let mut checks = Checks::default();
    let body = sent.body.as_ref().map(CampaignBody::as_str);
    for fault in faults(sent.channel, sent.subject.as_ref().map(Option::as_ref), body) {
        checks.note(Some(fault));
    }
    checks.note(schedule_faults(None, sent.scheduled_at.flatten(), true, context.app.clock.now()));
    if let Some(Some(segment)) = &sent.segment {
        checks.of(check_owners(&context, segment, &Segment::default()).await)?;
    }
    Ok(checks.give(Some(()))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateCampaign>>, (): ()) -> Result<Answer<CampaignOut>, Rejection> {
    let (body, caller) = (&request.body.0, request.caller());
    if body.scheduled_at.is_some() {
        request.needs(Permission::CampaignsExecute)?;
    }
    request
        .decide((), |(), act| {
            let owner = Owner::caller(caller);
            let mut data = CampaignData {
                name: body.name.clone(),
                channel: body.channel,
                subject: None,
                status: CampaignStatus::Draft,
                scheduled_at: None,
                started_at: None,
                finished_at: None,
                owner_id: owner.id,
            };
            let segment = body.segment.as_ref().map(SentSegment::segment).unwrap_or_default();
            let mut text = CampaignText { body: body.body.to_string(), segment };
            body.fill(&mut data, &mut text);
            let (campaign, event) = campaign::create(act, data, text, &owner)?;
            let mut change = Change::new();
            change.create(&campaign);
            change.event(&event);
            Ok(Answer::creation(change, "campaigns", campaign, |campaign| CampaignOut::new(campaign, Stats::default())))
        })
        .await
}
