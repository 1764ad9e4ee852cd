//! Records as items and back.
//!
//! An item is `pk`, `sk`, the index keys, `type`, `v` (the shape of the record's kind, see
//! [`migrations`](crate::migrations)), `version`, `rev`, `head` (stamps), and the three maps `data`, `text`,
//! `derived`. Empty fields are not stored. An item of an older shape is read as if it were stored in the present one, and
//! every write stores the present one.

use crate::error::{Error, cause_of};
use crate::found::FoundBy;
use crate::keys::{Index, IndexKeys, Key, SORT};
use crate::migrations::{FIRST, shape_of, upgrade_long, upgrade_short};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::overview::Counter;
use domain::text::TextValue;
use domain::time::Day;
use domain::{CustomerId, Entity, PromotionId, Record, Row, Time, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// A kind of record that stands in the table. What it says here is kept true by every transaction
/// that creates, changes or deletes a record.
pub trait Stored: Entity {
    /// Whether its children are counted.
    const COUNTED: bool = false;
    /// Whether its parents' contacts and dates follow from it, so that each change has to be seen
    /// there even where no count changes.
    const TOUCHES_PARENTS: bool = false;

    /// Where a record stands in the indexes.
    fn index_keys(record: &Record<Self>) -> IndexKeys;

    /// The items that stand beside it: rows for the lists of more parents, dates in a parent's
    /// partition.
    fn companions(_: &Record<Self>) -> Result<Vec<Item>, Error> {
        Ok(Vec::new())
    }

    /// What it adds to the counters of its parents.
    fn rollups(_: &Record<Self>) -> Vec<Rollup> {
        Vec::new()
    }

    /// By what it is found beside its list; `None` for what has no search.
    fn found_by(_: &Row<Self>) -> Option<FoundBy> {
        None
    }

    /// What of it no other record of its kind may have.
    fn unique(_: &Row<Self>) -> Option<Unique> {
        None
    }

    /// The contact data under which it is found as a duplicate.
    fn contacts(_: &Row<Self>) -> Contacts {
        Contacts::default()
    }
}

/// A value that one record alone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Among what it is unique: `SKU`.
    pub space: &'static str,
    /// In the form in which two are the same.
    pub value: String,
    /// The field that it stands in.
    pub field: &'static str,
}

/// The contact data of a record that is checked for duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// E-mail address.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// A counter of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CounterName {
    /// How many children of a kind.
    Children(Counter),
    /// Minutes of a day of the item's month.
    Minutes(Day),
    /// What a customer bought.
    Sales(SaleCounter),
}

/// What is counted of a customer's orders, without those that were called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SaleCounter {
    /// How many.
    Orders,
    /// Their totals, minor units.
    Spent,
}

impl SaleCounter {
    /// The attribute that holds it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Spent => "spentMinor",
        }
    }
}

impl std::fmt::Display for CounterName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Children(counter) => counter.fmt(f),
            Self::Sales(counter) => f.write_str(counter.as_str()),
            Self::Minutes(day) => write!(f, "d{:02}", day.0.day()),
        }
    }
}

/// What a record adds to a counter of something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The item with the counters.
    pub key: Key,
    /// The counter.
    pub name: CounterName,
    /// How much.
    pub amount: i64,
    /// Whether the item has to be there: a record that is gone or converted takes no more children.
    pub guarded: bool,
}

impl Rollup {
    /// How often a customer was given a promotion.
    pub fn held(customer: CustomerId, promotion: PromotionId, counts: bool) -> Self {
        let key = crate::keys::held(customer, promotion);
        Self { key, name: CounterName::Children(Counter::Given), amount: i64::from(counts), guarded: false }
    }

    /// One child of a record.
    pub fn child(kind: &str, id: impl std::fmt::Display, counter: Counter, counts: bool) -> Self {
        Self { key: crate::keys::counts(kind, id), name: CounterName::Children(counter), amount: i64::from(counts), guarded: true }
    }
}

/// When and by whom a record was made and changed.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "c")]
    created_at: Time,
    #[serde(rename = "u")]
    updated_at: Time,
    #[serde(rename = "b", skip_serializing_if = "Option::is_none", default)]
    created_by: Option<UserId>,
    /// The `rev` at which the whole of it was brought into the shape `v`. A write of a release that knows no shapes raises
    /// `rev` and leaves both, so where they differ `v` says nothing.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    shaped_at: Option<u64>,
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The string attribute of this name.
pub(crate) fn get_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// The number attribute of this name.
pub(crate) fn get_number<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
}

/// The primary key of an item.
pub fn key_of(item: &Item) -> Key {
    Key::new(get_text(item, "pk").unwrap_or_default(), get_text(item, "sk").unwrap_or_default())
}

pub(crate) fn unreadable(item: &Item, cause: impl std::fmt::Display) -> Error {
    Error::Unreadable { key: key_of(item).to_string(), cause: cause.to_string() }
}

/// A serialisable value as an attribute, empty fields left out at every level but inside lists.
pub(crate) fn to_attribute<T: Serialize>(value: &T) -> Result<AttributeValue, Error> {
    let attribute: AttributeValue =
        serde_dynamo::to_attribute_value(value).map_err(|e| Error::Unreadable { key: "new item".into(), cause: cause_of(e) })?;
    Ok(without_nulls(attribute))
}

