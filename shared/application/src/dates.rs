//! The latest contact and the next follow-up of leads and customers, worked out from what stands beside
//! them. A customer counts the contacts of the leads that became it as its own.

use crate::app::App;
use crate::decide::{Decision, decide};
use crate::error::Error;
use crate::subject::Subject;
use domain::customer::Customer;
use domain::lead::Lead;
use domain::{CustomerId, Entity, LeadId, Record, Time};
use futures::future::try_join_all;
use store::{Beside, Stored, Tx};

/// A kind whose rows show the two dates.
trait Dated: Stored {
    /// The leads whose dates count as its own.
    fn leads(record: &Record<Self>) -> Vec<LeadId>;
    /// Where the latest contact and the next follow-up stand in it.
    fn dates(record: &mut Record<Self>) -> (&mut Option<Time>, &mut Option<Time>);
}

impl Dated for Lead {
    fn leads(_: &Record<Self>) -> Vec<LeadId> {
        Vec::new()
    }

    fn dates(record: &mut Record<Self>) -> (&mut Option<Time>, &mut Option<Time>) {
        let derived = &mut record.row.derived;
        (&mut derived.last_contacted_at, &mut derived.next_follow_up_at)
    }
}

impl Dated for Customer {
    fn leads(record: &Record<Self>) -> Vec<LeadId> {
        record.data.lead_ids.clone()
    }

    fn dates(record: &mut Record<Self>) -> (&mut Option<Time>, &mut Option<Time>) {
        let derived = &mut record.row.derived;
        (&mut derived.last_contacted_at, &mut derived.next_follow_up_at)
    }
}

/// A record with what its dates are worked out from.
#[derive(Clone)]
struct WithDates<E: Dated> {
    id: E::Id,
    record: Option<Record<E>>,
    beside: Vec<Beside>,
}

impl<E: Dated> WithDates<E> {
    async fn read(app: &App, id: E::Id) -> Result<Self, Error> {
        let store = app.store();
        let Some(record) = store.get_latest::<E>(id).await? else { return Ok(Self { id, record: None, beside: Vec::new() }) };
        let leads = E::leads(&record).into_iter().map(|lead| (Lead::KIND, lead.to_string()));
        let sources = std::iter::once((E::KIND, id.to_string())).chain(leads);
        let beside = try_join_all(sources.map(|(kind, id)| store.beside(kind, id))).await?;
        Ok(Self { id, record: Some(record), beside })
    }

    /// The record before and after, where its dates are not those that stand beside it.
    fn refreshed(&self) -> Option<(&Record<E>, Record<E>)> {
        let record = self.record.as_ref()?;
        let mut next = record.clone();
        let (last, due) = E::dates(&mut next);
        *last = self.beside.iter().filter_map(|beside| beside.last_contact).max();
        *due = self.beside.iter().filter_map(|beside| beside.next_due).min();
        (next != *record).then_some((record, next))
    }
}

impl<E: Dated> Subject for WithDates<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::read(app, self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        let rev = |dates: &Self| dates.record.as_ref().map(|record| record.rev);
        rev(self) == rev(other) && self.beside == other.beside
    }
}

impl App {
    /// Puts the latest contact and the next follow-up of a lead into its row, and into that of the
    /// customer it became.
    pub async fn refresh_lead(&self, id: LeadId) -> Result<(), Error> {
        let lead = self.refresh::<Lead>(id).await?;
        match lead.and_then(|lead| lead.data.converted_customer_id) {
            Some(customer) => self.refresh_customer(customer).await,
            None => Ok(()),
        }
    }

    /// The same for a customer, whose leads' contacts count as its own.
    pub async fn refresh_customer(&self, id: CustomerId) -> Result<(), Error> {
        self.refresh::<Customer>(id).await.map(drop)
    }

    async fn refresh<E: Dated>(&self, id: E::Id) -> Result<Option<Record<E>>, Error> {
        let subject = WithDates::<E>::read(self, id).await?;
        decide(self, subject, |subject| {
            let Some((record, next)) = subject.refreshed() else { return Ok(Decision::Keep(subject.record.clone())) };
            let mut tx = Tx::new();
            tx.update(record, &next);
            subject.beside.iter().for_each(|beside| tx.require_beside(beside));
            Ok::<_, Error>(Decision::Commit(tx.into(), Some(next)))
        })
        .await
    }
}
