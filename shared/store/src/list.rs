//! Lists: one page out of one or more partitions, at a cost that does not grow with the data.

use crate::error::Error;
use crate::found;
use crate::item::{Item, Stored, get_text, key_of, to_row};
use crate::keys::{self, Index, Key, SORT, UNDATED};
use crate::table::{Range, Slice, Store};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::search::Search;
use domain::{Parent, Row, Scope, TeamId, UserId};
use futures::future::try_join_all;
use std::collections::HashMap;

/// How many entries a list reads per request to fill a page, where they stand in few partitions: of many
/// it reads some of each, once.
pub const MOST_READ: usize = 1_000;
/// The same where each entry only names a record, which has to be read as well.
pub const MOST_NAMED_READ: usize = 300;
/// How many entries a list with a residual filter reads first: most find their page among them.
const FIRST_LOOK: usize = 100;
/// How many entries are read at least of each partition: with fewer, a list of many partitions would take
/// a request for every few of its entries.
const LEAST_EACH: usize = 10;
/// What a query counts as at least, in entries: it costs half a read unit whatever it finds.
const QUERY: usize = 8;
/// How many records are read at once: what BatchGetItem takes.
pub(crate) const AT_ONCE: usize = 100;

/// Where a list reads and in which order.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// (index, partition key) of rows that are shown as they stand there, merged by the sort key.
    pub partitions: Vec<(Index, String)>,
    /// Rows that only name the records, merged with the others.
    pub named: Option<Named>,
    /// Ascending by the sort key instead of newest first.
    pub ascending: bool,
    /// First sort key inside.
    pub from: Option<String>,
    /// First sort key outside.
    pub until: Option<String>,
    /// Sort keys from here on come last, also where the order descends.
    pub last: Option<&'static str>,
    /// Whether a filter is applied to the rows read, so that more than a page has to be read.
    pub residual: bool,
}

/// Rows that only name records: those of words, values and orders that the projector keeps.
#[derive(Debug, Clone)]
pub struct Named {
    /// LIVE or ARCHIVED.
    pub state: &'static str,
    /// What the records are found by.
    pub by: By,
    /// Whose records.
    pub places: Vec<Place>,
}

/// What a list finds records by.
#[derive(Debug, Clone)]
pub enum By {
    /// Words, in their order.
    Words(Search),
    /// One of these values.
    Values(Vec<String>),
    /// Nothing: all of them, in an order of its own.
    Order(&'static str),
}

/// Whose records a list reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What somebody owns, or nobody.
    Owner(Option<UserId>),
    /// What belongs to a team.
    Team(TeamId),
    /// Everything.
    All,
}

impl Place {
    /// Its partition, of a kind and a state.
    pub(crate) fn partition(self, kind: &str, state: &str) -> String {
        match self {
            Self::Owner(owner) => keys::of_owner(owner, kind, state),
            Self::Team(team) => keys::of_team(team, kind, state),
            Self::All => keys::of_all(kind, state),
        }
    }
}

/// A partition, and the range of it that is read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The index; none is the table itself.
    pub index: Option<Index>,
    /// The partition key.
    pub partition: String,
    /// First sort key inside.
    pub from: Option<String>,
    /// First sort key outside.
    pub until: Option<String>,
}

/// An entry that a list looks at.
pub(crate) struct Entry {
    /// Its place in the order.
    pub sort: String,
    /// The row, or the record that it names as it is now.
    pub item: Item,
    /// Whether the record was named by a row.
    pub named: bool,
}

impl Plan {
    /// Its own partitions, each with the plan's range.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let source = |(index, partition): &(Index, String)| Source {
            index: Some(*index),
            partition: partition.clone(),
            from: self.from.clone(),
            until: self.until.clone(),
        };
        self.partitions.iter().map(source).collect()
    }

    /// A place in the order without the record's id: a time or a name. What has no date has none, and the
    /// place of a word tells nobody anything.
    fn place_in<'a>(&self, sort: &'a str) -> Option<&'a str> {
        let by_words = matches!(&self.named, Some(Named { by: By::Words(_), .. }));
        sort.split('#').next().map(str::trim_end).filter(|place| !by_words && *place != UNDATED)
    }

    /// The sources without what comes last, or of that alone; all of them where nothing does.
    fn part(&self, sources: &[Source], more_to_come: bool) -> Vec<Source> {
        let mut sources = sources.to_vec();
        if let Some(last) = self.last.filter(|_| !self.ascending) {
            for source in &mut sources {
                *(if more_to_come { &mut source.until } else { &mut source.from }) = Some(last.to_owned());
            }
        }
        sources
    }

    /// Whether what comes last is still to be read after a place in the list.
    fn has_last_part(&self, after: Option<&str>) -> bool {
        !self.ascending && self.last.is_some_and(|last| after.is_none_or(|after| after < last))
    }

    /// How many entries are read per request.
    fn most(&self) -> usize {
        if self.named.is_some() { MOST_NAMED_READ } else { MOST_READ }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
    /// How far the list looked, in its order (a time or a name), where a filter was applied to what it
    /// read and there is more to look at.
    pub scanned_to: Option<String>,
}

