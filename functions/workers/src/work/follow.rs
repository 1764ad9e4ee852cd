//! What belongs to a lead or customer follows it to its new owner.

use super::owned::owner;
use super::walk::{Walk, below, change, change_telling, steps};
use crate::failure::Failure;
use application::App;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::{self, Lead};
use domain::message::Message;
use domain::order::Order;
use domain::overview::Counter;
use domain::owner::{Follower, Held, beside, follow, follows, strays};
use domain::task::Task;
use domain::transaction::Transaction;
use domain::{CustomerId, Entity, Owner, PartyId, Record, Time, UserId};
use messaging::Place;
use store::Tx;
use store::item::Stored;

/// Puts the leads that became a customer, its orders, their transactions and its messages where the customer is now.
pub(super) async fn follow_customer(app: &App, id: CustomerId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let customer = app.unscoped().get_latest::<Customer>(id).await?;
    let Some(customer) = customer else { return Ok(None) };
    let orders = app.unscoped().counts(Customer::KIND, id).await?.get(&Counter::Orders).copied().unwrap_or_default();
    let follow = |lead: &Record<Lead>| lead::follow(lead, &customer).map(|next| change(lead, &next));
    // A row may show the owner before the last one, so each lead is looked at itself.
    let mut walk = Walk::new(app, from);
    let rest = walk.following::<Message>(&customer).await?;
    if rest.is_some() {
        return Ok(rest);
    }
    if customer.derived.lead_count > 0 {
        let rest = walk.list(&below(PartyId::Customer(id), Lead::KIND), |_| true, follow).await?;
        if rest.is_some() {
            return Ok(rest);
        }
    } else {
        walk.enter();
    }
    if orders == 0 {
        return Ok(None);
    }
    steps!(walk.following::<Order>(&customer), walk.following::<Transaction>(&customer))
}

impl Walk<'_> {
    /// The records of one kind that go where their customer goes: those whose rows show that they are elsewhere.
    async fn following<E: Follower + Stored>(&mut self, customer: &Record<Customer>) -> Result<Option<Place>, Failure> {
        let plan = below(PartyId::Customer(customer.id), E::KIND);
        self.list::<E>(&plan, |row| strays(row, customer), |record| beside(record, customer).map(|next| change(record, &next))).await
    }
}

/// Gives what the former owner of a lead or customer had to do on it to who owns it now; what belongs to
/// nobody, or to the former owner again, leaves it where it is.
pub(super) async fn follow_owner(app: &App, of: PartyId, former: UserId, given: Time, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let holder = match of {
        PartyId::Lead(id) => app.unscoped().get_latest::<Lead>(id).await?.and_then(|lead| lead.data.owner_id),
        PartyId::Customer(id) => app.unscoped().get_latest::<Customer>(id).await?.and_then(|customer| customer.data.owner_id),
    };
    let Some(holder) = holder.filter(|holder| *holder != former) else { return Ok(None) };
    let Some(holder) = owner(app, holder).await? else { return Ok(None) };
    fn moved<E: Held + Stored>(app: &App, work: &Record<E>, (former, given): (UserId, Time), holder: &Owner) -> Option<Tx> {
        let (next, events) = follow(work, &app.act(), former, given, holder)?;
        Some(change_telling(work, &next, &events))
    }
    let since = (former, given);
    let mut walk = Walk::new(app, from);
    steps!(
        walk.list(&below(of, FollowUp::KIND), |row| follows(row, former, given), |work: &Record<FollowUp>| moved(app, work, since, &holder)),
        walk.list(&below(of, Task::KIND), |row| follows(row, former, given), |work: &Record<Task>| moved(app, work, since, &holder)),
    )
}
