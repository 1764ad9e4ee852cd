//! Jobs: what is kept of each, and its runs.

use crate::error::Error;
use crate::item::{Item, bare, from_attribute, get_number, number, text, to_attribute};
use crate::keys::{self, Index, RUN};
use crate::list::{Page, Paging, Plan, id_in};
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::customer::{Customer, Engagement};
use domain::job::{JobName, JobRun, JobState, RunId};
use domain::text::TextValue;
use domain::{CustomerId, Entity, Time};
use futures::future::try_join_all;
use std::collections::HashMap;

/// How long a run is kept, seconds: a quarter of a year.
const RUN_SECONDS: i64 = 92 * 86_400;

/// What is kept of a job, as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptJob {
    /// The state.
    pub state: JobState,
    /// Rises with every write.
    rev: u64,
}

fn kept(item: Option<&Item>) -> Result<KeptJob, Error> {
    let Some(item) = item else { return Ok(KeptJob::default()) };
    let mut state: JobState = from_attribute(item, "data")?;
    // Releases without runs noted the moment alone.
    let noted = || crate::item::get_text(item, "done").and_then(|done| Time::read(done).ok());
    state.done = state.done.or_else(noted);
    Ok(KeptJob { state, rev: get_number(item, "rev").unwrap_or_default() })
}

fn run_item(run: &JobRun) -> Result<Item, Error> {
    let mut item = bare(&keys::run(run.job, run.run_id), "RUN");
    item.insert("data".into(), to_attribute(run)?);
    item.insert("pieces".into(), number(run.pieces));
    item.insert("st".into(), text(run.state.as_str()));
    item.insert(crate::schema::TTL.to_owned(), number(run.started_at.seconds() + RUN_SECONDS));
    Ok(item)
}

impl Tx {
    /// Keeps another state of a job, if nobody did since it was read.
    pub fn keep_job(&mut self, name: JobName, old: &KeptJob, state: &JobState) {
        let written = to_attribute(state).map(|data| {
            let mut item = bare(&keys::job(name), "JOB");
            item.insert("data".into(), data);
            item.insert("rev".into(), number(old.rev + 1));
            item
        });
        let values = HashMap::from([(":rev".to_owned(), number(old.rev))]);
        let condition = if old.rev == 0 { "attribute_not_exists(rev) OR rev = :rev" } else { "rev = :rev" };
        match written {
            Ok(item) => self.put_if(item, condition, values, FailedCondition::Stale),
            Err(error) => self.fail(error),
        }
    }

    /// A new run.
    pub fn begin_run(&mut self, run: &JobRun) {
        match run_item(run) {
            Ok(item) => self.put_new(item, FailedCondition::Exists),
            Err(error) => self.fail(error),
        }
    }

    /// Moves a run on, if no other piece did.
    pub fn move_run(&mut self, old: &JobRun, new: &JobRun) {
        let values: HashMap<String, AttributeValue> =
            HashMap::from([(":pieces".to_owned(), number(old.pieces)), (":st".to_owned(), text(old.state.as_str()))]);
        match run_item(new) {
            Ok(item) => self.put_if(item, "pieces = :pieces AND st = :st", values, FailedCondition::Stale),
            Err(error) => self.fail(error),
        }
    }
}

impl Store {
    /// What is kept of a job, strongly consistent.
    pub async fn job(&self, name: JobName) -> Result<KeptJob, Error> {
        kept(self.get_item(&keys::job(name), true).await?.as_ref())
    }

    /// What is kept of these jobs, in their order.
    pub async fn jobs(&self, names: &[JobName]) -> Result<Vec<KeptJob>, Error> {
        try_join_all(names.iter().map(|name| self.job(*name))).await
    }

    /// A run of a job, strongly consistent.
    pub async fn run(&self, name: JobName, run: RunId) -> Result<Option<JobRun>, Error> {
        self.get_item(&keys::run(name, run), true).await?.as_ref().map(|item| from_attribute(item, "data")).transpose()
    }

    /// The latest runs of a job, the last one first.
    pub async fn latest_runs(&self, name: JobName, limit: i32) -> Result<Vec<JobRun>, Error> {
        let items = self.some_children(&keys::job(name).pk, RUN, false, limit, false).await?;
        items.iter().map(|item| from_attribute(item, "data")).collect()
    }

    /// The customers whose engagement is to be looked at in the hour of this moment (UTC), up to and with `until`: by name
    /// alone, so that one that cannot be read holds up none of the others.
    pub async fn reviews(&self, hour: Time, until: Time, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        let plan = Plan { partitions: vec![(Index::Due, keys::due_in(Customer::KIND, hour))], ascending: true, ..Plan::default() };
        let review_at = |item: &Item| {
            let derived = item.get("derived").and_then(|derived| derived.as_m().ok())?;
            Time::read(derived.get("reviewAt")?.as_s().ok()?).ok()
        };
        let due = |item: &Item| review_at(item).is_none_or(|at| at <= until);
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(CustomerId::read(id_in(&entry.sort)).ok().filter(|_| due(&entry.item))))
            .await
    }

    /// The customers with a birthday on this day of the year, `02-29`, by name alone.
    pub async fn birthdays(&self, day: &str, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        self.customers_in((Index::Parent, keys::of_birthday(day, Customer::KIND)), paging).await
    }

    /// The inactive customers, by name alone.
    pub async fn inactive_customers(&self, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        self.customers_in((Index::AllStatus, keys::of_all(Customer::KIND, Engagement::Inactive.as_str())), paging).await
    }

    /// All customers that are not archived, by name alone.
    pub async fn all_customers(&self, paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        self.customers_in((Index::All, keys::of_all(Customer::KIND, crate::records::LIVE)), paging).await
    }

    async fn customers_in(&self, partition: (Index, String), paging: Paging<'_>) -> Result<Page<CustomerId>, Error> {
        let plan = Plan { partitions: vec![partition], ascending: true, ..Plan::default() };
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(CustomerId::read(id_in(&entry.sort)).ok())).await
    }
}
