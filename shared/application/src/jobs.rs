//! Jobs as those who may look at them see them all.

use crate::app::App;
use crate::error::Error;
use domain::job::{JobName, JobRun, JobState};
use futures::future::try_join_all;

/// How many of a job's runs are shown.
const SHOWN: i32 = 5;

impl App {
    /// What is kept of a job.
    pub async fn job(&self, name: JobName) -> Result<JobState, Error> {
        Ok(self.store().job(name).await?.state)
    }

    /// The latest runs of these jobs, in their order, the last one of each first.
    pub async fn latest_runs(&self, names: &[JobName]) -> Result<Vec<Vec<JobRun>>, Error> {
        Ok(try_join_all(names.iter().map(|name| self.store().latest_runs(*name, SHOWN))).await?)
    }
}
