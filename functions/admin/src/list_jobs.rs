//! `GET /admin/jobs`: what the clock starts, or a person alone, with its next time and its last runs.

use domain::job::{JobName, JobRun, JobTrigger, RunId, RunState};
use domain::time::Day;
use domain::{Permission, Time, UserId};
use edge::{Action, App, Authorized, Context, Page, PageOf, Rejection, Request, Route};
use messaging::JOBS;
use serde_json::{Map, Value};

contract::answer! {
    /// Something that the clock starts, or a person alone.
    pub struct ScheduledJob {
        /// Its one name.
        pub name: JobName,
        /// What it does.
        pub about: String,
        /// When, as EventBridge Scheduler writes it, in the time zone of the deployment; null where it is started by hand alone.
        pub schedule: Option<String>,
        /// When it comes next; null where it is started by hand alone.
        pub next_run_at: Option<Time>,
        /// Its last runs, at most five, the last one first.
        pub last_runs: Vec<JobRunOut>,
    }
}

contract::answer! {
    /// A run of a job.
    pub struct JobRunOut {
        /// Its id.
        pub run_id: RunId,
        /// Who started it: the clock, or a person.
        pub trigger: JobTrigger,
        /// The person who started it; null where the clock did.
        pub started_by: Option<UserId>,
        /// How it stands.
        pub state: RunState,
        /// The day whose work it does, in the time zone of the deployment.
        pub date: Day,
        /// The first moment of the time that it is about; null where it is about a day.
        pub from: Option<Time>,
        /// The first moment after that time; null where it is about a day.
        pub to: Option<Time>,
        /// Whether it looks at everyone, since what they are judged by was changed, and not at those alone that are due.
        pub everyone: bool,
        /// Whether it counts alone and changes nothing.
        pub dry_run: bool,
        /// How many records it `looked` at, changed (by what it does with them), and `failed` to handle, so far.
        pub counts: Map<String, Value>,
        /// Why it failed; of a run that is PARTIAL the first record that it could not handle.
        pub error: Option<String>,
        /// When it began.
        pub started_at: Time,
        /// When it ended; null while it is under way.
        pub finished_at: Option<Time>,
    }
}

fn shown(run: JobRun) -> JobRunOut {
    JobRunOut {
        run_id: run.run_id,
        trigger: run.trigger,
        started_by: run.by,
        state: run.state,
        date: run.date,
        from: run.span.map(|span| span.from),
        to: run.span.map(|span| span.to),
        everyone: run.everyone.is_some(),
        dry_run: run.dry_run,
        counts: run.counts.into_iter().map(|(name, count)| (name, count.into())).collect(),
        error: run.error,
        started_at: run.started_at,
        finished_at: run.finished_at,
    }
}

/// Every job with its latest runs, which are given in the order of the jobs.
pub fn scheduled(app: &App, runs: Vec<Vec<JobRun>>) -> Vec<ScheduledJob> {
    let (now, zone) = (app.clock.now(), &app.config.zone);
    let jobs = JOBS.iter().zip(runs).map(|(job, runs)| ScheduledJob {
        name: job.name,
        about: job.about.to_owned(),
        schedule: job.cron.map(str::to_owned),
        next_run_at: job.next_after(now, zone),
        last_runs: runs.into_iter().map(shown).collect(),
    });
    jobs.collect()
}

pub(crate) fn route() -> Route {
    Route::get("/admin/jobs", "list_jobs")
        .needs(Permission::JobsRead)
        .about("Operations", "List scheduled jobs with their next and last runs")
        .touches(&[Action::QueryTable])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<Vec<Vec<JobRun>>, Rejection> {
    let names: Vec<JobName> = JOBS.iter().map(|job| job.name).collect();
    Ok(context.app.latest_runs(&names).await?)
}

async fn handle(request: Request<Authorized>, runs: Vec<Vec<JobRun>>) -> Result<PageOf<ScheduledJob>, Rejection> {
    let items = scheduled(&request.app, runs);
    Ok(PageOf::of(Page { items, ..Page::empty() }, Some(JOBS.len()), |job| job))
}
