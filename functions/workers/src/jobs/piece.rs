//! A piece of a run: the records that one message handles.

use crate::failure::Failure;
use crate::work::try_decide_on;
use application::App;
use domain::job::{FAILED, JobRun};
use domain::{Entity, Record};
use messaging::Place;
use messaging::batch::guarded;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::{Page, Paging, Stored, Tx};

/// How many records one piece handles, about.
const RECORDS: usize = 300;
/// How long one piece goes on: well inside the minute that its function has.
const TIME: Duration = Duration::from_secs(40);
/// How many records one page has.
const PAGE: usize = 100;

/// A piece under way.
pub(super) struct Piece<'a> {
    pub app: &'a App,
    pub run: &'a JobRun,
    last_try: bool,
    started: Instant,
    handled: usize,
    counts: BTreeMap<String, u64>,
    error: Option<String>,
    /// What can pass by itself: the piece is done again for it.
    again: Option<Failure>,
}

/// What a job goes through: lists of names, one after another, and what it does with each.
pub(super) trait Listed: Sync {
    type Name: Send;

    /// How many lists there are.
    fn lists(&self) -> usize;

    /// A page of a list.
    fn page(&self, app: &App, list: usize, paging: Paging<'_>) -> impl Future<Output = Result<Page<Self::Name>, store::Error>> + Send;

    /// Does what is to be done with one.
    fn each(&self, piece: &mut Piece<'_>, name: Self::Name) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl<'a> Piece<'a> {
    pub(super) fn new(app: &'a App, run: &'a JobRun, last_try: bool) -> Self {
        Self { app, run, last_try, started: Instant::now(), handled: 0, counts: BTreeMap::new(), error: None, again: None }
    }

    /// Goes through lists from a place on; gives where the next piece begins.
    pub(super) async fn walk(&mut self, listed: &impl Listed, place: Option<Place>) -> Result<Option<Place>, Failure> {
        let place = place.unwrap_or_default();
        let (mut list, mut after) = (place.list, place.after);
        while list < listed.lists() {
            let paging = Paging { limit: PAGE, cursor: after.as_deref(), binding: "jobs" };
            let page = listed.page(self.app, list, paging).await?;
            for name in page.items {
                listed.each(self, name).await?;
            }
            after = page.next.map(|cursor| cursor.to_string());
            if after.is_none() {
                list += 1;
            }
            if self.is_full() && list < listed.lists() {
                return Ok(Some(Place { list, after }));
            }
        }
        Ok(None)
    }

    /// Whether it has done its part.
    pub(super) fn is_full(&self) -> bool {
        self.handled >= RECORDS || self.started.elapsed() >= TIME
    }

    /// So many were looked at.
    pub(super) fn looked(&mut self, count: usize) {
        self.handled += count;
        self.add("looked", count as u64);
    }

    /// Does with a record as it is now what `decide` says, and counts it under `name`; of a dry run it is only counted. One that
    /// cannot be handled holds up none of the others.
    pub(super) async fn change<E: Stored>(&mut self, id: E::Id, name: &str, decide: impl Fn(&Record<E>) -> Option<Tx>) -> Result<(), Failure> {
        self.try_change(id, name, |record| Ok(decide(record))).await
    }

    /// The same where something can be in the way of deciding.
    pub(super) async fn try_change<E: Stored>(
        &mut self,
        id: E::Id,
        name: &str,
        decide: impl Fn(&Record<E>) -> Result<Option<Tx>, Failure>,
    ) -> Result<(), Failure> {
        self.looked(1);
        let (app, dry_run) = (self.app, self.run.dry_run);
        let handled = async {
            let done = match dry_run {
                true => match app.unscoped().get_latest::<E>(id).await {
                    Ok(record) => record.as_ref().map(&decide).transpose().map(|tx| tx.flatten().is_some()),
                    Err(error) => Err(error.into()),
                },
                false => try_decide_on(app, id, &decide).await,
            };
            Ok::<_, String>(done)
        };
        // One that panics holds up no other one either.
        match guarded(handled).await.unwrap_or_else(|panic| Err(Failure::Nonsense(panic))) {
            Ok(true) => self.count(name),
            Ok(false) => {}
            Err(failure) if failure.was_told() => {}
            Err(failure) if failure.is_outage() => return Err(failure),
            Err(failure) if failure.may_pass() && !self.last_try => self.again = Some(failure),
            Err(failure) => {
                let cause = format!("{}#{id}: {failure}", <E as Entity>::KIND);
                self.failed(cause);
            }
        }
        Ok(())
    }

    /// One could not be handled.
    pub(super) fn failed(&mut self, cause: String) {
        application::log::fault(self.run.job.as_str(), &cause);
        self.count(FAILED);
        self.error.get_or_insert(cause);
    }

    fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    /// Counts so many.
    pub(super) fn add(&mut self, name: &str, count: u64) {
        *self.counts.entry(name.to_owned()).or_default() += count;
    }

    /// What it counted, and the first record that failed; an error where it has to be done again.
    pub(super) fn result(self) -> Result<(BTreeMap<String, u64>, Option<String>), Failure> {
        match self.again {
            Some(failure) => Err(failure),
            None => Ok((self.counts, self.error)),
        }
    }
}