impl<T> Page<T> {
    /// Nothing.
    pub fn empty() -> Self {
        Self { items: Vec::new(), next: None, scanned_to: None }
    }
}

/// A place in a list: the sort key of the last row looked at, bound to the list by a digest of its
/// route, filters, order and reach. It needs no secret: it can only move a caller inside the
/// partitions that the server derives again from the caller's reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    binding: String,
    after: String,
}

impl Cursor {
    /// Reads a cursor that must belong to this list.
    pub fn read(text: &str, binding: &str) -> Result<Self, Error> {
        Self::parse(text).filter(|cursor| cursor.binding == Self::digest(binding)).ok_or(Error::Cursor)
    }

    /// Whether it is a cursor of some list.
    pub fn is_one(text: &str) -> bool {
        Self::parse(text).is_some()
    }

    fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (binding, after) = text.split_once(' ')?;
        // Sort keys of this table are far below DynamoDB's 1,024 bytes.
        let is_plausible = (1..=512).contains(&after.len());
        is_plausible.then(|| Self { binding: binding.to_owned(), after: after.to_owned() })
    }

    pub(crate) fn at(binding: &str, after: String) -> Self {
        Self { binding: Self::digest(binding), after }
    }

    /// The place.
    pub(crate) fn place(&self) -> &str {
        &self.after
    }

    /// Whether a place in an ascending order comes after it.
    pub(crate) fn is_before(&self, place: &str) -> bool {
        self.after.as_str() < place
    }

    fn digest(binding: &str) -> String {
        crate::idempotency::sha256(binding.as_bytes())[..16].to_owned()
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{} {}", self.binding, self.after)))
    }
}

/// What stays the same between the pages of a list.
#[derive(Debug, Clone, Copy)]
pub struct Paging<'a> {
    /// How many records a page holds at most.
    pub limit: usize,
    /// The cursor sent, as text.
    pub cursor: Option<&'a str>,
    /// Route, filters, order and reach as text: what a cursor is bound to.
    pub binding: &'a str,
}

/// What a list asks for: where it reads, and which of what it reads there it shows.
pub trait Filter: Send + Sync {
    /// What the list is of.
    type Entity: Stored;
    /// Whether records of somebody outside reach can still be shared with the caller.
    const SHARED: bool = false;

    /// The partitions that this filter reads in a scope, and the order.
    fn plan(&self, scope: &Scope) -> Plan;
    /// Whether a row passes; reach is not its matter.
    fn matches(&self, row: &Row<Self::Entity>) -> bool;
    /// The parent whose children are asked for: who reaches it sees them all.
    fn parent(&self) -> Option<Parent> {
        None
    }
    /// Whether it is a search, of which one may make so many.
    fn searches(&self) -> bool {
        false
    }
    /// The person whose records are asked for.
    fn person(&self) -> Option<UserId> {
        None
    }
}

impl Store {
    /// The keys of the records of a list, for whom a record that cannot be read is to hold up none of the others.
    pub async fn keys(&self, kind: &str, plan: &Plan, paging: Paging<'_>) -> Result<Page<Key>, Error> {
        self.pick(plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(Some(keys::record(kind, id_in(&entry.sort))))).await
    }

    /// A page of rows that `keep` lets through.
    pub async fn list<E: Stored>(&self, plan: &Plan, paging: Paging<'_>, keep: impl Fn(&Row<E>) -> bool) -> Result<Page<Row<E>>, Error> {
        let mut sources = plan.sources();
        if let Some(named) = &plan.named {
            sources.extend(self.named_sources(E::KIND, plan, named).await?);
        }
        let search = plan.named.as_ref().and_then(|named| if let By::Words(search) = &named.by { Some(search) } else { None });
        let admits = |row: &Item| search.map_or(Ok(true), |search| found::shown_here(row, search));
        self.pick(plan, sources, paging, admits, |entry| {
            let row = to_row::<E>(&entry.item)?;
            let stands = !entry.named || plan.named.as_ref().is_none_or(|named| found::stands(&row, &named.by, &entry.sort));
            Ok((stands && keep(&row)).then_some(row))
        })
        .await
    }

