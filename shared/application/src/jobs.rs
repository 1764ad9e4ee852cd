//! Jobs as those who may look at them see them all.

use crate::app::App;
use crate::error::Error;
use crate::parked::NotSent;
use domain::event::Act;
use domain::job::{JobName, JobRun, JobState, RunId, Start};
use futures::future::try_join_all;
use messaging::{Queue, Timed};

/// How many of a job's runs are shown.
const SHOWN: i32 = 5;

impl App {
    /// What is kept of a job.
    pub async fn job(&self, name: JobName) -> Result<JobState, Error> {
        Ok(self.store().job(name).await?.state)
    }

    /// Starts a job by hand; gives the run, or nothing where one that changes something is under way.
    pub async fn start_job(&self, act: &Act, state: &JobState, start: Start) -> Result<Option<RunId>, NotSent> {
        if !start.dry_run && state.is_busy(act.at) {
            return Ok(None);
        }
        let run: RunId = act.id();
        self.put(Queue::Jobs, &Timed::Start(Start { run: Some(run), by: act.actor, ..start })).await?;
        Ok(Some(run))
    }

    /// The latest runs of these jobs, in their order, the last one of each first.
    pub async fn latest_runs(&self, names: &[JobName]) -> Result<Vec<Vec<JobRun>>, Error> {
        Ok(try_join_all(names.iter().map(|name| self.store().latest_runs(*name, SHOWN))).await?)
    }
}
