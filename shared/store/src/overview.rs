//! What stands beside a record: how many children it has, its latest notes, its next follow-up; and
//! what the projector derives from that for the lists.

use crate::error::Error;
use crate::item::{Item, Stored, from_attribute, get_number, get_text, key_of};
use crate::keys::{self, Key};
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::activity::Note;
use domain::customer::Customer;
use domain::lead::Lead;
use domain::overview::{Counter, Counts, LATEST_NOTES, Overview};
use domain::{CustomerId, LeadId, Record, Time};
use futures::future::try_join_all;

fn counts_of(item: &Item) -> Counts {
    let count = |counter: &Counter| get_number(item, counter.as_str()).map(|count| (*counter, count));
    Counter::ALL.iter().filter_map(count).collect()
}

/// How often a derived value is worked out anew when something changes meanwhile.
const REFRESH_ATTEMPTS: usize = 20;

impl Store {
    /// What stands beside a record, eventually consistent, in one trip.
    pub async fn overview(&self, kind: &str, id: impl std::fmt::Display) -> Result<Overview, Error> {
        let pk = keys::counts(kind, id).pk;
        let pending = self.some_children(&pk, "PENDING#", true, 1, false);
        let ((counts, notes), pending) = tokio::try_join!(self.counted_notes(&pk), pending)?;
        let next = pending.first().map(|item| from_attribute(item, "data")).transpose()?;
        Ok(Overview { counts, notes, next })
    }

    /// The counts and the latest notes of a record, in one query.
    async fn counted_notes(&self, pk: &str) -> Result<(Counts, Vec<Note>), Error> {
        let limit = i32::try_from(LATEST_NOTES + 1).unwrap_or(i32::MAX);
        let (mut counts, mut notes) = (Counts::new(), Vec::new());
        for item in &self.some_children(pk, "NOTE", false, limit, false).await? {
            match get_text(item, "type") {
                Some("COUNTS") => counts = counts_of(item),
                _ => notes.push(from_attribute(item, "data")?),
            }
        }
        notes.truncate(LATEST_NOTES);
        Ok((counts, notes))
    }

    /// What stands beside a customer, with the activities and notes of the leads that became it.
    pub async fn customer_overview(&self, mut overview: Overview, customer: &Record<Customer>) -> Result<Overview, Error> {
        let keys: Vec<Key> = customer.data.lead_ids.iter().map(|lead| keys::counts("LEAD", lead)).collect();
        for (counts, notes) in try_join_all(keys.iter().map(|key| self.counted_notes(&key.pk))).await? {
            overview.absorb(counts.get(&Counter::Activities).copied().unwrap_or(0), notes);
        }
        Ok(overview)
    }

    /// The counts of a record alone.
    pub async fn counts(&self, kind: &str, id: impl std::fmt::Display) -> Result<Counts, Error> {
        let item = self.get_item(&keys::counts(kind, id), false).await?;
        Ok(item.as_ref().map(counts_of).unwrap_or_default())
    }

    /// Puts the latest contact and the next follow-up of a lead into its row, and into that of the
    /// customer it became.
    pub async fn refresh_lead(&self, id: LeadId) -> Result<(), Error> {
        let lead = self
            .refresh::<Lead>(
                id,
                |_| Vec::new(),
                |lead| {
                    let derived = &mut lead.row.derived;
                    (&mut derived.last_contacted_at, &mut derived.next_follow_up_at)
                },
            )
            .await?;
        match lead.and_then(|lead| lead.data.converted_customer_id) {
            Some(customer) => self.refresh_customer(customer).await,
            None => Ok(()),
        }
    }

    /// The same for a customer, whose leads' contacts count as its own.
    pub async fn refresh_customer(&self, id: CustomerId) -> Result<(), Error> {
        let leads = |customer: &Record<Customer>| customer.data.lead_ids.clone();
        self.refresh::<Customer>(id, leads, |customer| {
            let derived = &mut customer.row.derived;
            (&mut derived.last_contacted_at, &mut derived.next_follow_up_at)
        })
        .await?;
        Ok(())
    }

    /// Works the derived values out from what stands beside the record. Every change there raises
    /// `seq` in its own transaction; it is read first and has to be the same when the result is
    /// written, so the result of a look that was overtaken is never written.
    async fn refresh<E: Stored>(
        &self,
        id: E::Id,
        leads: impl Fn(&Record<E>) -> Vec<LeadId>,
        slots: impl Fn(&mut Record<E>) -> Slots<'_>,
    ) -> Result<Option<Record<E>>, Error> {
        for _ in 0..REFRESH_ATTEMPTS {
            let Some(record) = self.get_latest::<E>(id).await? else { return Ok(None) };
            let mut sources = vec![keys::counts(E::KIND, id)];
            sources.extend(leads(&record).into_iter().map(|lead| keys::counts("LEAD", lead)));
            let seqs = try_join_all(sources.iter().map(|source| self.seq(source))).await?;
            let dates = try_join_all(sources.iter().map(|source| self.dates(&source.pk))).await?;
            let mut next = record.clone();
            let (last, due) = slots(&mut next);
            *last = dates.iter().filter_map(|(last, _)| *last).max();
            *due = dates.iter().filter_map(|(_, due)| *due).min();
            if next == record {
                return Ok(Some(record));
            }
            let mut tx = Tx::new();
            tx.update(&record, &next);
            for (source, seq) in sources.iter().zip(seqs) {
                tx.require_seq(source, seq);
            }
            match self.commit(tx).await {
                Ok(()) => return Ok(Some(next)),
                Err(error) if error.is_refused(&FailedCondition::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy(format!("what stands beside {id} kept changing")))
    }

    async fn seq(&self, counts: &Key) -> Result<u64, Error> {
        let item = self.get_item(counts, true).await?;
        Ok(item.and_then(|item| get_number(&item, "seq")).unwrap_or(0))
    }

    /// The latest contact and the earliest pending follow-up of a record.
    async fn dates(&self, pk: &str) -> Result<(Option<Time>, Option<Time>), Error> {
        let (contact, pending) =
            tokio::try_join!(self.some_children(pk, "CONTACT#", false, 1, true), self.some_children(pk, "PENDING#", true, 1, true))?;
        let time = |items: &[Item]| -> Option<Time> {
            use domain::text::TextValue;
            let sk = key_of(items.first()?).sk;
            Time::read(sk.split('#').nth(1)?).ok()
        };
        Ok((time(&contact), time(&pending)))
    }
}

/// Where the latest contact and the next follow-up are kept in a record.
type Slots<'a> = (&'a mut Option<Time>, &'a mut Option<Time>);
