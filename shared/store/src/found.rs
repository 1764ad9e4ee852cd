//! What records are found by beside their lists: rows for words, in the order of the words; for values that
//! a filter asks for; and for orders of their own. The projector keeps them.
//!
//! A row only names its record, which is read as it is now: a row that is behind shows nobody anything
//! that he must not see, nor anything in a wrong place. It stands in the table itself under the record's
//! team, or under nobody, or among what has an owner without a team; and in one index under its owner. So
//! it takes two write units, and who reaches everything reads the teams one beside the other.

use crate::error::Error;
use crate::item::{Item, Stored, bare, from_attribute, get_text, key_of, kind_of, put_index_keys, text, to_attribute};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{By, Named, Place, Plan, Source, id_in};
use crate::table::{Range, Store};
use domain::search::{RecordWords, Search, folded};
use domain::team::Team;
use domain::text::TextValue;
use domain::{Entity, Row, TeamId, Time, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// How often the rows of a record are worked out anew when it keeps changing.
const ATTEMPTS: usize = 10;
/// What the `type` of these rows begins with; the kind of the record follows.
const FOUND: &str = "FOUND#";
/// The value under which people find what is shared with them.
pub const SHARED: &str = "shared";

/// By what a record is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBy {
    /// LIVE or ARCHIVED.
    pub state: &'static str,
    /// Its words.
    pub words: RecordWords,
    /// Its values that filters ask for, as `source:website`.
    pub values: Vec<String>,
    /// Its places in orders other than that of its list: the order's name and the place without the id.
    pub orders: Vec<(&'static str, String)>,
    /// People who find it among their own beside its owner.
    pub sharers: Vec<UserId>,
}

/// How much of a name counts in an order by names: beyond it the id does. A cursor holds it.
const NAME_LENGTH: usize = 100;

/// The place of a name in an order by names: case and accents do not count, and a shorter name comes
/// before the longer ones that begin with it.
pub fn by_name(name: &str) -> String {
    let name: String = folded(name).chars().take(NAME_LENGTH).collect();
    format!("{name}\t")
}

/// The place of a moment in an order by time.
pub fn by_moment(at: Time) -> String {
    at.to_string()
}

/// How many rows were written and removed for a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refound {
    /// Written.
    pub put: usize,
    /// Removed.
    pub removed: usize,
}

/// The newest first, among equal words: milliseconds counted down from the end of year 9999.
fn newest_first(at: Time) -> String {
    format!("{:015}", 253_402_300_799_999_i64.saturating_sub(at.millis()))
}

/// The place of a record in a list of what a word finds: by the word, then the newest first.
pub(crate) fn by_word<E: Entity>(word: &str, row: &Row<E>) -> String {
    format!("{word}#{}#{}", newest_first(row.created_at), row.id)
}

/// Whether this is a row that only names a record.
pub(crate) fn is_named(row: &Item) -> bool {
    kind_of(row).is_some_and(|kind| kind.starts_with(FOUND))
}

/// The record that a row names.
pub(crate) fn named_by(row: &Item, id: &str) -> Key {
    keys::record(kind_of(row).and_then(|kind| kind.strip_prefix(FOUND)).unwrap_or_default(), id)
}

/// Whether a search shows the record at this row, which is one of its words.
pub(crate) fn shown_here(row: &Item, search: &Search) -> Result<bool, Error> {
    let words: RecordWords = from_attribute(row, "data")?;
    Ok(search.shown_at(&words) == get_text(row, "sk").and_then(|sort| sort.split('#').next()))
}

/// Whether a record still stands at the place where it was found. Values are a filter's matter.
pub(crate) fn stands<E: Stored>(row: &Row<E>, by: &By, sort: &str) -> bool {
    let found = || E::found_by(row);
    match by {
        By::Words(search) => {
            let word = sort.split('#').next().unwrap_or_default();
            found().is_some_and(|found| search.stands_at(&found.words, word))
        }
        By::Order(name) => {
            let here = |(order, place): &(&str, String)| order == name && sort == format!("{place}#{}", row.id);
            found().is_some_and(|found| found.orders.iter().any(here))
        }
        By::Values(_) => true,
    }
}

/// Everything that decides which rows a record has: where nothing of it changes, its rows do not.
pub type Standing = (FoundBy, Option<UserId>, Option<TeamId>);

/// How a record stands.
pub fn standing<E: Stored>(row: &Row<E>) -> Option<Standing> {
    E::found_by(row).map(|found| (found, E::owner(row), E::team(row)))
}

/// The rows of a record, by their keys where nothing is spread.
fn rows_of<E: Stored>(row: &Row<E>) -> Result<BTreeMap<Key, Item>, Error> {
    let mut rows = BTreeMap::new();
    let Some((found, owner, team)) = standing(row) else { return Ok(rows) };
    let id = row.id.to_string();
    let group = match (team, owner) {
        (Some(team), _) => Place::Team(team),
        (None, None) => Place::Owner(None),
        (None, Some(_)) => Place::All,
    };
    let mut put = |place: Place, person: Option<UserId>, state: &str, sort: &str, words: Option<&RecordWords>| {
        let key = keys::found(&place.partition(E::KIND, state), sort);
        let mut item = bare(&key, &format!("{FOUND}{}", E::KIND));
        if let Some(words) = words {
            item.insert("data".into(), to_attribute(words)?);
        }
        let partitions = person.map(|person| (Index::Owner, keys::of_owner(Some(person), E::KIND, state)));
        put_index_keys(&mut item, &IndexKeys { partitions: partitions.into_iter().collect(), sort: sort.to_owned() });
        rows.insert(key, item);
        Ok::<_, Error>(())
    };
    let time = keys::by_time(row.created_at, &id);
    for word in found.words.looked_up() {
        let (state, sort) = (keys::word_state(found.state, word), by_word(word, row));
        put(group, owner, &state, &sort, Some(&found.words))?;
        for person in &found.sharers {
            put(Place::Owner(Some(*person)), Some(*person), &state, &sort, Some(&found.words))?;
        }
    }
    for value in &found.values {
        put(group, owner, &keys::value_state(found.state, value), &time, None)?;
    }
    for (order, place) in &found.orders {
        put(group, owner, &keys::order_state(found.state, order), &format!("{place}#{id}"), None)?;
    }
    for person in &found.sharers {
        put(Place::Owner(Some(*person)), Some(*person), &keys::value_state(found.state, SHARED), &time, None)?;
    }
    Ok(rows)
}

