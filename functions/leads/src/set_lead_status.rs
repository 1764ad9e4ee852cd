//! `PATCH /leads/{id}/status`: moves a lead by the transition table. Reopening checks for duplicates
//! again, since a closed lead stands in nobody's way.

use contract::Patch;
use contract::views::LeadPage;
use domain::lead::{self, CloseReason, Closing, Lead, LeadStatus};
use domain::value::Text;
use domain::{LeadId, Permission};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, ReachedPage, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// Where the lead goes.
    pub struct MoveLead {
        pub status: LeadStatus,
        /// Only with CLOSED; of a lead that is closed already it is corrected.
        pub close_reason: Patch<Option<CloseReason>>,
        /// Only with CLOSED; of a lead that is closed already it is corrected.
        pub close_note: Patch<Option<Text<500>>>,
    }
}

contract::query! {
    /// How it is moved.
    pub struct MoveQuery {
        pub allow_duplicate: Option<bool>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}/status", "set_lead_status")
        .needs(Permission::LeadsUpdate)
        .about("Leads", "Move a lead to another status")
        .fails(&[Code::Duplicate, Code::LeadConverted, Code::LeadTransition])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

type Sent = contract::Sent<MoveLead>;

async fn load(context: Context<Authorized, (LeadId,), MoveQuery>, sent: Arc<Sent>) -> Result<ReachedPage<Lead>, Rejection> {
    let page = context.open_page(context.path.0).await?;
    // What is wrong with the form is told before what is wrong with the version.
    if let Some(to) = sent.status {
        lead::check_closing(to, &closing(&sent, Closing::default()))?;
    }
    Ok(page)
}

/// The reason and the note with those that were sent in place.
fn closing(sent: &Sent, mut closing: Closing) -> Closing {
    sent.close_reason.iter().for_each(|reason| reason.clone().apply(&mut closing.reason));
    sent.close_note.iter().for_each(|note| note.clone().apply(&mut closing.note));
    closing
}

async fn handle(request: Request<Authorized, (LeadId,), MoveQuery, Json<MoveLead>>, page: ReachedPage<Lead>) -> Result<Answer<LeadPage>, Rejection> {
    let to = request.body.0.status;
    let decide = |lead: &Reached<Lead>, act: &_| Ok(lead::set_status(lead, act, to, closing(&request.sent, Closing::of(lead, to)))?);
    let allow_duplicate = request.query.allow_duplicate.unwrap_or(false);
    let moved = request.change_page(page, decide, |change| change.allow_duplicates(allow_duplicate), LeadPage::new).await;
    moved.map_err(|refused| refused.about(Code::LeadConverted, "/status", "transition"))
}
