//! Leads: create, list, get, update, archive and restore, delete for good, assign, move, convert.

pub mod assign;
pub mod convert;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod set_lead_status;
pub mod update;

use api::{Party, Problem, Route, Scoped, Seen, Stop};
use domain::lead::Lead;
use domain::{LeadId, PartyId, Record};

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![create::route(), list::route(), get::route(), update::route(), delete::route(), assign::route(), set_lead_status::route(), convert::route()]
}

/// The lead of the path, if it is inside reach: a converted one through its customer.
pub(crate) async fn lead<Q>(seen: &Seen<Scoped, (LeadId,), Q>) -> Result<Record<Lead>, Stop> {
    let party: Party = seen.party(PartyId::Lead(seen.path.0)).await?;
    party.lead.ok_or_else(|| Problem::not_found().into())
}

/// A converted lead is read-only.
pub(crate) fn check_open(lead: &Record<Lead>) -> Result<(), Stop> {
    match lead.data.converted_customer_id {
        Some(customer) => Err(Problem::converted(Some(customer)).into()),
        None => Ok(()),
    }
}
