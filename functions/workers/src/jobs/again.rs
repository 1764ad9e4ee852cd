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

/// How many records one message derives anew: ten trips to the table for each are well inside a minute.
const RECORDS_AT_ONCE: usize = 50;

pub(super) async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    let (app, run) = (piece.app, piece.run);
    let span = run.span.ok_or_else(|| Failure::Nonsense(format!("{} was not told of which time", run.job)))?;
    let mut after = place.and_then(|place| place.after);
    loop {
        let page = app.unscoped().events_of_time(span, Paging { limit: PAGE, cursor: after.as_deref(), binding: "jobs" }).await?;
        piece.looked(page.items.len());
        let mut events = Vec::new();
        for (key, event) in page.items {
            match event {
                Ok(event) => events.push((key, event)),
                Err(error) => piece.failed(format!("{} / {}: {error}", key.pk, key.sk)),
            }
        }
        let works = match run.job {
            JobName::Republish => published(events),
            _ => projected(events),
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
fn projected(events: Vec<(Key, Event)>) -> Vec<Work> {
    let (mut records, mut users, mut customers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let key = |kind: &str, id: &str| ItemKey { pk: format!("{kind}#{id}"), sk: kind.to_owned() };
    for (_, event) in events {
        records.insert(key(&event.entity, &event.entity_id));
        for (member, kind) in [("leadId", Lead::KIND), ("customerId", Customer::KIND)] {
            records.extend(event.data[member].as_str().map(|id| key(kind, id)));
        }
        match event.kind {
            EventKind::UserTeamChanged | EventKind::UserUpdated | EventKind::UserDeleted => users.extend(UserId::read(&event.entity_id).ok()),
            EventKind::CustomerAssigned => customers.extend(CustomerId::read(&event.entity_id).ok()),
            _ => {}
        }
    }
    let of_users = users.into_iter().map(|user| Work::ReprojectOf { user: Some(user), customer: None, from: None });
    let of_customers = customers.into_iter().map(|customer| Work::ReprojectOf { user: None, customer: Some(customer), from: None });
    let records: Vec<ItemKey> = records.into_iter().collect();
    let records: Vec<Work> = records.chunks(RECORDS_AT_ONCE).map(|records| Work::Reproject { records: records.to_vec() }).collect();
    of_users.chain(of_customers).chain(records).collect()
}
