//! `DELETE /leads/{id}`: archives a lead, which PATCH with `archived: false` brings back. With
//! `?hard=true` it is deleted for good; its activities and follow-ups follow in the background, and
//! tasks lose their link.

use crate::{check_open, lead};
use api::problem::Code;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::lead::{self as rules, Lead};
use domain::{LeadId, Permission, Record};
use store::{Refusal, Tx};

domain::query! {
    /// How it is deleted.
    pub struct DeleteLead {
        /// Deletes it for good, with what hangs below; needs leads:purge.
        pub hard: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::delete("/leads/{id}", "delete_lead")
        .needs(Permission::LeadsDelete)
        .about("Leads", "Archive a lead, or delete it for good")
        .status(204)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,), DeleteLead>) -> Result<Record<Lead>, Stop> {
    lead(&seen).await
}

type DeleteCall = Call<Scoped, (LeadId,), DeleteLead>;

async fn handle(call: DeleteCall, loaded: Record<Lead>) -> Result<Answer<()>, Stop> {
    if call.query.hard == Some(true) {
        return purge(&call, loaded).await;
    }
    let decide = |lead: &Record<Lead>, act: &Act| {
        check_open(lead)?;
        let mut data = lead.data.clone();
        data.archived_at = data.archived_at.or(Some(act.at));
        let Some((next, events)) = rules::update(lead, act, data, lead.text.clone()) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.move_lead_contacts(Some(lead), Some(&next), true);
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    call.change(loaded, Some(call.scope()), decide).await?;
    Ok(Answer::nothing())
}

/// The record, its place among the duplicates and its counts go with the event that tells of it.
async fn purge(call: &DeleteCall, loaded: Record<Lead>) -> Result<Answer<()>, Stop> {
    let needed = Permission::LeadsPurge;
    call.caller().scope(needed).ok_or_else(|| Problem::forbidden(needed.name()))?;
    call.remove(loaded, |lead, act| {
        check_open(lead)?;
        let mut tx = Tx::new();
        tx.delete(lead, Refusal::Stale);
        tx.move_lead_contacts(Some(lead), None, true);
        tx.event(&rules::purged(lead, act));
        Ok(tx)
    })
    .await?;
    Ok(Answer::nothing())
}