    /// A page of what a filter asks for in a scope, as far as `inside` lets it through.
    pub async fn page<F: Filter>(
        &self,
        filter: &F,
        scope: &Scope,
        paging: Paging<'_>,
        inside: impl Fn(&Row<F::Entity>) -> bool,
    ) -> Result<Page<Row<F::Entity>>, Error> {
        self.list(&filter.plan(scope), paging, |row| inside(row) && filter.matches(row)).await
    }

    /// A page of what `examine` makes of the entries of these sources, merged in order: looks on until the
    /// page is full, nothing is left, or as many were read as one request may. Of rows that only name
    /// their records those that `admits` lets through are replaced by the records.
    pub(crate) async fn pick<T>(
        &self,
        plan: &Plan,
        sources: Vec<Source>,
        paging: Paging<'_>,
        admits: impl Fn(&Item) -> Result<bool, Error>,
        examine: impl Fn(&Entry) -> Result<Option<T>, Error>,
    ) -> Result<Page<T>, Error> {
        let mut after = paging.cursor.map(|text| Cursor::read(text, paging.binding)).transpose()?.map(|cursor| cursor.after);
        let all: Vec<Source> = sources.into_iter().flat_map(|source| self.in_shards(source)).collect();
        let mut more_to_come = plan.has_last_part(after.as_deref());
        let mut sources = plan.part(&all, more_to_come);
        let mut found: Vec<(String, T)> = Vec::new();
        let (mut read, mut queries) = (0, 0);
        // One more than the page tells whether there is a next one.
        let mut look = if plan.residual { FIRST_LOOK.max(paging.limit + 1) } else { paging.limit + 1 };
        let last = 'look: loop {
            // A filter spreads over the partitions, each of which also reads the row at the cursor again;
            // without one each may hold the whole page.
            let share = (look / sources.len().max(1)).saturating_sub(usize::from(after.is_some()));
            let each = if plan.residual { share.max(LEAST_EACH) } else { look };
            let slices = try_join_all(sources.iter().map(|source| self.slice(source, plan.ascending, after.as_deref(), each))).await?;
            read += slices.iter().map(|slice| slice.items.len()).sum::<usize>();
            queries += slices.len();
            let (rows, more) = merge(slices, after.as_deref(), plan.ascending);
            let mut last = None;
            for rows in rows.chunks((paging.limit + 1).min(AT_ONCE)) {
                for (sort, entry) in self.entries(rows, &admits).await? {
                    last = Some(sort.clone());
                    found.extend(entry.as_ref().map(&examine).transpose()?.flatten().map(|made| (sort, made)));
                    if found.len() > paging.limit {
                        break 'look None;
                    }
                }
            }
            let at_the_end = !more || last.is_none();
            after = last.or(after);
            let left = plan.most().saturating_sub(read);
            // The next look reads at least so much, the row at the cursor included.
            let least = sources.len() * (LEAST_EACH + 1);
            if (left < least || queries * QUERY >= plan.most()) && (!at_the_end || more_to_come) {
                break after;
            }
            if at_the_end {
                if !more_to_come {
                    break None;
                }
                more_to_come = false;
                sources = plan.part(&all, false);
                after = None;
                if !plan.residual {
                    look = paging.limit + 1 - found.len();
                    continue;
                }
            }
            look = left.min(3 * FIRST_LOOK);
        };
        let full = found.len() > paging.limit;
        found.truncate(paging.limit);
        let next = if full { found.last().map(|(sort, _)| sort.clone()) } else { last };
        let scanned_to = next.as_deref().filter(|_| plan.residual).and_then(|sort| plan.place_in(sort)).map(str::to_owned);
        let items = found.into_iter().map(|(_, made)| made).collect();
        Ok(Page { items, next: next.map(|next| Cursor::at(paging.binding, next)), scanned_to })
    }

    /// A source in all its shards.
    fn in_shards(&self, source: Source) -> Vec<Source> {
        self.shards.places(&source.partition).into_iter().map(|partition| Source { partition, ..source.clone() }).collect()
    }

    /// The next rows of a source; the row at the cursor, which a BETWEEN brings along, is not counted.
    async fn slice(&self, source: &Source, ascending: bool, after: Option<&str>, count: usize) -> Result<Slice, Error> {
        let range = Range { from: source.from.clone(), until: source.until.clone(), after: after.map(str::to_owned), ascending };
        let limit = count.saturating_add(usize::from(after.is_some()));
        self.query(source.index, &source.partition, &range, i32::try_from(limit).unwrap_or(i32::MAX)).await
    }

    /// The entries of these rows, those that only name a record with the record; none where it is gone or
    /// not admitted.
    async fn entries(&self, rows: &[(String, Item)], admits: &impl Fn(&Item) -> Result<bool, Error>) -> Result<Vec<(String, Option<Entry>)>, Error> {
        let mut keys = Vec::new();
        let mut wanted = Vec::new();
        for (sort, row) in rows {
            let key = (found::is_named(row) && admits(row)?).then(|| found::named_by(row, id_in(sort)));
            keys.extend(key.clone());
            wanted.push(key);
        }
        let mut records: HashMap<Key, Item> = HashMap::new();
        if !keys.is_empty() {
            keys.sort_unstable();
            keys.dedup();
            records.extend(self.get_items(&keys).await?.into_iter().map(|item| (key_of(&item), item)));
        }
        let entry = |((sort, row), key): (&(String, Item), Option<Key>)| {
            let named = found::is_named(row);
            let item = if named { key.and_then(|key| records.get(&key).cloned()) } else { Some(row.clone()) };
            (sort.clone(), item.map(|item| Entry { sort: sort.clone(), item, named }))
        };
        Ok(rows.iter().zip(wanted).map(entry).collect())
    }
}

