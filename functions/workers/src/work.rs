//! The work queue: larger work in pieces. Each piece can be repeated: a record that is as it should
//! be is left alone.

use crate::automation::send;
use crate::failure::queue_batch;
use crate::ports::{Failure, Ports};
use crate::{Need, Trigger, Worker};
use api::Action;
use domain::customer::{self, Customer, Owner};
use domain::user::UserStatus;
use domain::{Entity, Record, UserId};
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Place, Queue, Work};
use store::list::Paging;
use store::records::owned_plans;
use store::{Refusal, Tx};

/// How many records one message handles before it hands on to the next: well inside the function's
/// time-out at 20 ms a record.
const RECORDS_PER_MESSAGE: usize = 300;
/// How many records one page has.
const PAGE: usize = 100;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "work",
    about: "Moves and re-stamps records in pieces; repeats parked stream records",
    trigger: Trigger::Queue(Queue::Work),
    actions: &[Action::Get, Action::Query, Action::Put, Action::Update, Action::Delete],
    needs: &[Need::Send(Queue::Work), Need::Bus],
    handle: |ports, event| async move { queue_batch(ports, Queue::Work, &event, |message| run(ports, message)).await }.boxed(),
};

async fn run(ports: &Ports, message: Message) -> Result<(), Failure> {
    let work: Work = serde_json::from_str(&message.body).map_err(|e| Failure::Nonsense(format!("not a piece of work: {e}")))?;
    match work {
        Work::Restamp { user, from } => {
            let stamp = owner(ports, user).await?;
            let rest = each_owned(ports, user, from, |record| restamped(&record, user, stamp.as_ref())).await?;
            hand_on(ports, rest.map(|from| Work::Restamp { user, from: Some(from) })).await
        }
        Work::MoveRecords { user, to, from } => {
            let to_owner = match to {
                Some(to) => owner(ports, to).await?,
                None => None,
            };
            let rest = each_owned(ports, user, from, |record| moved(ports, &record, user, to_owner.as_ref())).await?;
            hand_on(ports, rest.map(|from| Work::MoveRecords { user, to, from: Some(from) })).await
        }
        Work::Project { record } => crate::projector::project(ports, record).await,
        Work::Relay { record } => crate::relay::relay(ports, record).await,
    }
}

async fn hand_on(ports: &Ports, rest: Option<Work>) -> Result<(), Failure> {
    match rest {
        Some(rest) => send(ports, &rest, 0).await,
        None => Ok(()),
    }
}

/// A user as an owner right now; `None` when the user may own nothing.
async fn owner(ports: &Ports, user: UserId) -> Result<Option<Owner>, Failure> {
    let auth = ports.store.auth(user).await?.filter(|auth| auth.status == UserStatus::Active);
    Ok(auth.map(|auth| Owner { id: user, name: auth.name, team: auth.team_id }))
}

/// What a record has to become; `None` when it is as it should be.
type Change = Option<(Record<Customer>, Tx)>;

/// The owner's present team and name on a record.
fn restamped(record: &Record<Customer>, user: UserId, stamp: Option<&Owner>) -> Change {
    let owner = stamp.filter(|_| record.data.owner_id == Some(user))?;
    let mut next = record.clone();
    customer::stamp(&mut next.kept, Some(owner));
    (next.kept != record.kept).then(|| (next, Tx::new()))
}

/// A record of the former owner, given to the new one or to the pool.
fn moved(ports: &Ports, record: &Record<Customer>, user: UserId, to: Option<&Owner>) -> Change {
    if record.data.owner_id != Some(user) || to.is_some_and(|to| to.id == user) {
        return None;
    }
    let (next, events) = customer::assign(record, &ports.act(), to)?;
    let mut tx = Tx::new();
    tx.events(&events);
    Some((next, tx))
}

/// Changes every record of an owner, from a place on; gives the place to go on from when there are
/// more than one message should handle.
async fn each_owned(ports: &Ports, user: UserId, from: Option<Place>, change: impl Fn(Record<Customer>) -> Change) -> Result<Option<Place>, Failure> {
    let plans = owned_plans(user, Customer::KIND);
    let Place { list, mut after } = from.unwrap_or_default();
    let mut handled = 0;
    for (at, plan) in plans.iter().enumerate().skip(list) {
        loop {
            let paging = Paging { limit: PAGE, cursor: after.as_deref(), binding: "work" };
            let page = ports.store.list::<Customer>(plan, paging, |_| true).await?;
            for record in page.items {
                handled += 1;
                apply(ports, record, &change).await?;
            }
            after = page.next.map(|cursor| cursor.to_string());
            if after.is_none() {
                break;
            }
            if handled >= RECORDS_PER_MESSAGE {
                return Ok(Some(Place { list: at, after }));
            }
        }
    }
    Ok(None)
}

/// Applies a change to a record as it is, reading it again when it changed meanwhile.
async fn apply(ports: &Ports, record: Record<Customer>, change: &impl Fn(Record<Customer>) -> Change) -> Result<(), Failure> {
    let id = record.id;
    let mut present = Some(record);
    for _ in 0..10 {
        let Some(record) = present else { return Ok(()) };
        let Some((next, mut tx)) = change(record.clone()) else { return Ok(()) };
        tx.update(&record, &next);
        match ports.store.commit(tx).await {
            Err(error) if error.is_refused(&Refusal::Stale) => present = ports.store.get_latest(id).await?,
            done => return Ok(done?),
        }
    }
    Err(Failure::Store(store::Error::Busy(format!("customer {id} kept changing"))))
}
