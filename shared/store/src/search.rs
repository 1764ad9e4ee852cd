//! What records are found by beside their lists: rows for words, in the order of the words, and rows for
//! values that a filter asks for. The projector keeps them.
//!
//! A row only names its record. It stands in the table itself under the record's team, or under nobody,
//! or among what has an owner without a team; and in one index under its owner. So it takes two write
//! units, and who reaches everything reads the teams one beside the other.

use crate::error::Error;
use crate::item::{Item, Stored, bare, from_attribute, get_number, get_text, key_of, put_index_keys, to_attribute, to_row};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Page, Paging, Plan, Source};
use crate::table::{Range, Store};
use domain::search::{RecordWords, Search};
use domain::team::Team;
use domain::text::TextValue;
use domain::{Entity, Record, Row, TeamId, Time, UserId};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How often the rows of a record are worked out anew when somebody else does it at the same time.
const ATTEMPTS: usize = 10;
/// How many items are read at once.
const READ_AT_ONCE: usize = 100;

/// A record that can be found by `q`, or by values.
pub trait Searchable: Stored {
    /// Its words.
    fn words(row: &Row<Self>) -> RecordWords;
    /// Its values that filters ask for, as `source:website`.
    fn values(_: &Row<Self>) -> Vec<String> {
        Vec::new()
    }
    /// LIVE or ARCHIVED.
    fn state(row: &Row<Self>) -> &'static str;
    /// People who find it among their own beside its owner.
    fn sharers(_: &Row<Self>) -> Vec<UserId> {
        Vec::new()
    }
}

/// Everything that decides which rows a record has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    #[serde(rename = "s")]
    state: String,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    owner: Option<UserId>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    team: Option<TeamId>,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    sharers: Vec<UserId>,
    #[serde(rename = "c")]
    created_at: Time,
    #[serde(flatten)]
    words: RecordWords,
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

/// What is noted beside a record: how it stands. While rows are moved, how it stood before as well.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Noted {
    stands: Vec<Standing>,
}

/// Rows by their keys.
type Rows = HashMap<Key, Item>;

/// How many rows were written and removed for a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenChange {
    /// Written.
    pub put: usize,
    /// Removed.
    pub removed: usize,
}

/// The newest first, among equal words: milliseconds counted down from the end of year 9999.
fn newest_first(at: Time) -> String {
    format!("{:015}", 253_402_300_799_999_i64.saturating_sub(at.millis()))
}

/// The last part of a place in the order.
fn id_in(sort: &str) -> &str {
    sort.rsplit('#').next().unwrap_or_default()
}

impl Standing {
    /// How a record stands.
    pub fn of<E: Searchable>(row: &Row<E>) -> Self {
        Self {
            state: E::state(row).to_owned(),
            owner: E::owner(row),
            team: E::team(row),
            sharers: E::sharers(row),
            created_at: row.created_at,
            words: E::words(row),
            values: E::values(row),
        }
    }

    /// The rows of a record that stands so.
    fn rows(&self, kind: &str, id: &str) -> Result<Rows, Error> {
        let mut rows = Rows::new();
        let (state, data) = (keys::search_state(&self.state), to_attribute(&self.words)?);
        for word in &self.words.words {
            let sort = format!("{word}#{}#{id}", newest_first(self.created_at));
            self.put(&mut rows, kind, &sort, &data, |partition| keys::initial(&partition(&state), word));
        }
        for value in &self.values {
            let state = keys::value_state(&self.state, value);
            let others: Vec<&String> = self.values.iter().filter(|other| *other != value).collect();
            let data = to_attribute(&HashMap::from([("v", others)]))?;
            self.put(&mut rows, kind, &keys::by_time(self.created_at, id), &data, |partition| partition(&state));
        }
        Ok(rows)
    }

    /// One row, and those for the people it is shared with.
    fn put(
        &self,
        rows: &mut Rows,
        kind: &str,
        sort: &str,
        data: &aws_sdk_dynamodb::types::AttributeValue,
        place: impl Fn(&dyn Fn(&str) -> String) -> String,
    ) {
        let group = place(&|state| match (self.team, self.owner) {
            (Some(team), _) => keys::of_team(team, kind, state),
            (None, None) => keys::of_owner(None, kind, state),
            (None, Some(_)) => keys::of_all(kind, state),
        });
        let of = |person: UserId| place(&|state| keys::of_owner(Some(person), kind, state));
        let mut row = |partition: &str, owner: Option<String>| {
            let key = keys::found(partition, sort);
            let mut item = bare(&key, "TOKEN");
            item.insert("data".into(), data.clone());
            let partitions: Vec<_> = owner.into_iter().map(|owner| (Index::Owner, owner)).collect();
            put_index_keys(&mut item, &IndexKeys { partitions, sort: sort.to_owned() });
            rows.insert(key, item);
        };
        row(&group, self.owner.map(of));
        for person in &self.sharers {
            row(&of(*person), Some(of(*person)));
        }
    }
}