/// The last part of a place in the order: the record's id.
pub(crate) fn id_in(sort: &str) -> &str {
    sort.rsplit('#').next().unwrap_or_default()
}

/// The place of a row in the order: what stands in no index is read from the table itself.
fn sort_of(row: &Item) -> Option<&str> {
    get_text(row, SORT).or_else(|| get_text(row, "sk"))
}

/// The rows of all slices in order, each record once, up to where every slice is known; and whether
/// there is more beyond.
fn merge(slices: Vec<Slice>, after: Option<&str>, ascending: bool) -> (Vec<(String, Item)>, bool) {
    let before = |a: &str, b: &str| if ascending { a < b } else { a > b };
    let mut frontier: Option<String> = None;
    let mut rows: Vec<(String, Item)> = Vec::new();
    let mut more = false;
    for slice in slices {
        let last = slice.items.last().and_then(sort_of).map(str::to_owned);
        if slice.more {
            more = true;
            if let Some(last) = last {
                frontier = Some(match frontier {
                    Some(frontier) if before(&frontier, &last) => frontier,
                    _ => last,
                });
            }
        }
        rows.extend(slice.items.into_iter().filter_map(|row| sort_of(&row).map(str::to_owned).map(|sort| (sort, row))));
    }
    rows.retain(|(sort, _)| after.is_none_or(|after| before(after, sort)));
    rows.sort_by(|(a, _), (b, _)| if ascending { a.cmp(b) } else { b.cmp(a) });
    // A place in the order ends with the record's id.
    rows.dedup_by(|(a, _), (b, _)| a == b);
    if let Some(frontier) = frontier {
        let known = rows.iter().position(|(sort, _)| before(&frontier, sort)).unwrap_or(rows.len());
        rows.truncate(known);
    }
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::text;

    fn slice(sorts: &[&str], more: bool) -> Slice {
        let row = |sort: &&str| Item::from([("pk".into(), text(*sort)), ("sk".into(), text("X")), (SORT.into(), text(*sort))]);
        Slice { items: sorts.iter().map(row).collect(), more }
    }

    fn sorts(rows: &[(String, Item)]) -> Vec<&str> {
        rows.iter().map(|(sort, _)| sort.as_str()).collect()
    }

    #[test]
    fn rows_beyond_what_every_partition_showed_wait_for_the_next_page() {
        let (rows, more) = merge(vec![slice(&["9", "7", "5"], true), slice(&["8", "2"], false)], None, false);
        assert_eq!((sorts(&rows), more), (vec!["9", "8", "7", "5"], true));
    }

    #[test]
    fn a_record_in_two_partitions_shows_once_and_the_cursor_row_is_gone() {
        let (rows, more) = merge(vec![slice(&["1", "2", "3"], false), slice(&["2", "4"], false)], Some("1"), true);
        assert_eq!((sorts(&rows), more), (vec!["2", "3", "4"], false));
    }

    #[test]
    fn a_cursor_of_another_list_or_from_nowhere_is_refused() {
        let cursor = Cursor::at("list_customers?a=1", "2026#x".into()).to_string();
        assert!(Cursor::read(&cursor, "list_customers?a=1").is_ok());
        for bad in [cursor.as_str(), "", "!!", "AAAA", "e30"] {
            assert!(Cursor::read(bad, "list_customers?a=2").is_err(), "{bad}");
        }
    }
}
