//! `POST /follow-ups`: schedules a follow-up for whoever owns the lead or customer, or for whom the
//! caller names.

use crate::bodies::CreateFollowUp;
use crate::views::FollowUpOut;
use contract::Sent;
use domain::follow_up::{self, FollowUpData, FollowUpText};
use domain::{Caller, Owner, Party, PartyId, Permission};
use edge::application::{Checks, Chosen};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/follow-ups", "create_follow_up")
        .needs(Permission::FollowupsManage)
        .about("Follow-ups", "Schedule a follow-up")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Party, Option<Chosen>);

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateFollowUp>>) -> Result<Found, Rejection> {
    let mut checks = Checks::default();
    let party = sent.lead_id.zip(sent.customer_id).map(|(lead, customer)| PartyId::exactly_one(lead, customer)).transpose();
    let party = match checks.of(party)?.flatten() {
        Some(party) => checks.of(context.app.named_party(Some(context.scope()), party).await)?,
        None => None,
    };
    let assignee = checks.of(context.chosen(sent.assignee_id.flatten(), "assigneeId").await)?.flatten();
    Ok(checks.give(party.map(|party| (party, assignee)))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateFollowUp>>, (party, assignee): Found) -> Result<Answer<FollowUpOut>, Rejection> {
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    let named = assignee.map(|assignee| assignee.owner(caller));
    request
        .decide(party, |party, act| {
            let assignee = named.clone().unwrap_or_else(|| implied(party, caller));
            let (mut data, mut text) = (FollowUpData::new(party.id, body.due_at, assignee.id), FollowUpText::default());
            body.fill(&mut data, &mut text);
            let (follow_up, event) = follow_up::schedule(act, party, data, text, &assignee)?;
            let mut change = Change::new();
            change.create(&follow_up);
            change.event(&event);
            // Whom nobody named is the owner, whose records move on when the owner leaves.
            change.require_active(named.as_ref(), caller.id, "assigneeId");
            Ok(Answer::creation(change, "follow-ups", follow_up, |follow_up| FollowUpOut::new(follow_up, act.at, zone)))
        })
        .await
}

/// Who does it when nobody is named: the owner, whose stamps the lead or customer carries; else the
/// caller.
fn implied(party: &Party, caller: &Caller) -> Owner {
    match party.owner().filter(|owner| *owner != caller.id) {
        Some(owner) => Owner { id: owner, name: party.owner_name().unwrap_or_default().to_owned(), team: party.team() },
        None => Owner::caller(caller),
    }
}