/// The note of how a record stands.
fn note<E: Searchable>(id: &str, stands: Vec<Standing>) -> Result<Item, Error> {
    let mut item = bare(&keys::words(E::KIND, id), "WORDS");
    item.insert("data".into(), to_attribute(&Noted { stands })?);
    Ok(item)
}

/// The rows of a record and what is noted of them, as the projector keeps them.
pub fn token_items<E: Searchable>(record: &Record<E>) -> Result<Vec<Item>, Error> {
    let (id, standing) = (record.id.to_string(), Standing::of(&record.row));
    let mut items: Vec<Item> = standing.rows(E::KIND, &id)?.into_values().collect();
    let mut note = note::<E>(&id, vec![standing])?;
    note.insert("rev".into(), crate::item::number(1));
    items.push(note);
    Ok(items)
}

impl Store {
    /// Makes the rows of a record what they have to be: reads the record and what is noted of its rows as
    /// they are now, so a repeated or late call does no harm. What is noted covers every row at any time:
    /// it is written before rows are added, and shortened after others were removed.
    pub async fn reindex<E: Searchable>(&self, id: E::Id) -> Result<TokenChange, Error> {
        let (key, id_text) = (keys::words(E::KIND, id), id.to_string());
        let mut change = TokenChange::default();
        // How it stood when others got between: their note does not tell of it.
        let mut mine: Vec<Standing> = Vec::new();
        for _ in 0..ATTEMPTS {
            let (record, noted) = tokio::try_join!(self.get_latest::<E>(id), self.get_item(&key, true))?;
            let rev = noted.as_ref().and_then(|item| get_number(item, "rev")).unwrap_or(0);
            let mut before: Noted = noted.map(|item| from_attribute(&item, "data")).transpose()?.unwrap_or_default();
            let now: Vec<Standing> = record.iter().map(|record| Standing::of(&record.row)).collect();
            let wanted = now.first().map(|now| now.rows(E::KIND, &id_text)).transpose()?.unwrap_or_default();
            let settled = before.stands == now && mine.is_empty();
            for standing in mine.drain(..) {
                if !before.stands.contains(&standing) {
                    before.stands.push(standing);
                }
            }
            let mut present = Rows::new();
            for standing in &before.stands {
                present.extend(standing.rows(E::KIND, &id_text)?);
            }
            let gone: Vec<Key> = present.keys().filter(|key| !wanted.contains_key(key)).cloned().collect();
            if settled || before.stands.len() > 1 {
                // Who noted that was perhaps cut short, so what is there is looked at.
                present = self.rows_there(&wanted).await?;
            }
            let missing: Vec<Item> = wanted.into_iter().filter(|(key, item)| present.get(key) != Some(item)).map(|(_, item)| item).collect();
            if settled {
                change.put += missing.len();
                try_join_all(missing.into_iter().map(|item| self.put_item(item))).await?;
                return Ok(change);
            }
            let mut stands = now.clone();
            if !gone.is_empty() {
                stands.extend(before.stands.into_iter().filter(|standing| !now.contains(standing)));
            }
            if !self.put_next(note::<E>(&id_text, stands.clone())?, rev).await? {
                continue;
            }
            change.put += missing.len();
            change.removed += gone.len();
            try_join_all(missing.into_iter().map(|item| self.put_item(item))).await?;
            try_join_all(gone.iter().map(|key| self.delete_item(key))).await?;
            let undisturbed = if now.is_empty() {
                self.delete_item(&key).await?;
                true
            } else if gone.is_empty() {
                let noted = self.get_item(&key, true).await?;
                noted.and_then(|item| get_number(&item, "rev")) == Some(rev + 1)
            } else {
                self.put_next(note::<E>(&id_text, now)?, rev + 1).await?
            };
            if undisturbed {
                return Ok(change);
            }
            mine = stands;
        }
        Err(Error::Busy(format!("the words of {id} kept changing")))
    }

