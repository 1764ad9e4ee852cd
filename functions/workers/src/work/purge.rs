//! What a lead that was deleted for good leaves behind.

use super::walk::{Walk, below, steps};
use crate::failure::Failure;
use application::App;
use domain::activity::Activity;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::task::Task;
use domain::{Entity, LeadId, PartyId, Record};
use messaging::Place;
use store::item::Stored;
use store::{FailedCondition, Tx};

/// Deletes what hangs below a lead that is gone: its activities and follow-ups; tasks lose their link.
pub(super) async fn purge_lead(app: &App, lead: LeadId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    if app.unscoped().get_latest::<Lead>(lead).await?.is_some() {
        return Err(Failure::Nonsense(format!("lead {lead} is still there")));
    }
    fn discard<E: Stored>(record: &Record<E>) -> Option<Tx> {
        let mut tx = Tx::new();
        tx.delete_uncounted(record, FailedCondition::Stale);
        Some(tx)
    }
    let unlink = |task: &Record<Task>| {
        let mut tx = Tx::new();
        tx.update_uncounted(task, &task.without_lead());
        (task.data.lead_id == Some(lead)).then_some(tx)
    };
    let (mut walk, of_lead) = (Walk::new(app, from), PartyId::Lead(lead));
    steps!(
        walk.list(&below(of_lead, Activity::KIND), |_| true, discard::<Activity>),
        walk.list(&below(of_lead, FollowUp::KIND), |_| true, discard::<FollowUp>),
        walk.list(&below(of_lead, Task::KIND), |row| row.data.lead_id == Some(lead), unlink),
    )
}
