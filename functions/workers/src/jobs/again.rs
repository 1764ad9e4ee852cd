//! The events of a time, read again after something of what follows from them was lost: `republish` has them published, and
//! `reproject` what is derived of their records derived anew. Both are put on the queue of repairs, a page at a time.

use super::piece::Piece;
use crate::failure::Failure;
use crate::work::{PAGE, send};
use domain::customer::Customer;
use domain::event::{Event, EventKind};
use domain::job::JobName;
use domain::lead::Lead;
use domain::text::TextValue;
use domain::{CustomerId, Entity, UserId};
use messaging::{ItemKey, Place, Work};
use std::collections::BTreeSet;
use store::{Key, Paging};

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let (app, run) = (piece.app, piece.run);
    let span = run.span.ok_or_else(|| Failure::Nonsense(format!("{} was not told of which time", run.job)))?;
    let mut after = place.and_then(|place| place.after);
    loop {
        let page = app.unscoped().events_of_time(span, Paging { limit: PAGE, cursor: after.as_deref(), binding: "jobs" }).await?;
        piece.looked(page.items.len());
        let works = match run.job {
            JobName::Republish => published(page.items),
            _ => projected(page.items)?,
        };
        for work in works {
            piece.add("sent", 1);
            if !run.dry_run {
                send(app, work, 0).await?;
            }
        }
        after = page.next.map(|cursor| cursor.to_string());
        if after.is_none() || piece.is_full() {
            return Ok(after.map(|after| Place { list: 0, after: Some(after) }));
        }
    }
}

fn published(events: Vec<(Key, Event)>) -> Vec<Work> {
    let events: Vec<ItemKey> = events.into_iter().map(|(Key { pk, sk }, _)| ItemKey { pk, sk }).collect();
    if events.is_empty() { Vec::new() } else { vec![Work::Republish { events }] }
}

/// Each record once, those that the event names among it; and what was changed with it without an event of its own.
fn projected(events: Vec<(Key, Event)>) -> Result<Vec<Work>, Failure> {
    let (mut records, mut more) = (BTreeSet::new(), Vec::new());
    let key = |kind: &str, id: &str| ItemKey { pk: format!("{kind}#{id}"), sk: kind.to_owned() };
    for (_, event) in events {
        records.insert(key(&event.entity, &event.entity_id));
        for (member, kind) in [("leadId", Lead::KIND), ("customerId", Customer::KIND)] {
            records.extend(event.data[member].as_str().map(|id| key(kind, id)));
        }
        let wrong = |invalid: domain::text::Invalid| Failure::Nonsense(format!("event {}: {}", event.id, invalid.message));
        match event.kind {
            EventKind::UserTeamChanged | EventKind::UserUpdated | EventKind::UserDeleted => {
                let user = UserId::read(&event.entity_id).map_err(wrong)?;
                more.push(Work::ReprojectOf { user: Some(user), customer: None, from: None });
            }
            EventKind::CustomerAssigned => {
                let customer = CustomerId::read(&event.entity_id).map_err(wrong)?;
                more.push(Work::ReprojectOf { user: None, customer: Some(customer), from: None });
            }
            _ => {}
        }
    }
    more.dedup();
    let records: Vec<ItemKey> = records.into_iter().collect();
    more.extend((!records.is_empty()).then_some(Work::Reproject { records }));
    Ok(more)
}
