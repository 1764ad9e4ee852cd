//! `POST /follow-ups`: schedules a follow-up for whoever owns the lead or customer, or for whom the
//! caller names.

use crate::views::FollowUpOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Party, Problem, Route, Scoped, Seen, Stop, location};
use domain::follow_up::{self, FollowUp, FollowUpText};
use domain::value::Prose;
use domain::{CustomerId, LeadId, Owner, PartyId, Permission, Time, UserId};
use std::sync::Arc;
use store::Tx;

domain::body! {
    /// A follow-up of a lead or a customer: exactly one of the two.
    pub struct CreateFollowUp {
        pub lead_id: Option<LeadId>,
        pub customer_id: Option<CustomerId>,
        pub due_at: Time,
        pub notes: Option<Prose>,
        /// The owner of the lead or customer when not given, or the caller where nobody owns it.
        pub assignee_id: Option<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/follow-ups", "create_follow_up")
        .needs(Permission::FollowupsManage)
        .about("Follow-ups", "Schedule a follow-up")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped>, body: Arc<Json<CreateFollowUp>>) -> Result<Party, Stop> {
    let party = PartyId::exactly_one(body.0.lead_id, body.0.customer_id).map_err(Problem::fields)?;
    seen.named_party(party, &seen.who.scope).await
}

type CreateCall = Call<Scoped, (), (), Json<CreateFollowUp>>;

async fn handle(call: CreateCall, party: Party) -> Result<Answer<FollowUpOut>, Stop> {
    let (act, body) = (call.act(), &call.body.0);
    let assignee = assignee(&call, &party).await?;
    let (follow_up, event) = follow_up::schedule(&act, party.id, body.due_at, &assignee, FollowUpText { notes: body.notes.clone() });
    let mut tx = Tx::new();
    tx.create(&follow_up);
    tx.event(&event);
    // Whom nobody named is the owner, whose records move on when the owner leaves.
    if body.assignee_id.is_some() && assignee.id != call.caller().id {
        tx.require_active(assignee.id, "/assigneeId");
    }
    let (place, version) = (location::<FollowUp>("follow-ups", follow_up.id), follow_up.version);
    let answer = Answer::created(FollowUpOut::whole(follow_up, act.at, &call.app.config.zone), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}

/// Whom the caller names; else the owner, whose stamps the lead or customer carries; else the caller.
async fn assignee(call: &CreateCall, party: &Party) -> Result<Owner, Stop> {
    let caller = call.caller();
    match (call.body.0.assignee_id, party.owner()) {
        (Some(named), _) if named != caller.id => call.assignable(named, call.scope(), "/assigneeId").await,
        (None, Some(owner)) if owner != caller.id => {
            let name = party.owner_name().unwrap_or_default().to_owned();
            Ok(Owner { id: owner, name, team: party.team() })
        }
        _ => Ok(Owner::caller(caller)),
    }
}
