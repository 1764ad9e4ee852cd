//! The work queue: larger work in pieces. Each piece can be repeated: a record that is as it should
//! be is left alone.

use crate::failure::{Failure, queue_batch, read, stream_record};
use crate::redrive::redrive;
use crate::{Need, Trigger, Worker};
use application::{App, Decision};
use domain::activity::Activity;
use domain::customer::Customer;
use domain::figures::Whose;
use domain::follow_up::FollowUp;
use domain::lead::{self, Lead};
use domain::order::Order;
use domain::overview::Counter;
use domain::owner::{Follower, Held, beside, follow, follows, strays};
use domain::project::Project;
use domain::task::Task;
use domain::team::Team;
use domain::transaction::Transaction;
use domain::user::UserStatus;
use domain::work_log::WorkLog;
use domain::{CustomerId, Entity, LeadId, Owned, Owner, Parent, PartyId, Record, Row, Time, UserId};
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Place, Queue, Work};
use serde::{Deserialize, Serialize};
use store::Action;
use store::item::Stored;
use store::list::Paging;
use store::records::{children_plan, owned_plans};
use store::{FailedCondition, Key, Plan, Tx, Which};

/// How many records one message handles before it hands on to the next: well inside the function's
/// time-out at 20 ms a record.
pub(crate) const RECORDS_PER_MESSAGE: usize = 300;
/// How many records one page has.
pub(crate) const PAGE: usize = 100;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "work",
    about: "Moves, re-stamps and cleans up records in pieces; repeats parked stream records",
    trigger: Trigger::Queue(Queue::Work),
    actions: &[
        Action::Get,
        Action::BatchGet,
        Action::Query,
        Action::QueryTable,
        Action::Put,
        Action::BatchWrite,
        Action::Update,
        Action::Delete,
        Action::Check,
    ],
    needs: &[Need::Send(Queue::Work), Need::Send(Queue::Automation), Need::Send(Queue::Notifications), Need::Send(Queue::Jobs), Need::Bus],
    handle: |app, event| async move { queue_batch(app, Queue::Work, event, |message| run(app, message)).await }.boxed(),
};

async fn run(app: &App, message: Message) -> Result<(), Failure> {
    let Piece { work, hops } = read("a piece of work", &message.body)?;
    if hops >= MAX_HOPS {
        return Err(Failure::Nonsense(format!("it was handed on {MAX_HOPS} times and is not done")));
    }
    match work {
        Work::Restamp { user, from } => {
            // What somebody who may not sign in did stays his, and goes with him to another team.
            let Some(auth) = app.unscoped().auth(user).await? else { return Ok(()) };
            let stamp = Owner { id: user, name: auth.name, team: auth.team_id };
            let rest = each_owned(app, user, from, &Move::Stamp(stamp)).await?;
            hand_on(app, hops, rest.map(|from| Work::Restamp { user, from: Some(from) })).await
        }
        Work::MoveRecords { user, to, by, from } => {
            // Who came back keeps what is his, however late or often the message comes.
            if owner(app, user).await?.is_some() {
                return Ok(());
            }
            let to_owner = match to {
                Some(to) => owner(app, to).await?,
                None => None,
            };
            let open_work = match &to_owner {
                Some(owner) => Some(owner.clone()),
                None => stand_in(app, user, by).await?,
            };
            let rest = each_owned(app, user, from, &Move::HandOver { records: to_owner, open_work }).await?;
            hand_on(app, hops, rest.map(|from| Work::MoveRecords { user, to, by, from: Some(from) })).await
        }
        Work::FollowCustomer { customer, from } => {
            let rest = follow_customer(app, customer, from).await?;
            hand_on(app, hops, rest.map(|from| Work::FollowCustomer { customer, from: Some(from) })).await
        }
        Work::FollowOwner { of, former, given, from } => {
            let rest = follow_owner(app, of, former, given, from).await?;
            hand_on(app, hops, rest.map(|from| Work::FollowOwner { of, former, given, from: Some(from) })).await
        }
        Work::MoveOpenWork { lead, customer, from } => {
            let rest = move_open_work(app, lead, customer, from).await?;
            if rest.is_none() {
                // What was read for the lead's dates when it was converted may have been a little old.
                app.refresh_customer(customer).await?;
            }
            hand_on(app, hops, rest.map(|from| Work::MoveOpenWork { lead, customer, from: Some(from) })).await
        }
        Work::PurgeLead { lead, from } => {
            let rest = purge_lead(app, lead, from).await?;
            hand_on(app, hops, rest.map(|from| Work::PurgeLead { lead, from: Some(from) })).await
        }
        Work::Migrate { name, dry_run, run } => {
            let rest = crate::migrate::migrate(app, &message.id, &name, dry_run, run).await?;
            hand_on(app, hops, rest.map(|run| Work::Migrate { name, dry_run, run: Some(run) })).await
        }
        Work::Redrive { queue, cause, before, from } => {
            let which = Which { queue: queue.as_deref(), cause: cause.as_deref() };
            let rest = redrive(app, which, before, from).await?;
            hand_on(app, hops, rest.map(|from| Work::Redrive { queue, cause, before, from: Some(from) })).await
        }
        Work::CountersCheck { team, user, repair, from } => {
            let whose = user.map_or(Whose::Team(team), Whose::User);
            crate::recount::recount(app, whose, repair, from).await
        }
        Work::Count { kind, pk } => Ok(app.count_figures(&[Key { pk, sk: kind }]).await?),
        Work::Project { record } => crate::projector::project(app, stream_record(&record)?).await,
        Work::Relay { record } => crate::relay::relay(app, stream_record(&record)?).await,
    }
}

