//! What is done again of a time (`jobs::again`): events are published, and what is derived is derived anew. Consumers count an event
//! once, and what is derived is derived of the records as they are now, so it may be asked for as often as somebody likes.

use crate::failure::Failure;
use crate::projector::anew;
use crate::relay::publish;
use crate::work::Walk;
use application::App;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::project::Project;
use domain::task::Task;
use domain::work_log::WorkLog;
use domain::{CustomerId, Entity, Parent, PartyId, UserId};
use messaging::{ItemKey, Place};
use store::records::{children_plan, owned_plans};
use store::{Key, Plan};

/// Publishes events.
pub(super) async fn republish(app: &App, events: &[ItemKey]) -> Result<(), Failure> {
    let keys: Vec<Key> = events.iter().map(key).collect();
    let events = app.unscoped().events(&keys).await?;
    publish(app, events).await.map_err(|(_, failure)| failure)
}

/// Derives anew what is derived of records.
pub(super) async fn reproject(app: &App, records: &[ItemKey]) -> Result<(), Failure> {
    for record in records {
        anew(app, &key(record)).await?;
    }
    Ok(())
}

fn key(key: &ItemKey) -> Key {
    Key { pk: key.pk.clone(), sk: key.sk.clone() }
}

/// The same of everything that a user owns, and of the leads that became a customer.
pub(super) async fn reproject_of(
    app: &App,
    user: Option<UserId>,
    customer: Option<CustomerId>,
    from: Option<Place>,
) -> Result<Option<Place>, Failure> {
    let kinds = [Customer::KIND, Lead::KIND, Task::KIND, FollowUp::KIND, Project::KIND, WorkLog::KIND];
    let owned =
        user.into_iter().flat_map(|user| kinds.into_iter().flat_map(move |kind| owned_plans(user, kind).into_iter().map(move |plan| (kind, plan))));
    let leads = customer.map(|customer| (Lead::KIND, children_plan(Parent::Party(PartyId::Customer(customer)), Lead::KIND)));
    let lists: Vec<(&str, Plan)> = owned.chain(leads).collect();
    let mut walk = Walk::new(app, from);
    for (kind, plan) in lists {
        let rest = walk.anew(kind, &plan).await?;
        if rest.is_some() {
            return Ok(rest);
        }
    }
    Ok(None)
}
