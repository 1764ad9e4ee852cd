//! `PATCH /leads/{id}/assign`: another owner, or none.

use contract::views::LeadPage;
use contract::{Nullable, Sent};
use domain::lead::{self, Lead};
use domain::{LeadId, Permission, UserId};
use edge::application::Chosen;
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, ReachedPage, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// The new owner.
    pub struct AssignLead {
        /// An active user inside reach, or null for the pool.
        pub owner_id: Nullable<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/leads/{id}/assign", "assign_lead")
        .needs(Permission::LeadsAssign)
        .about("Leads", "Give a lead to another owner")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (ReachedPage<Lead>, Option<Chosen>);

async fn load(context: Context<Authorized, (LeadId,)>, sent: Arc<Sent<AssignLead>>) -> Result<Found, Rejection> {
    let page = context.open_page(context.path.0).await?;
    lead::check_open(&page.reached)?;
    let owner = context.chosen(sent.owner_id.and_then(|owner| owner.0), "ownerId").await?;
    Ok((page, owner))
}

async fn handle(request: Request<Authorized, (LeadId,), (), Json<AssignLead>>, (page, owner): Found) -> Result<Answer<LeadPage>, Rejection> {
    let owner = owner.map(|owner| owner.owner(request.caller()));
    let decide = |lead: &Reached<Lead>, act: &_| Ok(lead::assign(lead, act, owner.as_ref())?);
    request.change_page(page, decide, |change| owner.iter().for_each(|owner| change.require_active_user(owner.id, "ownerId")), LeadPage::new).await
}