/// The rows of a record, as the projector keeps them where nothing is spread.
pub fn items<E: Stored>(row: &Row<E>) -> Result<Vec<Item>, Error> {
    Ok(rows_of(row)?.into_values().collect())
}

impl Store {
    /// Makes the rows of a record what they have to be, after a change of what it was before: writes those
    /// that it has now and had not, removes those that it had and has not now. It reads the record as it is
    /// now, and once more when the rows are written: where somebody else's change came between, whose rows
    /// these may have undone, it begins again. So a repeated, late or overtaken call does no harm.
    pub async fn refind<E: Stored>(&self, id: E::Id, before: Option<&Row<E>>) -> Result<Refound, Error> {
        let id_text = id.to_string();
        let rows = |row: Option<&Row<E>>| row.map_or_else(|| Ok(BTreeMap::new()), rows_of);
        let mut now = self.get_latest::<E>(id).await?.map(|record| record.row);
        let mut present = rows(before)?;
        let mut gone: BTreeSet<Key> = BTreeSet::new();
        let mut change = Refound::default();
        for _ in 0..ATTEMPTS {
            let wanted = rows(now.as_ref())?;
            gone.extend(present.keys().cloned());
            gone.retain(|key| !wanted.contains_key(key));
            let new: Vec<Item> = wanted.iter().filter(|(key, item)| present.get(key) != Some(item)).map(|(_, item)| item.clone()).collect();
            change = Refound { put: change.put + new.len(), removed: change.removed + gone.len() };
            let new = new.into_iter().map(|item| self.placed(item, &id_text)).collect();
            let everywhere = gone.iter().flat_map(|key| self.shards.ever(&key.pk, &id_text).into_iter().map(|pk| Key::new(pk, &*key.sk)));
            self.write_items(new, everywhere.collect()).await?;
            let latest = self.get_latest::<E>(id).await?.map(|record| record.row);
            if latest.as_ref().and_then(standing) == now.as_ref().and_then(standing) {
                return Ok(change);
            }
            // Which rows there are is not known any more, so all are written.
            (gone, present, now) = (wanted.into_keys().collect(), BTreeMap::new(), latest);
        }
        Err(Error::Busy(format!("what {id} is found by kept changing")))
    }

    /// A row in its shard.
    fn placed(&self, mut item: Item, id: &str) -> Item {
        let place = self.shards.place(&key_of(&item).pk, id);
        item.insert("pk".to_owned(), text(place));
        item
    }

    /// Where the rows that a plan asks for stand: of one person in an index, else in the table itself, and
    /// those of everybody team by team.
    pub(crate) async fn named_sources(&self, kind: &str, plan: &Plan, named: &Named) -> Result<Vec<Source>, Error> {
        let mut places = Vec::new();
        for place in &named.places {
            if *place == Place::All {
                places.extend(self.every_id::<Team>().await?.into_iter().map(Place::Team));
                places.push(Place::Owner(None));
            }
            places.push(*place);
        }
        // (state, first sort key inside, first one outside)
        let ranges: Vec<(String, Option<String>, Option<String>)> = match &named.by {
            By::Words(search) => search
                .prefixes()
                .map(|prefix| (keys::word_state(named.state, prefix), Some(prefix.to_owned()), Some(format!("{prefix}\u{10FFFF}"))))
                .collect(),
            By::Values(values) => values.iter().map(|value| (keys::value_state(named.state, value), plan.from.clone(), plan.until.clone())).collect(),
            By::Order(order) => vec![(keys::order_state(named.state, order), None, None)],
        };
        let source = |(state, from, until): &(String, Option<String>, Option<String>), place: Place| Source {
            index: matches!(place, Place::Owner(Some(_))).then_some(Index::Owner),
            partition: place.partition(kind, state),
            from: from.clone(),
            until: until.clone(),
        };
        Ok(ranges.iter().flat_map(|range| places.iter().map(move |place| source(range, *place))).collect())
    }

    /// The ids of all live records of a kind of which there are few, in order.
    pub async fn every_id<E: Stored>(&self) -> Result<Vec<E::Id>, Error>
    where
        E::Id: Ord,
    {
        let mut ids = Vec::new();
        for partition in self.shards.places(&keys::of_all(E::KIND, "LIVE")) {
            let mut range = Range { ascending: true, ..Range::default() };
            loop {
                let slice = self.query(Some(Index::All), &partition, &range, i32::from(i16::MAX)).await?;
                range.after = slice.items.last().and_then(|item| get_text(item, keys::SORT)).map(str::to_owned);
                ids.extend(slice.items.iter().filter_map(|item| E::Id::read(id_in(&key_of(item).pk)).ok()));
                if !slice.more {
                    break;
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}
