//! `DELETE /leads/{id}`: archives a lead, which PATCH with `archived: false` brings back. With
//! `?hard=true` it is deleted for good; its activities and follow-ups follow in the background, and
//! tasks lose their link.

use domain::lead::{self, Lead};
use domain::{LeadId, Permission};
use edge::{Action, Answer, Authorized, Code, Context, Reached, Rejection, Request, Route};

contract::query! {
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

async fn load(context: Context<Authorized, (LeadId,), DeleteLead>) -> Result<Reached<Lead>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (LeadId,), DeleteLead>, lead: Reached<Lead>) -> Result<Answer<()>, Rejection> {
    if request.query.hard == Some(true) {
        request.needs(Permission::LeadsPurge)?;
        return request.delete(lead, |lead, act| Ok(lead::purge(lead, act)?)).await;
    }
    request.archive(lead, |lead, act| Ok(lead::archive(lead, act)?)).await
}