/// How often a piece of work may be handed on: at 300 records each more than a company has. One that goes on beyond goes in circles.
const MAX_HOPS: u32 = 10_000;

/// A piece of work, and how many came before it.
#[derive(Serialize, Deserialize)]
struct Piece {
    #[serde(flatten)]
    work: Work,
    #[serde(default)]
    hops: u32,
}

async fn hand_on(app: &App, hops: u32, rest: Option<Work>) -> Result<(), Failure> {
    let Some(work) = rest else { return Ok(()) };
    let body = serde_json::to_string(&Piece { work, hops: hops + 1 }).map_err(|error| crate::failure::not("a piece of work", &error))?;
    Ok(app.queues()?.send(Queue::Work, body, 0).await?)
}

/// A user as an owner right now; `None` when the user may own nothing.
async fn owner(app: &App, user: UserId) -> Result<Option<Owner>, Failure> {
    let auth = app.unscoped().auth(user).await?.filter(|auth| auth.status == UserStatus::Active);
    Ok(auth.map(|auth| Owner { id: user, name: auth.name, team: auth.team_id }))
}

/// Who takes over a disabled user's open work where nobody was named: the team's manager, else who
/// disabled the user.
async fn stand_in(app: &App, user: UserId, by: Option<UserId>) -> Result<Option<Owner>, Failure> {
    let team = app.unscoped().auth(user).await?.and_then(|auth| auth.team_id);
    let manager = match team {
        Some(team) => app.unscoped().get::<Team>(team).await?.and_then(|team| team.data.manager_id),
        None => None,
    };
    for person in [manager, by].into_iter().flatten().filter(|person| *person != user) {
        if let Some(owner) = owner(app, person).await? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// What happens to the records of an owner.
enum Move {
    /// They get the owner's present team and name.
    Stamp(Owner),
    /// They go to somebody else: what can be in the pool to the first or there, open work to the
    /// second.
    HandOver { records: Option<Owner>, open_work: Option<Owner> },
}

impl Move {
    /// Whether a row shows that there may be something to do.
    fn concerns<E: Owned + Stored>(&self, row: &Row<E>, user: UserId) -> bool {
        let as_stamped = |owner: &Owner| E::stamped(&row.derived) == (owner.team, Some(&*owner.name));
        E::owner(row) == Some(user) && !matches!(self, Self::Stamp(owner) if as_stamped(owner))
    }

    /// What makes a record as it should be; `None` when it is.
    fn of<E: Owned + Stored>(&self, app: &App, record: &Record<E>, user: UserId) -> Option<Tx> {
        if !self.concerns(record, user) {
            return None;
        }
        match self {
            Self::Stamp(owner) => {
                let mut next = record.clone();
                E::stamp(&mut next.derived, Some(owner));
                Some(change(record, &next))
            }
            Self::HandOver { records, open_work } => {
                let to = if E::POOLED { records } else { open_work };
                let (next, events) = E::hand_over(record, &app.act(), to.as_ref())?;
                let mut tx = change(record, &next);
                tx.events(&events);
                Some(tx)
            }
        }
    }
}

pub(crate) fn change<E: Stored>(old: &Record<E>, new: &Record<E>) -> Tx {
    let mut tx = Tx::new();
    tx.update(old, new);
    tx
}

/// A way through lists that can stop after some records and go on in another message.
struct Walk<'a> {
    app: &'a App,
    from: Place,
    /// How many lists were begun.
    list: usize,
    handled: usize,
}

impl<'a> Walk<'a> {
    fn new(app: &'a App, from: Option<Place>) -> Self {
        Self { app, from: from.unwrap_or_default(), list: 0, handled: 0 }
    }

    /// Does with every record of a list that was not visited before, and whose row is of concern, what
    /// `decide` says. Gives the place to go on from when there are more than one message should handle.
    async fn list<E: Stored>(
        &mut self,
        plan: &Plan,
        concerns: impl Fn(&Row<E>) -> bool,
        decide: impl Fn(&Record<E>) -> Option<Tx>,
    ) -> Result<Option<Place>, Failure> {
        let at = self.list;
        self.list += 1;
        if at < self.from.list {
            return Ok(None);
        }
        let mut after = self.from.after.take().filter(|_| at == self.from.list);
        loop {
            let paging = Paging { limit: PAGE, cursor: after.as_deref(), binding: "work" };
            let page = self.app.unscoped().list::<E>(plan, paging, |_| true).await?;
            for row in page.items {
                self.handled += 1;
                if concerns(&row) {
                    decide_on(self.app, row.id, &decide).await?;
                }
            }
            after = page.next.map(|cursor| cursor.to_string());
            if after.is_none() {
                return Ok(None);
            }
            if self.handled >= RECORDS_PER_MESSAGE {
                return Ok(Some(Place { list: at, after }));
            }
        }
    }

    /// The records of one kind that go where their customer goes: those whose rows show that they are elsewhere.
    async fn following<E: Follower + Stored>(&mut self, customer: &Record<Customer>) -> Result<Option<Place>, Failure> {
        let plan = below(PartyId::Customer(customer.id), E::KIND);
        self.list::<E>(&plan, |row| strays(row, customer), |record| beside(record, customer).map(|next| change(record, &next))).await
    }

    /// The records of one kind that somebody owns.
    async fn owned<E: Owned + Stored>(&mut self, user: UserId, change: &Move) -> Result<Option<Place>, Failure> {
        let app = self.app;
        for plan in owned_plans(user, E::KIND) {
            let rest = self.list::<E>(&plan, |row| change.concerns(row, user), |record| change.of(app, record, user)).await?;
            if rest.is_some() {
                return Ok(rest);
            }
        }
        Ok(None)
    }
}

/// Does each step until one has to go on in another message.
macro_rules! steps {
    ($($step:expr),* $(,)?) => {{
        $(if let Some(place) = Box::pin($step).await? { return Ok(Some(place)); })*
        Ok(None)
    }};
}

/// Changes every record of an owner.
async fn each_owned(app: &App, user: UserId, from: Option<Place>, change: &Move) -> Result<Option<Place>, Failure> {
    let mut walk = Walk::new(app, from);
    steps!(
        walk.owned::<Customer>(user, change),
        walk.owned::<Lead>(user, change),
        walk.owned::<Task>(user, change),
        walk.owned::<FollowUp>(user, change),
        walk.owned::<Project>(user, change),
        walk.owned::<WorkLog>(user, change),
        walk.owned::<Order>(user, change),
        walk.owned::<Transaction>(user, change),
    )
}

/// Puts the leads that became a customer, its orders and their transactions where the customer is now.
async fn follow_customer(app: &App, id: CustomerId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let customer = app.unscoped().get_latest::<Customer>(id).await?;
    let Some(customer) = customer else { return Ok(None) };
    let orders = app.unscoped().counts(Customer::KIND, id).await?.get(&Counter::Orders).copied().unwrap_or_default();
    if customer.derived.lead_count == 0 && orders == 0 {
        return Ok(None);
    }
    let follow = |lead: &Record<Lead>| lead::follow(lead, &customer).map(|next| change(lead, &next));
    let mut walk = Walk::new(app, from);
    // A row may show the owner before the last one, so each lead is looked at itself.
    let leads = walk.list(&below(PartyId::Customer(id), Lead::KIND), |_| true, follow).await?;
    if leads.is_some() || orders == 0 {
        return Ok(leads);
    }
    steps!(walk.following::<Order>(&customer), walk.following::<Transaction>(&customer))
}

/// Gives what the former owner of a lead or customer had to do on it to who owns it now; what belongs to
/// nobody, or to the former owner again, leaves it where it is.
async fn follow_owner(app: &App, of: PartyId, former: UserId, given: Time, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let holder = match of {
        PartyId::Lead(id) => app.unscoped().get_latest::<Lead>(id).await?.and_then(|lead| lead.data.owner_id),
        PartyId::Customer(id) => app.unscoped().get_latest::<Customer>(id).await?.and_then(|customer| customer.data.owner_id),
    };
    let Some(holder) = holder.filter(|holder| *holder != former) else { return Ok(None) };
    let Some(holder) = owner(app, holder).await? else { return Ok(None) };
    fn moved<E: Held + Stored>(app: &App, work: &Record<E>, (former, given): (UserId, Time), holder: &Owner) -> Option<Tx> {
        let (next, events) = follow(work, &app.act(), former, given, holder)?;
        let mut tx = change(work, &next);
        tx.events(&events);
        Some(tx)
    }
    let since = (former, given);
    let mut walk = Walk::new(app, from);
    steps!(
        walk.list(&below(of, FollowUp::KIND), |row| follows(row, former, given), |work: &Record<FollowUp>| moved(app, work, since, &holder)),
        walk.list(&below(of, Task::KIND), |row| follows(row, former, given), |work: &Record<Task>| moved(app, work, since, &holder)),
    )
}

fn below(party: PartyId, kind: &str) -> Plan {
    Plan { ascending: true, ..children_plan(Parent::Party(party), kind) }
}

/// Moves what is open under a converted lead to its customer; what is closed stays. Activities stay and
/// stand beside the customer as well, the latest first, whose date shows in lists.
async fn move_open_work(app: &App, lead: LeadId, customer: CustomerId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let mut walk = Walk::new(app, from);
    let follow_up_moves = |row: &Row<FollowUp>| row.is_open() && row.data.lead_id == Some(lead);
    let follow_up = |record: &Record<FollowUp>| follow_up_moves(record).then(|| change(record, &record.moved_to(customer)));
    let task_moves = |row: &Row<Task>| (row.data.status.is_open() || row.data.recurrence.is_some()) && row.data.lead_id == Some(lead);
    let task = |record: &Record<Task>| task_moves(record).then(|| change(record, &record.moved_to(customer)));
    let is_new = |row: &Row<Activity>| row.data.lead_id == Some(lead) && row.derived.customer_id != Some(customer);
    let activity = |record: &Record<Activity>| is_new(record).then(|| change(record, &record.also_of(customer)));
    let of_lead = PartyId::Lead(lead);
    let activities = Plan { ascending: false, ..below(of_lead, Activity::KIND) };
    steps!(
        walk.list(&below(of_lead, FollowUp::KIND), follow_up_moves, follow_up),
        walk.list(&below(of_lead, Task::KIND), task_moves, task),
        walk.list(&activities, is_new, activity),
    )
}

/// Deletes what hangs below a lead that is gone: its activities and follow-ups; tasks lose their link.
async fn purge_lead(app: &App, lead: LeadId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    if app.unscoped().get_latest::<Lead>(lead).await?.is_some() {
        return Err(Failure::Nonsense(format!("lead {lead} is still there")));
    }
    fn discard<E: Stored>(record: &Record<E>) -> Option<Tx> {
        let mut tx = Tx::new();
        tx.delete_uncounted(record, FailedCondition::Stale);
        Some(tx)
    }
    let unlink = |task: &Record<Task>| {
        let mut tx = Tx::new();
        tx.update_uncounted(task, &task.without_lead());
        (task.data.lead_id == Some(lead)).then_some(tx)
    };
    let (mut walk, of_lead) = (Walk::new(app, from), PartyId::Lead(lead));
    steps!(
        walk.list(&below(of_lead, Activity::KIND), |_| true, discard::<Activity>),
        walk.list(&below(of_lead, FollowUp::KIND), |_| true, discard::<FollowUp>),
        walk.list(&below(of_lead, Task::KIND), |row| row.data.lead_id == Some(lead), unlink),
    )
}

/// Does with a record as it is now what `decide` says, and whether there was something to do; else it is left alone.
pub(crate) async fn decide_on<E: Stored>(app: &App, id: E::Id, decide: impl Fn(&Record<E>) -> Option<Tx>) -> Result<bool, Failure> {
    let subject = app.unscoped_record::<E>(id).await?;
    Box::pin(application::decide(app, subject, |subject| {
        let tx = subject.record().and_then(&decide);
        Ok::<_, Failure>(tx.map_or(Decision::Keep(false), |tx| Decision::Commit(tx.into(), true)))
    }))
    .await
}
