//! What stands beside a record: how many children it has, its latest notes, its next follow-up; and
//! what the projector derives from that for the lists.

use crate::error::Error;
use crate::item::{Item, from_attribute, get_number, get_text, key_of};
use crate::keys::{self, Key};
use crate::records::SalesSeq;
use crate::table::Store;
use crate::tx::Tx;
use domain::customer::Customer;
use domain::engagement::HOT_CONTACTS;
use domain::overview::{Counter, Counts, LATEST_NOTES, Overview, Sales};
use domain::text::TextValue;
use domain::{Entity, Time};

pub(crate) fn counts_of(item: &Item) -> Counts {
    let count = |counter: &Counter| get_number(item, counter.as_str()).map(|count| (*counter, count));
    Counter::ALL.iter().filter_map(count).collect()
}

impl Store {
    /// What stands beside a record, eventually consistent, in one trip.
    pub async fn overview(&self, kind: &str, id: impl std::fmt::Display) -> Result<Overview, Error> {
        let pk = keys::counts(kind, id).pk;
        let pending = self.some_children(&pk, "PENDING#", true, 1, false);
        // The counts sort right after the notes.
        let limit = i32::try_from(LATEST_NOTES + 1).unwrap_or(i32::MAX);
        let counted_notes = self.some_children(&pk, "NOTE", false, limit, false);
        let (counted_notes, pending) = tokio::try_join!(counted_notes, pending)?;
        let next = pending.first().map(|item| from_attribute(item, "data")).transpose()?;
        let mut overview = Overview { next, ..Overview::default() };
        for item in &counted_notes {
            match get_text(item, "type") {
                Some("COUNTS") => overview.counts = counts_of(item),
                _ => overview.notes.push(from_attribute(item, "data")?),
            }
        }
        overview.notes.truncate(LATEST_NOTES);
        Ok(overview)
    }

    /// The counts of a record alone.
    pub async fn counts(&self, kind: &str, id: impl std::fmt::Display) -> Result<Counts, Error> {
        let item = self.get_item(&keys::counts(kind, id), false).await?;
        Ok(item.as_ref().map(counts_of).unwrap_or_default())
    }

    /// The dates that stand beside a record, strongly consistent. Every change there raises `seq` in its
    /// own transaction; it is read first and has to be the same when something derived is written
    /// ([`Tx::require_beside`]), so the result of a look that was overtaken is never written.
    pub async fn beside(&self, kind: &str, id: impl std::fmt::Display) -> Result<Beside, Error> {
        let (counts, bought) = (keys::counts(kind, &id), keys::sales(&id));
        let dates = async { Ok((self.seq(&counts).await?, self.dates(&counts.pk).await?)) };
        let sales = async { if kind == Customer::KIND { self.latest_sales(&id).await.map(Some) } else { Ok(None) } };
        let ((seq, (contacts, next_due)), sales) = tokio::try_join!(dates, sales)?;
        Ok(Beside { counts, seq, contacts, next_due, sales: sales.map(|(seq, sales)| (bought, seq, sales)) })
    }

    async fn seq(&self, counts: &Key) -> Result<u64, Error> {
        let item = self.get_item(counts, true).await?;
        Ok(item.and_then(|item| get_number(&item, "seq")).unwrap_or(0))
    }

    /// The latest contacts and the earliest pending follow-up of a record.
    async fn dates(&self, pk: &str) -> Result<(Vec<Time>, Option<Time>), Error> {
        let latest = i32::try_from(HOT_CONTACTS).unwrap_or(i32::MAX);
        let (contacts, pending) =
            tokio::try_join!(self.some_children(pk, "CONTACT#", false, latest, true), self.some_children(pk, "PENDING#", true, 1, true))?;
        let time = |item: &Item| Time::read(key_of(item).sk.split('#').nth(1)?).ok();
        Ok((contacts.iter().filter_map(time).collect(), pending.first().and_then(time)))
    }
}

/// The dates that stand beside a record, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    counts: Key,
    seq: u64,
    /// The latest contacts, the last one first: as many as make a customer hot.
    pub contacts: Vec<Time>,
    /// When the earliest pending follow-up is due.
    pub next_due: Option<Time>,
    sales: Option<(Key, SalesSeq, Sales)>,
}

impl Beside {
    /// What a customer bought; `None` beside what buys nothing.
    pub fn sales(&self) -> Option<Sales> {
        self.sales.as_ref().map(|(.., sales)| *sales)
    }
}

impl Tx {
    /// Requires that nothing changed beside a record since it was looked at.
    pub fn require_beside(&mut self, beside: &Beside) {
        self.require_seq(&beside.counts, beside.seq);
        if let Some((key, seq, _)) = &beside.sales {
            self.require_sales(key, *seq);
        }
    }
}