/// Top-level fields that are null are left out; what stands deeper is the frontend's own data.
fn without_nulls(attribute: AttributeValue) -> AttributeValue {
    match attribute {
        AttributeValue::M(map) => AttributeValue::M(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

/// Reads the map attribute of this name; a missing one is an empty map.
pub(crate) fn from_attribute<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T, Error> {
    let value = item.get(name).cloned().unwrap_or_else(|| AttributeValue::M(HashMap::new()));
    serde_dynamo::from_attribute_value(value).map_err(|e| unreadable(item, format!("{name}: {}", cause_of(e))))
}

/// Puts index keys on an item.
pub(crate) fn put_index_keys(item: &mut Item, keys: &IndexKeys) {
    if keys.partitions.is_empty() {
        return;
    }
    item.insert(SORT.to_owned(), text(&*keys.sort));
    for (index, partition) in &keys.partitions {
        item.insert(index.attribute().to_owned(), text(&**partition));
    }
}

/// The shape in which a record's item, or a row of it, is stored.
pub(crate) fn stored_shape(item: &Item) -> u32 {
    let shaped_at = item.get("head").and_then(|head| head.as_m().ok()).and_then(|head| get_number::<u64>(head, "s"));
    let counts = shaped_at.is_some() && shaped_at == get_number(item, "rev");
    get_number(item, "v").filter(|_| counts).unwrap_or(FIRST)
}

/// For writes of single fields, which raise `rev` by `:one`: keeps an item in the shape that it has, as far as that was known.
/// `:none` is 0. The fields that are written so are where they are in every shape.
pub(crate) const KEEPING_SHAPE: &str = "head.s = if_not_exists(head.s, :none) + :one";

/// A plain item: key, type, and the first shape, which what is no record keeps.
pub(crate) fn bare(key: &Key, kind: &str) -> Item {
    HashMap::from([
        ("pk".to_owned(), text(&*key.pk)),
        ("sk".to_owned(), text(&*key.sk)),
        ("type".to_owned(), text(kind)),
        ("v".to_owned(), number(FIRST)),
    ])
}

/// The item of a record.
pub fn to_item<E: Stored>(record: &Record<E>) -> Result<Item, Error> {
    let key = crate::keys::record(E::KIND, record.id);
    let mut item = bare(&key, E::KIND);
    let head = Head { created_at: record.created_at, updated_at: record.updated_at, created_by: record.created_by, shaped_at: Some(record.rev) };
    item.insert("v".into(), number(shape_of(E::KIND)));
    item.insert("version".into(), number(record.version));
    item.insert("rev".into(), number(record.rev));
    item.insert("head".into(), to_attribute(&head)?);
    item.insert("data".into(), to_attribute(&record.data)?);
    item.insert("derived".into(), to_attribute(&record.derived)?);
    let long = to_attribute(&record.text)?;
    if long.as_m().is_ok_and(|map| !map.is_empty()) {
        item.insert("text".into(), long);
    }
    put_index_keys(&mut item, &E::index_keys(record));
    Ok(item)
}

/// One more row of a record, for the lists of these partitions.
pub(crate) fn row_item<E: Stored>(record: &Record<E>, list: &str, partitions: Vec<(Index, String)>, sort: String) -> Result<Item, Error> {
    let mut item = to_item(record)?;
    item.retain(|name, _| PROJECTED.contains(&name.as_str()));
    let key = crate::keys::row(E::KIND, record.id, list);
    item.extend(bare(&key, "ROW"));
    item.insert("v".into(), number(shape_of(E::KIND)));
    put_index_keys(&mut item, &IndexKeys { partitions, sort });
    Ok(item)
}

/// The record of an item, whatever the shape in which it is stored.
pub fn to_record<E: Stored>(item: &Item) -> Result<Record<E>, Error> {
    let upgraded = upgrade_long(E::KIND, stored_shape(item), item)?;
    let long = match upgraded.get("text") {
        Some(_) => from_attribute(&upgraded, "text")?,
        None => E::Text::default(),
    };
    Ok(Record { row: to_row(item)?, text: long })
}

/// The row of an index entry, where the long texts are not projected, or of an item, whatever the shape in which
/// it is stored.
pub fn to_row<E: Stored>(item: &Item) -> Result<Row<E>, Error> {
    let shape = stored_shape(item);
    let item = &*upgrade_short(E::KIND, shape, item)?;
    let key = key_of(item);
    let id = key.pk.split_once('#').map(|(_, id)| id).unwrap_or_default();
    let id = E::Id::read(id).map_err(|invalid| unreadable(item, invalid.message))?;
    let head: Head = from_attribute(item, "head")?;
    Ok(Row {
        id,
        created_at: head.created_at,
        updated_at: head.updated_at,
        created_by: head.created_by,
        version: get_number(item, "version").ok_or_else(|| unreadable(item, "no version"))?,
        rev: get_number(item, "rev").ok_or_else(|| unreadable(item, "no rev"))?,
        shape,
        data: from_attribute(item, "data")?,
        derived: from_attribute(item, "derived")?,
    })
}

/// The attributes that indexes project beside the keys: everything but `text`.
pub const PROJECTED: [&str; 7] = ["type", "v", "version", "rev", "head", "data", "derived"];

/// The partition attribute of an index in an item, for tests and repairs.
pub fn partition(item: &Item, index: Index) -> Option<&str> {
    get_text(item, index.attribute())
}

/// The `type` of an item.
pub(crate) fn kind_of(item: &Item) -> Option<&str> {
    get_text(item, "type")
}
