//! `GET /leads/{id}`: one lead with owner, counts, latest notes and next follow-up.

use contract::views::LeadPage;
use domain::lead::Lead;
use domain::{LeadId, Overview, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/leads/{id}", "get_lead")
        .needs(Permission::LeadsRead)
        .about("Leads", "Get a lead with counts, latest notes and next follow-up")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Lead>, Overview);

async fn load(context: Context<Authorized, (LeadId,)>) -> Result<Found, Rejection> {
    context.page_of(context.path.0).await
}

async fn handle(_: Request<Authorized, (LeadId,)>, (lead, overview): Found) -> Result<Answer<LeadPage>, Rejection> {
    let version = lead.version;
    Ok(Answer::ok(LeadPage::new(lead.into_record(), overview)).version(version))
}