    /// Those of the rows that are there, as they are.
    async fn rows_there(&self, rows: &Rows) -> Result<Rows, Error> {
        let keys: Vec<Key> = rows.keys().cloned().collect();
        let found = try_join_all(keys.chunks(READ_AT_ONCE).map(|keys| self.get_items(keys))).await?;
        Ok(found.into_iter().flatten().map(|item| (key_of(&item), item)).collect())
    }

    /// A page of rows found by `q` in the plan's partitions (which are of words), in the order of the
    /// word and then newest first. The words give ids; the records are read as they are now and have to
    /// pass `keep`, so what moved a moment ago is not shown to the wrong people.
    pub async fn search<E: Stored>(
        &self,
        plan: &Plan,
        search: &Search,
        paging: Paging<'_>,
        keep: impl Fn(&Row<E>) -> bool,
    ) -> Result<Page<Row<E>>, Error> {
        let places = self.places(plan).await?;
        let from = |prefix: &str, place: &Source| Source {
            partition: keys::initial(&place.partition, prefix),
            from: Some(prefix.to_owned()),
            until: Some(format!("{prefix}\u{10FFFF}")),
            index: place.index,
        };
        let sources: Vec<Source> = search.prefixes().flat_map(|prefix| places.iter().map(move |place| from(prefix, place))).collect();
        let plan = Plan { residual: plan.residual || search.narrows(), ..plan.clone() };
        let found = self
            .pick(&plan, &sources, paging, |item| {
                let sort = get_text(item, "sk").unwrap_or_default();
                let words: RecordWords = from_attribute(item, "data")?;
                Ok((search.shown_at(&words) == sort.split('#').next()).then(|| id_in(sort).to_owned()))
            })
            .await?;
        self.named(found, keep).await
    }

    /// A page of rows with a value, in the plan's partitions, which are of such.
    pub async fn with_value<E: Stored>(&self, plan: &Plan, paging: Paging<'_>, keep: impl Fn(&Row<E>) -> bool) -> Result<Page<Row<E>>, Error> {
        let sources = self.places(plan).await?;
        let found = self.pick(plan, &sources, paging, |item| Ok(get_text(item, "sk").map(|sort| id_in(sort).to_owned()))).await?;
        self.named(found, keep).await
    }

    /// The records of these ids that pass, as they are now.
    async fn named<E: Stored>(&self, found: Page<String>, keep: impl Fn(&Row<E>) -> bool) -> Result<Page<Row<E>>, Error> {
        let keys: Vec<Key> = found.items.iter().map(|id| keys::record(<E as Entity>::KIND, id)).collect();
        let mut rows = HashMap::new();
        for item in &self.get_items(&keys).await? {
            let row = to_row::<E>(item)?;
            rows.insert(row.id.to_string(), row);
        }
        let items = found.items.iter().filter_map(|id| rows.remove(id)).filter(|row| keep(row)).collect();
        Ok(Page { items, next: found.next })
    }

    /// Where rows of words or values stand: of one person in an index, else in the table itself, and
    /// those of everybody team by team.
    async fn places(&self, plan: &Plan) -> Result<Vec<Source>, Error> {
        let mut places = Vec::new();
        let mut place = |index: Option<Index>, partition: String| places.push(plan.source(index, partition));
        for (index, partition) in &plan.partitions {
            match index {
                Index::All => {
                    for team in self.teams().await? {
                        place(None, keys::in_team(partition, team));
                    }
                    place(None, keys::in_pool(partition));
                    place(None, partition.clone());
                }
                Index::Owner if !partition.starts_with(keys::POOL) => place(Some(Index::Owner), partition.clone()),
                _ => place(None, partition.clone()),
            }
        }
        Ok(places)
    }

    /// Every team.
    async fn teams(&self) -> Result<Vec<TeamId>, Error> {
        let partition = keys::of_all(Team::KIND, "LIVE");
        let mut teams = Vec::new();
        let mut range = Range { ascending: true, ..Range::default() };
        loop {
            let slice = self.query(Some(Index::All), &partition, &range, i32::from(i16::MAX)).await?;
            range.after = slice.items.last().and_then(|item| get_text(item, keys::SORT)).map(str::to_owned);
            teams.extend(slice.items.iter().filter_map(|item| TeamId::read(id_in(get_text(item, "pk")?)).ok()));
            if !slice.more {
                return Ok(teams);
            }
        }
    }
}
