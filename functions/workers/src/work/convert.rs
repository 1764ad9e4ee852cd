//! What a lead that became a customer leaves to it.

use super::walk::{Walk, below, change, steps};
use crate::failure::Failure;
use application::App;
use domain::activity::Activity;
use domain::follow_up::FollowUp;
use domain::task::Task;
use domain::{CustomerId, Entity, LeadId, PartyId, Record, Row};
use messaging::Place;
use store::Plan;

/// Moves what is open under a converted lead to its customer; what is closed stays. Activities stay and
/// stand beside the customer as well, the latest first, whose date shows in lists.
pub(super) async fn move_open_work(app: &App, lead: LeadId, customer: CustomerId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let rest = move_all(app, lead, customer, from).await?;
    if rest.is_none() {
        // What was read for the lead's dates when it was converted may have been a little old.
        app.refresh_customer(customer).await?;
    }
    Ok(rest)
}

async fn move_all(app: &App, lead: LeadId, customer: CustomerId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let mut walk = Walk::new(app, from);
    let follow_up_moves = |row: &Row<FollowUp>| row.is_open() && row.data.lead_id == Some(lead);
    let follow_up = |record: &Record<FollowUp>| follow_up_moves(record).then(|| change(record, &record.moved_to(customer)));
    let task_moves = |row: &Row<Task>| (row.data.status.is_open() || row.data.recurrence.is_some()) && row.data.lead_id == Some(lead);
    let task = |record: &Record<Task>| task_moves(record).then(|| change(record, &record.moved_to(customer)));
    let is_new = |row: &Row<Activity>| row.data.lead_id == Some(lead) && row.derived.customer_id != Some(customer);
    let activity = |record: &Record<Activity>| is_new(record).then(|| change(record, &record.also_of(customer)));
    let of_lead = PartyId::Lead(lead);
    let activities = Plan { ascending: false, ..below(of_lead, Activity::KIND) };
    steps!(
        walk.list(&below(of_lead, FollowUp::KIND), follow_up_moves, follow_up),
        walk.list(&below(of_lead, Task::KIND), task_moves, task),
        walk.list(&activities, is_new, activity),
    )
}
