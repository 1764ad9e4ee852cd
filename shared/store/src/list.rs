//! Lists: one page out of one or more partitions, at a cost that does not grow with the data.

use crate::error::Error;
use crate::item::{Item, Stored, get_text, to_row};
use crate::keys::{Index, SORT};
use crate::table::{Range, Slice, Store};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::search::Search;
use domain::{Parent, Row, Scope, UserId};
use futures::future::try_join_all;

/// How many index entries a list with a residual filter reads per request.
pub const RESIDUAL_READ: usize = 100;

/// Where a list reads and in which order.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// (index, partition key), merged by the sort key. None at all is an empty list.
    pub partitions: Vec<(Index, String)>,
    /// Ascending by the sort key instead of newest first.
    pub ascending: bool,
    /// First sort key inside.
    pub from: Option<String>,
    /// First sort key outside.
    pub until: Option<String>,
    /// Whether a filter is applied to the rows read, so that more than a page has to be read.
    pub residual: bool,
    /// Whether what stands there only names the records.
    pub named: bool,
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

impl Plan {
    /// Its partitions as they stand in their indexes, each with the plan's range.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let source = |(index, partition): &(Index, String)| self.source(Some(*index), partition.clone());
        self.partitions.iter().map(source).collect()
    }

    /// A partition with the plan's range.
    pub(crate) fn source(&self, index: Option<Index>, partition: String) -> Source {
        Source { index, partition, from: self.from.clone(), until: self.until.clone() }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
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
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Cursor)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Cursor)?;
        let (found, after) = text.split_once(' ').ok_or(Error::Cursor)?;
        // Sort keys of this table are far below DynamoDB's 1,024 bytes.
        let plausible = found == Self::digest(binding) && (1..=512).contains(&after.len());
        if plausible { Ok(Self { binding: found.to_owned(), after: after.to_owned() }) } else { Err(Error::Cursor) }
    }

    fn at(binding: &str, after: String) -> Self {
        Self { binding: Self::digest(binding), after }
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
    /// The words looked for.
    fn search(&self) -> Option<&Search> {
        None
    }
    /// The parent whose children are asked for: who reaches it sees them all.
    fn parent(&self) -> Option<Parent> {
        None
    }
    /// The person whose records are asked for.
    fn person(&self) -> Option<UserId> {
        None
    }
}

impl Store {
    /// A page of rows that `keep` lets through.
    pub async fn list<E: Stored>(&self, plan: &Plan, paging: Paging<'_>, keep: impl Fn(&Row<E>) -> bool) -> Result<Page<Row<E>>, Error> {
        self.pick(plan, &plan.sources(), paging, |item| {
            let row = to_row::<E>(item)?;
            Ok(keep(&row).then_some(row))
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
        let plan = filter.plan(scope);
        let keep = |row: &Row<F::Entity>| inside(row) && filter.matches(row);
        match filter.search() {
            Some(search) if plan.named => self.search(&plan, search, paging, keep).await,
            None if plan.named => self.with_value(&plan, paging, keep).await,
            _ => self.list(&plan, paging, keep).await,
        }
    }

    /// A page of what `examine` makes of the rows of these sources, merged in order.
    pub(crate) async fn pick<T>(
        &self,
        plan: &Plan,
        sources: &[Source],
        paging: Paging<'_>,
        examine: impl Fn(&Item) -> Result<Option<T>, Error>,
    ) -> Result<Page<T>, Error> {
        let after = paging.cursor.map(|text| Cursor::read(text, paging.binding)).transpose()?.map(|cursor| cursor.after);
        // One row more than the page tells whether there is a next one; one more again makes up for
        // the row at the cursor, which a BETWEEN brings along.
        let per_partition = if plan.residual { RESIDUAL_READ / sources.len().max(1) } else { paging.limit + 1 };
        let depth = i32::try_from(per_partition.max(1)).unwrap_or(i32::MAX).saturating_add(i32::from(after.is_some() && !plan.residual));
        let queries = sources.iter().map(|source| {
            let after = after.clone();
            async move {
                let range = Range { from: source.from.clone(), until: source.until.clone(), after, ascending: plan.ascending };
                self.query(source.index, &source.partition, &range, depth).await
            }
        });
        let slices = try_join_all(queries).await?;
        let (rows, more) = merge(slices, after.as_deref(), plan);
        let mut items = Vec::new();
        let mut last = None;
        let mut rest = rows.into_iter();
        for (sort, row) in rest.by_ref() {
            if let Some(found) = examine(&row)? {
                items.push(found);
            }
            last = Some(sort);
            if items.len() == paging.limit {
                break;
            }
        }
        let mut another = more;
        for (_, row) in rest {
            another = another || examine(&row)?.is_some();
        }
        let next = last.filter(|_| another).map(|last| Cursor::at(paging.binding, last));
        Ok(Page { items, next })
    }
}

/// The place of a row in the order: what stands in no index is read from the table itself.
fn sort_of(row: &Item) -> Option<&str> {
    get_text(row, SORT).or_else(|| get_text(row, "sk"))
}

/// The rows of all slices in order, each record once, up to where every slice is known; and whether
/// there is more beyond.
fn merge(slices: Vec<Slice>, after: Option<&str>, plan: &Plan) -> (Vec<(String, Item)>, bool) {
    let before = |a: &str, b: &str| if plan.ascending { a < b } else { a > b };
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
    rows.sort_by(|(a, _), (b, _)| if plan.ascending { a.cmp(b) } else { b.cmp(a) });
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
        let plan = Plan::default();
        let (rows, more) = merge(vec![slice(&["9", "7", "5"], true), slice(&["8", "2"], false)], None, &plan);
        assert_eq!((sorts(&rows), more), (vec!["9", "8", "7", "5"], true));
    }

    #[test]
    fn a_record_in_two_partitions_shows_once_and_the_cursor_row_is_gone() {
        let plan = Plan { ascending: true, ..Plan::default() };
        let (rows, more) = merge(vec![slice(&["1", "2", "3"], false), slice(&["2", "4"], false)], Some("1"), &plan);
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
