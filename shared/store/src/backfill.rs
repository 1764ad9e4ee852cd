//! Bringing what is stored in an old shape into the present one, in pieces: the second step of a migration.
//!
//! A run walks the lists of the kinds it changes (`ALL#LEAD#LIVE`, …), never the table. Its progress is one item, and each
//! transaction that writes records moves it on, on condition that nobody did so before: so a piece that dies between any
//! two writes is gone on with where it was, one that is delivered twice stops at its first write, and the numbers are exact. A
//! record is written on condition of its `rev`; what somebody changed meanwhile is in the present shape already.

use crate::error::Error;
use crate::item::{Item, Stored, bare, from_attribute, key_of, number, stored_shape, to_attribute, to_item, to_record};
use crate::keys::{self, Index, Key};
use crate::list::{Cursor, Page, Paging, Plan};
use crate::migrations::{MIGRATIONS, Migration, shape_of};
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::activity::Activity;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::message::Message;
use domain::order::Order;
use domain::product::Product;
use domain::project::Project;
use domain::task::Task;
use domain::team::Team;
use domain::transaction::Transaction;
use domain::user::User;
use domain::work_log::WorkLog;
use domain::{Entity, Time};
use futures::FutureExt;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The kinds of record that a migration can change: each stands whole in lists that are walked from end to end.
pub const MIGRATED: [&str; 13] = [
    Customer::KIND,
    Lead::KIND,
    Activity::KIND,
    FollowUp::KIND,
    Task::KIND,
    Project::KIND,
    WorkLog::KIND,
    Product::KIND,
    Order::KIND,
    Transaction::KIND,
    Message::KIND,
    User::KIND,
    Team::KIND,
];

/// How many rows one query reads.
const PAGE: usize = 100;
/// How many records one transaction writes: with what stands beside each of them far below DynamoDB's hundred actions.
const TOGETHER: usize = 10;
/// How often a transaction is made anew because somebody changed one of its records meanwhile.
const ATTEMPTS: usize = 10;
/// What a query counts as at least, in records: a piece ends also where there is little in many lists.
const QUERY: usize = 10;
/// What cursors of a walk are bound to.
const BINDING: &str = "migrate";

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The migration.
    pub name: String,
    /// The number of the run: each that begins after another was finished has the next one.
    pub run: u64,
    /// Whether it counts and writes nothing but this.
    pub dry_run: bool,
    /// The message that began it.
    pub begun_by: String,
    /// When it began.
    pub started_at: Time,
    /// When this was last written.
    pub moved_at: Time,
    /// When it was done to its end.
    #[serde(default)]
    pub finished_at: Option<Time>,
    /// How many of its lists are done with.
    pub list: usize,
    /// The last row of the next one that is done with.
    #[serde(default)]
    pub after: Option<String>,
    /// How many records were looked at: those changed, skipped and failed.
    pub looked: u64,
    /// How many were brought into the present shape, or would be.
    pub changed: u64,
    /// How many were in it already, or gone.
    pub skipped: u64,
    /// How many can be neither read nor written, and are left as they are.
    pub failed: u64,
    /// Rises with every write.
    #[serde(skip)]
    rev: u64,
}

impl Progress {
    fn key(&self) -> Key {
        keys::migration(&self.name, self.dry_run)
    }

    fn item(&self) -> Result<Item, Error> {
        let mut item = bare(&self.key(), "MIGRATION");
        item.insert("rev".into(), number(self.rev));
        item.insert("data".into(), to_attribute(self)?);
        Ok(item)
    }
}

/// A record that was left as it is: its key and the reason, without values.
pub type Failed = (String, String);

/// What a piece did.
#[derive(Debug, Clone)]
pub struct Backfilled {
    /// How far the run is now.
    pub progress: Progress,
    /// The records that were left as they are.
    pub failed: Vec<Failed>,
    /// Whether another piece moved the run on meanwhile; that one goes on.
    pub overtaken: bool,
}

/// A row on the way.
struct Seen {
    sort: String,
    /// The record, where it has to be looked at.
    old: Option<Key>,
}

/// A list that is walked.
struct Walked {
    kind: &'static str,
    index: Index,
    partition: String,
}

impl Store {
    /// How far a migration or its dry run is, strongly consistent; `None` before its first run.
    pub async fn migration_progress(&self, name: &str, dry_run: bool) -> Result<Option<Progress>, Error> {
        let Some(item) = self.get_item(&keys::migration(name, dry_run), true).await? else { return Ok(None) };
        let mut progress: Progress = from_attribute(&item, "data")?;
        progress.rev = crate::item::get_number(&item, "rev").unwrap_or_default();
        Ok(Some(progress))
    }

