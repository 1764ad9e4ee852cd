//! Event items: outbox, feed entry and audit record in one.

use crate::item::{Item, bare, from_attribute, put_index_keys, to_attribute};
use crate::keys::{self, Index, IndexKeys};
use crate::tx::{FailedCondition, Tx};
use crate::{Error, Store};
use domain::event::Event;

fn to_item(event: &Event) -> Result<Item, Error> {
    let key = keys::event(&event.entity, &event.entity_id, event.at, event.id);
    let mut item = bare(&key, "EVENT");
    item.insert("data".into(), to_attribute(event)?);
    let month = keys::feed_month(event.at);
    let mut partitions = vec![(Index::All, keys::of_all("FEED", &month))];
    if let Some(owner) = event.owner {
        partitions.push((Index::Owner, keys::of_owner(Some(owner), "FEED", &month)));
    }
    if let Some(team) = event.team {
        partitions.push((Index::Team, keys::of_team(team, "FEED", &month)));
    }
    put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(event.at, event.id) });
    Ok(item)
}

/// The event of an item, for the relay.
pub(crate) fn to_event(item: &Item) -> Result<Event, Error> {
    from_attribute(item, "data")
}

impl Tx {
    /// Adds an event to the transaction of the change it tells of.
    pub fn event(&mut self, event: &Event) {
        match to_item(event) {
            Ok(item) => self.put_new(item, FailedCondition::Exists),
            Err(error) => self.fail(error),
        }
    }

    /// Adds several events.
    pub fn events(&mut self, events: &[Event]) {
        for event in events {
            self.event(event);
        }
    }
}

impl Store {
    /// The event an image of the table's stream holds; `None` when the image is something else.
    pub fn event_of_image(image: serde_json::Value) -> Result<Option<Event>, Error> {
        let item = crate::item::from_stream(image)?;
        match crate::item::kind_of(&item) {
            Some("EVENT") => to_event(&item).map(Some),
            _ => Ok(None),
        }
    }

    /// The record an image of the table's stream holds.
    pub fn record_of_image<E: crate::item::Stored>(image: serde_json::Value) -> Result<domain::Record<E>, Error> {
        crate::item::to_record(&crate::item::from_stream(image)?)
    }

    /// The events of a record, oldest first: its audit trail.
    pub async fn events_of(&self, kind: &str, id: &str) -> Result<Vec<Event>, Error> {
        let items = self.children(&format!("{kind}#{id}"), "EVENT#").await?;
        items.iter().map(to_event).collect()
    }
}
