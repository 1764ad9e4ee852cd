//! Event items: outbox, feed entry and audit record in one.

use crate::feed::Lately;
use crate::item::{Item, bare, from_attribute, number, put_index_keys, to_attribute};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Page, Paging, Place, Plan};
use crate::records::{PLAIN, partitions};
use crate::tx::{FailedCondition, Tx};
use crate::{Error, Store};
use domain::event::Event;
use domain::job::{AGAIN_DAYS, Span};

/// How long what no feed tells is kept: as long as somebody may look what the clock did.
const SILENT_SECONDS: i64 = AGAIN_DAYS * 86_400;

/// Beside the feed: what no feed tells.
const SILENT: &str = "SILENT";

fn to_item(event: &Event) -> Result<Item, Error> {
    let key = match event.is_in_feed() {
        true => keys::event(&event.entity, &event.entity_id, event.at, event.id),
        false => keys::silent_event(&event.entity, &event.entity_id, event.at, event.id),
    };
    let mut item = bare(&key, "EVENT");
    item.insert("data".into(), to_attribute(event)?);
    let month = keys::feed_month(event.at);
    if !event.is_in_feed() {
        // Only the stream reads it, and who publishes the events of a time again.
        item.insert(crate::schema::TTL.to_owned(), number(event.at.seconds() + SILENT_SECONDS));
        let partitions = vec![(Index::All, keys::of_all(SILENT, &month))];
        put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(event.at, event.id) });
        return Ok(item);
    }
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
    /// The key of an item, as the table's stream has it.
    pub fn key_of_image(keys: &serde_dynamo::Item) -> Key {
        crate::item::key_of(&keys.clone().into())
    }

    /// The event an image of the table's stream holds; `None` when the image is something else.
    pub fn event_of_image(image: serde_dynamo::Item) -> Result<Option<Event>, Error> {
        let item: Item = image.into();
        match crate::item::kind_of(&item) {
            Some("EVENT") => to_event(&item).map(Some),
            _ => Ok(None),
        }
    }

    /// The record an image of the table's stream holds; `None` when there is no image, which is how a
    /// new or removed item shows.
    pub fn record_of_image<E: crate::item::Stored>(image: serde_dynamo::Item) -> Result<Option<domain::Record<E>>, Error> {
        let item: Item = image.into();
        (!item.is_empty()).then(|| crate::item::to_record(&item)).transpose()
    }

    /// The events of these keys; one that is gone is left out, and what is no event as well.
    pub async fn events(&self, keys: &[Key]) -> Result<Vec<Event>, Error> {
        let items = self.get_latest_items(keys).await?;
        items.iter().filter(|item| crate::item::kind_of(item) == Some("EVENT")).map(to_event).collect()
    }

    /// The events of a time, oldest first, with their keys; one that cannot be read holds up none of the others.
    pub async fn events_of_time(&self, span: Span, paging: Paging<'_>) -> Result<Page<(Key, Result<Event, Error>)>, Error> {
        let months = Lately { since: span.from, now: span.to }.months(None);
        let places = months.iter().flat_map(|month| ["FEED", SILENT].into_iter().flat_map(|kind| partitions(&[Place::All], kind, month, PLAIN)));
        let plan = Plan {
            partitions: places.collect(),
            ascending: true,
            from: Some(span.from.to_string()),
            until: Some(span.to.to_string()),
            ..Plan::default()
        };
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(Some((crate::item::key_of(&entry.item), to_event(&entry.item))))).await
    }

    /// The events of a record, oldest first: its audit trail.
    pub async fn events_of(&self, kind: &str, id: &str) -> Result<Vec<Event>, Error> {
        let items = self.children(&format!("{kind}#{id}"), "EVENT#").await?;
        items.iter().map(to_event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue as A;
    use serde_json::json;

    #[test]
    fn an_image_of_the_stream_is_the_item_digit_by_digit() {
        let image = json!({
            "pk": {"S": "LEAD#1"}, "sk": {"S": "LEAD"}, "n": {"N": "12345678901234567890.10"}, "yes": {"BOOL": true}, "none": {"NULL": true},
            "texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2.50"]}, "list": {"L": [{"S": "a"}, {"M": {"n": {"N": "1"}}}]},
        });
        let image: serde_dynamo::Item = serde_json::from_value(image).expect("an image");
        assert_eq!(Store::key_of_image(&image), Key::new("LEAD#1", "LEAD"));
        let inner = A::M([("n".to_owned(), A::N("1".into()))].into());
        let expected = [
            ("pk", A::S("LEAD#1".into())),
            ("sk", A::S("LEAD".into())),
            ("n", A::N("12345678901234567890.10".into())),
            ("yes", A::Bool(true)),
            ("none", A::Null(true)),
            ("texts", A::Ss(vec!["a".into(), "b".into()])),
            ("numbers", A::Ns(vec!["1".into(), "2.50".into()])),
            ("list", A::L(vec![A::S("a".into()), inner])),
        ];
        assert_eq!(Item::from(image), expected.map(|(name, value)| (name.to_owned(), value)).into());
        assert_eq!(Store::event_of_image(serde_dynamo::Item::default()).expect("reads"), None);
    }
}