    /// The migrations that were not yet done to their end, in their order.
    pub async fn pending_migrations(&self) -> Result<Vec<&'static Migration>, Error> {
        let mut pending = Vec::new();
        for migration in MIGRATIONS {
            let progress = self.migration_progress(migration.name, false).await?;
            if progress.is_none_or(|progress| progress.finished_at.is_none()) {
                pending.push(migration);
            }
        }
        Ok(pending)
    }

    /// Begins a run at the wish of a message, or gives the one that is under way. `None` where this message began the one
    /// that is finished: it was delivered again.
    pub async fn begin_migration(&self, migration: &Migration, dry_run: bool, message: &str, now: Time) -> Result<Option<Progress>, Error> {
        for _ in 0..ATTEMPTS {
            let present = self.migration_progress(migration.name, dry_run).await?;
            let (run, rev) = match present {
                Some(present) if present.finished_at.is_none() => return Ok(Some(present)),
                Some(present) if present.begun_by == message => return Ok(None),
                Some(present) => (present.run + 1, present.rev),
                None => (1, 0),
            };
            let (name, begun_by) = (migration.name.to_owned(), message.to_owned());
            let first = Progress {
                name,
                run,
                dry_run,
                begun_by,
                started_at: now,
                moved_at: now,
                finished_at: None,
                list: 0,
                after: None,
                looked: 0,
                changed: 0,
                skipped: 0,
                failed: 0,
                rev,
            };
            if let Some(begun) = self.move_on(&first, first.clone(), Tx::new()).await? {
                return Ok(Some(begun));
            }
        }
        Err(Error::Busy(format!("the migration {} is begun all the time", migration.name)))
    }

    /// Goes on with a run from where it is, until it is done or about as many records were looked at as `most` says.
    pub async fn backfill(&self, migration: &Migration, progress: Progress, now: Time, most: usize) -> Result<Backfilled, Error> {
        let lists = self.walked(migration).await?;
        let mut done = Backfilled { progress, failed: Vec::new(), overtaken: false };
        let mut handled = 0;
        while done.progress.finished_at.is_none() && !done.overtaken && handled < most {
            let list = lists.get(done.progress.list);
            let page = match list {
                Some(list) => self.seen(list, done.progress.after.as_deref()).await?,
                None => Page::empty(),
            };
            handled += page.items.len().max(QUERY);
            let ends = page.next.is_none();
            let here = done.progress.list;
            // An empty list is passed by without a word, but for the last one.
            if page.items.is_empty() && here + 1 < lists.len() {
                (done.progress.list, done.progress.after) = (here + 1, None);
                continue;
            }
            let mut rest = page.items.as_slice();
            loop {
                let mut old = rest.iter().enumerate().filter(|(_, seen)| seen.old.is_some());
                let (some, others) = rest.split_at(old.nth(TOGETHER).map_or(rest.len(), |(at, _)| at));
                rest = others;
                let mut next = Progress { moved_at: now, ..done.progress.clone() };
                next.after = some.last().map(|seen| seen.sort.clone()).or(next.after);
                next.looked += some.len() as u64;
                if rest.is_empty() && ends {
                    (next.list, next.after) = (here + 1, None);
                    next.finished_at = (next.list >= lists.len()).then_some(now);
                }
                let old: Vec<Key> = some.iter().filter_map(|seen| seen.old.clone()).collect();
                next.skipped += (some.len() - old.len()) as u64;
                match list {
                    Some(list) => self.reshape_some(list.kind, &mut done, next, &old).await?,
                    None => self.settle(&mut done, next, Tx::new()).await.map(drop)?,
                }
                if rest.is_empty() || done.overtaken {
                    break;
                }
            }
        }
        Ok(done)
    }

    /// The lists in which all records of its kinds stand. Those of an activity are its authors'.
    async fn walked(&self, migration: &Migration) -> Result<Vec<Walked>, Error> {
        let mut lists = Vec::new();
        for kind in migration.kinds.iter().copied() {
            if kind == Activity::KIND {
                let authors = std::iter::once(None).chain(self.every_id::<User>().await?.into_iter().map(Some));
                lists.extend(authors.map(|author| Walked { kind, index: Index::Owner, partition: keys::of_owner(author, kind, "LIVE") }));
                continue;
            }
            let states: &[&str] = if [Customer::KIND, Lead::KIND].contains(&kind) { &["LIVE", "ARCHIVED"] } else { &["LIVE"] };
            lists.extend(states.iter().map(|state| Walked { kind, index: Index::All, partition: keys::of_all(kind, state) }));
        }
        Ok(lists)
    }

    /// The next rows of a list, with those among them that are stored in another shape than the present one.
    async fn seen(&self, list: &Walked, after: Option<&str>) -> Result<Page<Seen>, Error> {
        let plan = Plan { partitions: vec![(list.index, list.partition.clone())], ascending: true, ..Plan::default() };
        let cursor = after.map(|after| Cursor::at(BINDING, after.to_owned()).to_string());
        let paging = Paging { limit: PAGE, cursor: cursor.as_deref(), binding: BINDING };
        let present = shape_of(list.kind);
        self.pick(
            &plan,
            plan.sources(),
            paging,
            |_| Ok(true),
            |entry| {
                let old = (stored_shape(&entry.item) < present).then(|| key_of(&entry.item));
                Ok(Some(Seen { sort: entry.sort.clone(), old }))
            },
        )
        .await
    }

    /// Brings these records of a kind into the present shape and moves the run on, all in one transaction.
    async fn reshape_some(&self, kind: &str, done: &mut Backfilled, next: Progress, old: &[Key]) -> Result<(), Error> {
        match kind {
            Customer::KIND => self.reshape::<Customer>(done, next, old).await,
            Lead::KIND => self.reshape::<Lead>(done, next, old).await,
            Activity::KIND => self.reshape::<Activity>(done, next, old).await,
            FollowUp::KIND => self.reshape::<FollowUp>(done, next, old).await,
            Task::KIND => self.reshape::<Task>(done, next, old).await,
            Project::KIND => self.reshape::<Project>(done, next, old).await,
            WorkLog::KIND => self.reshape::<WorkLog>(done, next, old).await,
            Product::KIND => self.reshape::<Product>(done, next, old).await,
            Order::KIND => self.reshape::<Order>(done, next, old).await,
            Transaction::KIND => self.reshape::<Transaction>(done, next, old).await,
            User::KIND => self.reshape::<User>(done, next, old).await,
            Team::KIND => self.reshape::<Team>(done, next, old).await,
            _ => Err(Error::Invalid(format!("no backfill reaches records of kind {kind}"))),
        }
    }

    async fn reshape<E: Stored>(&self, done: &mut Backfilled, next: Progress, old: &[Key]) -> Result<(), Error> {
        // By key, those that a transaction cannot take.
        let mut refused: HashMap<Key, String> = HashMap::new();
        for _ in 0..ATTEMPTS {
            let items = try_join_all(old.iter().map(|key| self.get_item(key, true))).await?;
            let (mut next, mut tx, mut failed) = (next.clone(), Tx::new(), Vec::new());
            let mut written = Vec::new();
            for item in items.iter().zip(old).map(|(item, key)| item.as_ref().ok_or(key)) {
                let Ok(item) = item else {
                    // Deleted since its row was read.
                    next.skipped += 1;
                    continue;
                };
                let key = key_of(item);
                let record = to_record::<E>(item).and_then(|record| to_item(&record).map(|_| record));
                match record {
                    _ if refused.contains_key(&key) => {
                        failed.push((key.pk.clone(), refused[&key].clone()));
                    }
                    Ok(record) if record.shape >= shape_of(E::KIND) => next.skipped += 1,
                    Ok(record) => {
                        next.changed += 1;
                        if !next.dry_run {
                            tx.update_uncounted(&record, &record);
                            written.push(key);
                        }
                    }
                    Err(Error::Unreadable { cause, .. }) => failed.push((key.pk, cause)),
                    Err(other) => return Err(other),
                }
            }
            next.failed += failed.len() as u64;
            match self.settle(done, next, tx).await {
                Ok(true) => {
                    done.failed.extend(failed);
                    return Ok(());
                }
                // One of them was changed meanwhile, and is in the present shape now.
                Ok(false) => {}
                // The table will never take one of them; which one is found out one by one.
                Err(Error::Invalid(cause)) => {
                    for key in &written {
                        if let Err(Error::Invalid(own)) = self.try_alone::<E>(key).await {
                            refused.insert(key.clone(), own);
                        }
                    }
                    if refused.is_empty() {
                        return Err(Error::Invalid(cause));
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Err(Error::Busy(format!("records of kind {} kept changing", E::KIND)))
    }

    /// Brings one record into the present shape by itself; it is skipped when the run comes to it.
    async fn try_alone<E: Stored>(&self, key: &Key) -> Result<(), Error> {
        let Some(item) = self.get_item(key, true).await? else { return Ok(()) };
        let record = to_record::<E>(&item)?;
        let mut tx = Tx::new();
        if record.shape < shape_of(E::KIND) {
            tx.update_uncounted(&record, &record);
            self.commit(tx).await?;
        }
        Ok(())
    }

    /// Writes what is changed and how far the run is then. `false` where a record changed meanwhile; where the run was
    /// moved on by somebody else, that is noted.
    async fn settle(&self, done: &mut Backfilled, next: Progress, tx: Tx) -> Result<bool, Error> {
        match self.move_on(&done.progress, next, tx).await {
            Ok(Some(moved)) => {
                done.progress = moved;
                Ok(true)
            }
            Ok(None) => {
                done.overtaken = true;
                Ok(true)
            }
            Err(Error::Refused(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Writes `next` in the place of `present`, with what else is to be written; `None` where somebody else did.
    async fn move_on(&self, present: &Progress, mut next: Progress, mut tx: Tx) -> Result<Option<Progress>, Error> {
        next.rev = present.rev + 1;
        let (condition, values) = match present.rev {
            0 => ("attribute_not_exists(pk)", HashMap::new()),
            rev => ("rev = :rev", HashMap::from([(":rev".to_owned(), number(rev))])),
        };
        tx.put_if(next.item()?, condition, values, FailedCondition::Done);
        match self.commit(tx).boxed().await {
            Ok(()) => Ok(Some(next)),
            Err(error) if error.is_refused(&FailedCondition::Done) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
