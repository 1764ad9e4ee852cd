//! `PATCH /leads/{id}/assign`: another owner, or none.

use contract::Patch;
use contract::views::LeadPage;
use domain::lead::{self, Lead};
use domain::{LeadId, Permission, Refused, UserId};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, ReachedPage, Rejection, Request, Route};

contract::body! {
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
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Check])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (LeadId,)>) -> Result<ReachedPage<Lead>, Rejection> {
    context.open_page(context.path.0).await
}

async fn handle(request: Request<Authorized, (LeadId,), (), Json<AssignLead>>, page: ReachedPage<Lead>) -> Result<Answer<LeadPage>, Rejection> {
    let Patch::Set(wanted) = request.body.0.owner_id else {
        return Err(Refused::field("ownerId", "required", "is required; null gives the lead to nobody").into());
    };
    lead::check_open(&page.reached)?;
    let caller = request.caller();
    let owner = match wanted {
        Some(id) => Some(request.app.assignable(caller, id, request.scope(), "ownerId").await?),
        None => None,
    };
    let decide = |lead: &Reached<Lead>, act: &_| Ok(lead::assign(lead, act, owner.as_ref())?);
    request.change_page(page, decide, |change| owner.iter().for_each(|owner| change.require_active_user(owner.id, "ownerId")), LeadPage::new).await
}
