//! The latest contact and the next follow-up of leads and customers, and what customers bought, worked out from what stands
//! beside them.

use crate::app::App;
use crate::decide::{Decision, decide};
use crate::error::Error;
use crate::subject::Subject;
use domain::customer::Customer;
use domain::engagement::{hot_until, plan_review};
use domain::lead::Lead;
use domain::{CustomerId, LeadId, Record, Time, rfm};
use store::{Beside, Stored, Tx};

/// A kind whose rows show what stands beside them.
trait Dated: Stored {
    /// Puts what stands beside a record into it.
    fn show(record: &mut Record<Self>, beside: &Beside, now: Time);
}

impl Dated for Lead {
    fn show(record: &mut Record<Self>, beside: &Beside, _: Time) {
        let derived = &mut record.row.derived;
        (derived.last_contacted_at, derived.next_follow_up_at) = (beside.contacts.first().copied(), beside.next_due);
    }
}

impl Dated for Customer {
    fn show(record: &mut Record<Self>, beside: &Beside, now: Time) {
        let derived = &mut record.row.derived;
        derived.next_follow_up_at = beside.next_due;
        if let Some(sales) = beside.sales() {
            let bought = (u64::try_from(sales.orders).unwrap_or_default(), sales.spent_minor, sales.last_order_at);
            if bought != (derived.order_count, derived.total_spent_minor, derived.last_order_at) {
                (derived.order_count, derived.total_spent_minor, derived.last_order_at) = bought;
                rfm::plan_review(record, now);
            }
        }
        let derived = &mut record.row.derived;
        let contacts = (beside.contacts.first().copied(), hot_until(&beside.contacts));
        if contacts != (derived.last_contacted_at, derived.hot_until) {
            (derived.last_contacted_at, derived.hot_until) = contacts;
            plan_review(record, now);
        }
    }
}

/// A record with what its dates are worked out from.
#[derive(Clone)]
struct WithDates<E: Dated> {
    id: E::Id,
    /// `None` where there is no such record.
    found: Option<(Record<E>, Beside)>,
}

impl<E: Dated> WithDates<E> {
    async fn read(app: &App, id: E::Id) -> Result<Self, Error> {
        let store = app.store();
        let (record, beside) = tokio::try_join!(store.get_latest::<E>(id), store.beside(E::KIND, id))?;
        Ok(Self { id, found: record.map(|record| (record, beside)) })
    }

    /// What puts the dates that stand beside the record into it, where they are others.
    fn refreshed(&self, now: Time) -> Option<Tx> {
        let (record, beside) = self.found.as_ref()?;
        let mut next = record.clone();
        E::show(&mut next, beside, now);
        (next != *record).then(|| {
            let mut tx = Tx::new();
            tx.update(record, &next);
            tx.require_beside(beside);
            tx
        })
    }
}

impl<E: Dated> Subject for WithDates<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::read(app, self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        let seen = |dates: &Self| dates.found.as_ref().map(|(record, beside)| (record.rev, beside.clone()));
        seen(self) == seen(other)
    }
}

impl App {
    /// Puts the latest contact and the next follow-up of a lead into its row.
    pub async fn refresh_lead(&self, id: LeadId) -> Result<(), Error> {
        self.refresh::<Lead>(id).await
    }

    /// The same for a customer, and what the customer bought.
    pub async fn refresh_customer(&self, id: CustomerId) -> Result<(), Error> {
        self.refresh::<Customer>(id).await
    }

    async fn refresh<E: Dated>(&self, id: E::Id) -> Result<(), Error> {
        let subject = WithDates::<E>::read(self, id).await?;
        let refreshed = |subject: &WithDates<E>| subject.refreshed(self.clock.now());
        decide(self, subject, |subject| Ok::<_, Error>(refreshed(subject).map_or(Decision::Keep(()), |tx| Decision::Commit(tx.into(), ())))).await
    }
}
