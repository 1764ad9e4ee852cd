//! `PATCH /leads/{id}/status`: moves a lead by the transition table. Reopening checks for duplicates
//! again, since a closed lead stands in nobody's way.

use crate::{check_open, lead};
use api::duplicates::explain;
use api::problem::Code;
use api::views::LeadOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::lead::{self as rules, CloseReason, Lead, LeadStatus};
use domain::value::Text;
use domain::{FieldError, LeadId, Permission, Record};
use store::Tx;

domain::body! {
    /// Where the lead goes.
    pub struct MoveLead {
        pub status: LeadStatus,
        /// Only with CLOSED.
        pub close_reason: Option<CloseReason>,
        /// Only with CLOSED.
        pub close_note: Option<Text<500>>,
    }
}

domain::query! {
    /// How it is moved.
    pub struct MoveQuery {
        /// Reopens the lead although another lead or a customer has the same e-mail address or phone number.
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}/status", "set_lead_status")
        .needs(Permission::LeadsUpdate)
        .about("Leads", "Move a lead to another status")
        .fails(&[Code::Duplicate, Code::LeadConverted, Code::LeadTransition])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,), MoveQuery>) -> Result<Record<Lead>, Stop> {
    lead(&seen).await
}

async fn handle(call: Call<Scoped, (LeadId,), MoveQuery, Json<MoveLead>>, loaded: Record<Lead>) -> Result<Answer<LeadOut>, Stop> {
    let body = &call.body.0;
    let sent = [("/closeReason", body.close_reason.is_some()), ("/closeNote", body.close_note.is_some())];
    if body.status != LeadStatus::Closed {
        let wrong: Vec<FieldError> =
            sent.into_iter().filter(|(_, sent)| *sent).map(|(at, _)| FieldError::new(at, "conflict", "only goes with the status CLOSED")).collect();
        if !wrong.is_empty() {
            return Err(Problem::fields(wrong).into());
        }
    }
    let allow_duplicate = call.query.allow_duplicate.unwrap_or(false);
    let decide = |lead: &Record<Lead>, act: &Act| {
        check_open(lead)?;
        let moved = rules::set_status(lead, act, body.status, body.close_reason, body.close_note.clone());
        let moved = moved.map_err(|refused| Problem::transition(Code::LeadTransition, &refused, refused.from.allowed()))?;
        let Some((next, events)) = moved else { return Ok(None) };
        let mut tx = Tx::new();
        tx.move_lead_contacts(Some(lead), Some(&next), allow_duplicate);
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    match call.change(loaded, Some(call.scope()), decide).await {
        Ok(lead) => {
            let version = lead.version;
            Ok(Answer::ok(LeadOut::from(lead)).version(version))
        }
        Err(error) => Err(explain(&call.app, &call.who, error).await),
    }
}
