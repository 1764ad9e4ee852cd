//! What a handler gives back, and how it is sent.

use application::{Change, Decision, Page, Stored};
use contract::Show;
use contract::fields::DEFAULT_LIMIT;
use domain::{Entity, Record};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What every path begins with.
pub const BASE: &str = "/api/v1";

/// What the edge can send as a success.
pub trait Shown: Send + 'static {
    /// The type of `data`.
    type Data: Show + Serialize + Send + 'static;
    /// Whether it is a list with `meta`.
    const LIST: bool;
    /// As an answer.
    fn into_answer(self) -> Answer<Self::Data>;
}

/// A success.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// HTTP status.
    pub status: u16,
    /// The data.
    pub data: Option<T>,
    /// `meta` of the envelope.
    pub meta: Map<String, Value>,
    etag: Option<u64>,
    location: Option<String>,
    /// Sent instead of the envelope.
    raw: Option<Raw>,
}

/// Encoded content and its extra headers.
type Raw = (Vec<u8>, Vec<(String, String)>);

impl<T> Answer<T> {
    /// 200 with data.
    pub fn ok(data: T) -> Self {
        Self { status: 200, data: Some(data), meta: Map::new(), etag: None, location: None, raw: None }
    }

    /// 201 with data and where it is now.
    pub fn created(data: T, location: String) -> Self {
        Self { status: 201, location: Some(location), ..Self::ok(data) }
    }

    /// With the record's version as `ETag`.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.etag = Some(version);
        self
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a member of `meta`.
    #[must_use]
    pub fn meta(mut self, name: &str, value: Value) -> Self {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// Content that is sent as it is.
    pub fn raw(content: Vec<u8>, headers: Vec<(String, String)>) -> Self {
        Self { status: 200, data: None, meta: Map::new(), etag: None, location: None, raw: Some((content, headers)) }
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let etag = self.etag.map(|version| ("etag".to_owned(), format!("\"{version}\"")));
        let location = self.location.clone().map(|location| ("location".to_owned(), location));
        let raw = self.raw.as_ref().map(|(_, headers)| headers.clone()).unwrap_or_default();
        etag.into_iter().chain(location).chain(raw).collect()
    }

    pub(crate) fn take_raw(&mut self) -> Option<Vec<u8>> {
        self.raw.take().map(|(content, _)| content)
    }
}

impl Answer<()> {
    /// 204.
    pub fn nothing() -> Self {
        Self { status: 204, data: None, meta: Map::new(), etag: None, location: None, raw: None }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    data: Option<&'a T>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    meta: &'a Map<String, Value>,
}

impl<T: Serialize> Answer<T> {
    pub(crate) fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Envelope { success: true, data: self.data.as_ref(), meta: &self.meta })
    }
}

impl<T: Show + Serialize + Send + 'static> Shown for Answer<T> {
    type Data = T;
    const LIST: bool = false;

    fn into_answer(self) -> Answer<T> {
        self
    }
}

/// A page of a list as an answer.
#[derive(Debug)]
pub struct PageOf<T> {
    /// The records.
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How far a list with filters looked.
    pub scanned_to: Option<String>,
    /// The limit in force.
    pub limit: usize,
    /// More members of `meta`.
    pub meta: Map<String, Value>,
}

impl<T> PageOf<T> {
    /// A page of records, each turned into what is sent.
    pub fn of<E>(page: Page<E>, limit: Option<usize>, show: impl Fn(E) -> T) -> Self {
        Self {
            next: page.next.map(|cursor| cursor.to_string()),
            scanned_to: page.scanned_to,
            items: page.items.into_iter().map(show).collect(),
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            meta: Map::new(),
        }
    }
}

impl<T: Show + Serialize + Send + 'static> Shown for PageOf<T> {
    type Data = Vec<T>;
    const LIST: bool = true;

    fn into_answer(self) -> Answer<Vec<T>> {
        let mut answer = Answer::ok(self.items).meta("limit", json!(self.limit)).meta("nextCursor", json!(self.next));
        if let Some(place) = self.scanned_to {
            answer = answer.meta("scannedTo", json!(place));
        }
        answer.meta.extend(self.meta);
        answer
    }
}

/// The path of a record for `Location`.
pub fn location<E: Entity>(collection: &str, id: E::Id) -> String {
    format!("{BASE}/{collection}/{id}")
}

impl<T> Answer<T> {
    /// What is written for a new record, with the answer that shows it and says where it is now.
    pub fn creation<E: Stored>(change: Change, collection: &str, record: Record<E>, show: impl FnOnce(Record<E>) -> T) -> Decision<Self> {
        let (place, version) = (location::<E>(collection, record.id), record.version);
        Decision::Commit(change, Self::created(show(record), place).version(version))
    }
}
