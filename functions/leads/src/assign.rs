//! `PATCH /leads/{id}/assign`: another owner, or none.

use crate::{check_open, lead};
use api::problem::Code;
use api::views::LeadOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::input::Patch;
use domain::lead::{self as rules, Lead};
use domain::{LeadId, Permission, Record, UserId};
use store::Tx;

domain::body! {
    /// The new owner.
    pub struct AssignLead {
        /// An active user inside reach, or null for the pool. Required.
        pub owner_id: Patch<Option<UserId>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}/assign", "assign_lead")
        .needs(Permission::LeadsAssign)
        .about("Leads", "Give a lead to another owner")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,)>) -> Result<Record<Lead>, Stop> {
    lead(&seen).await
}

async fn handle(call: Call<Scoped, (LeadId,), (), Json<AssignLead>>, loaded: Record<Lead>) -> Result<Answer<LeadOut>, Stop> {
    let Patch::Set(wanted) = call.body.0.owner_id else {
        return Err(Problem::field("/ownerId", "required", "is required; null gives the lead to nobody").into());
    };
    check_open(&loaded)?;
    let owner = match wanted {
        Some(id) => Some(call.assignable(id, call.scope(), "/ownerId").await?),
        None => None,
    };
    let decide = |lead: &Record<Lead>, act: &Act| {
        check_open(lead)?;
        let Some((next, events)) = rules::assign(lead, act, owner.as_ref()) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        if let Some(owner) = &owner {
            tx.require_active(owner.id, "/ownerId");
        }
        Ok(Some((next, tx)))
    };
    let lead = call.change(loaded, Some(call.scope()), decide).await?;
    let version = lead.version;
    Ok(Answer::ok(LeadOut::from(lead)).version(version))
}
