//! `GET /leads/{id}`: one lead with owner, counts, latest notes and next follow-up.

use api::views::LeadPage;
use api::{Action, Answer, Call, Party, Problem, Route, Scoped, Seen, Stop};
use domain::lead::Lead;
use domain::{Entity, LeadId, Permission, Record};
use store::Overview;

pub(crate) fn route() -> Route {
    Route::get("/leads/{id}", "get_lead")
        .needs(Permission::LeadsRead)
        .about("Leads", "Get a lead with counts, latest notes and next follow-up")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (LeadId,)>) -> Result<(Record<Lead>, Overview), Stop> {
    let (store, id) = (&seen.app.store, seen.path.0);
    let (lead, overview) = tokio::try_join!(store.get::<Lead>(id), store.overview(Lead::KIND, id))?;
    let party = Party::of_lead(store, lead.ok_or_else(Problem::not_found)?).await?;
    let inside = party.inside(&seen.who.scope);
    let lead = party.lead.filter(|_| inside).ok_or_else(Problem::not_found)?;
    Ok((lead, overview))
}

async fn handle(_: Call<Scoped, (LeadId,)>, (lead, overview): (Record<Lead>, Overview)) -> Result<Answer<LeadPage>, Stop> {
    let version = lead.version;
    Ok(Answer::ok(LeadPage::new(lead, overview)).version(version))
}
