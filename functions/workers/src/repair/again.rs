//! What is done again of a time (`jobs::again`): events are published, and what is derived is derived anew. Consumers count an event
//! once, and what is derived is derived of the records as they are now, so it may be asked for as often as somebody likes.

use crate::failure::{Failure, park_work};
use crate::projector::anew;
use crate::relay::publish;
use crate::work::{Walk, paging};
use application::App;
use domain::customer::Customer;
use domain::event::{Event, EventKind};
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::notification::{Notification, NotificationStatus};
use domain::order::Order;
use domain::project::Project;
use domain::task::Task;
use domain::text::TextValue;
use domain::work_log::WorkLog;
use domain::{CustomerId, Entity, NotificationId, Parent, PartyId, UserId};
use messaging::{ItemKey, Place, Work};
use std::ops::ControlFlow;
use store::records::{children_plan, owned_plans};
use store::{Key, Plan};

/// As whom it speaks of what it could not do.
const NAME: &str = "repair";

/// Publishes events. One that cannot be read is parked by itself. Of a notification that was to be sent it is told only where it
/// still waits.
pub(super) async fn republish(app: &App, events: &[ItemKey]) -> Result<(), Failure> {
    let mut readable = Vec::new();
    for name in events {
        let found = match app.unscoped().events(&[key(name)]).await.map_err(Failure::from) {
            Err(failure) if failure.may_pass() || events.len() == 1 => return Err(failure),
            Err(failure) => {
                park_work(app, NAME, failure.to_string(), &Work::Republish { events: vec![name.clone()] }).await?;
                continue;
            }
            Ok(found) => found,
        };
        for event in found {
            if event.kind != EventKind::NotificationQueued || waits(app, &event).await? {
                readable.push(event);
            }
        }
    }
    publish(app, readable).await.map_err(|(_, failure)| failure)
}

async fn waits(app: &App, event: &Event) -> Result<bool, Failure> {
    let Ok(id) = NotificationId::read(&event.entity_id) else { return Ok(false) };
    let notification = app.unscoped().get_latest::<Notification>(id).await?;
    Ok(notification.is_some_and(|notification| notification.data.status == NotificationStatus::Queued))
}

/// Derives anew what is derived of records. One that cannot be read is parked by itself.
pub(super) async fn reproject(app: &App, records: &[ItemKey]) -> Result<(), Failure> {
    for record in records {
        one(app, &key(record), records.len() > 1).await?;
    }
    Ok(())
}

async fn one(app: &App, key: &Key, among_others: bool) -> Result<(), Failure> {
    match anew(app, key).await {
        Err(failure) if among_others && !failure.may_pass() => {
            let records = vec![ItemKey { pk: key.pk.clone(), sk: key.sk.clone() }];
            park_work(app, NAME, failure.to_string(), &Work::Reproject { records }).await
        }
        done => done,
    }
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
    let kinds = [Customer::KIND, Lead::KIND, Task::KIND, FollowUp::KIND, Project::KIND, WorkLog::KIND, Order::KIND];
    let owned =
        user.into_iter().flat_map(|user| kinds.into_iter().flat_map(move |kind| owned_plans(user, kind).into_iter().map(move |plan| (kind, plan))));
    let leads = customer.map(|customer| (Lead::KIND, children_plan(Parent::Party(PartyId::Customer(customer)), Lead::KIND)));
    let lists: Vec<(&str, Plan)> = owned.chain(leads).collect();
    let mut walk = Walk::new(app, from);
    for (kind, plan) in lists {
        let Some(mut after) = walk.enter() else { continue };
        loop {
            let page = app.unscoped().keys(kind, &plan, paging(after.as_deref())).await?;
            for key in page.items {
                walk.handled += 1;
                one(app, &key, true).await?;
            }
            match walk.turn(page.next) {
                ControlFlow::Continue(next) => after = next,
                ControlFlow::Break(None) => break,
                ControlFlow::Break(rest) => return Ok(rest),
            }
        }
    }
    Ok(None)
}
