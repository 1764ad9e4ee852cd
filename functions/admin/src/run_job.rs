//! `POST /admin/jobs/{name}/run`: starts a job now, in the background.

use contract::Sent;
use domain::job::{JobName, JobState, RunId, Start, Wanted};
use domain::time::Day;
use domain::{Permission, Time};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Code, Context, Decision, Json, Problem, Rejection, Request, Resource, Route};
use messaging::Queue;
use std::sync::Arc;

contract::body! {
    /// How the job is run.
    pub struct RunJob {
        /// Whether to count what would be done, and change nothing.
        pub dry_run: Option<bool>,
        /// The day whose work is done, in the time zone of the deployment: the present one where none is given, and none after
        /// it. `customer-engagement` and `rfm-scoring` judge by the present moment, whatever the day.
        pub date: Option<Day>,
        /// For `republish` and `reproject`: the first moment of the time whose events are read again, at most 30 days ago.
        pub from: Option<Time>,
        /// For `republish` and `reproject`: the first moment after that time; the present one where none is given.
        pub to: Option<Time>,
    }
}

contract::answer! {
    /// A run that was started.
    pub struct JobStarted {
        /// Its id, by which `GET /admin/jobs` tells how it goes.
        pub run_id: RunId,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/admin/jobs/{name}/run", "run_job")
        .needs(Permission::JobsRun)
        .about("Operations", "Start a job now")
        .remark("It begins at once and takes as long as there is work. What was done that day is not done again. By hand `counters-check` recounts everything and repairs what is wrong. `republish` and `reproject` are started by hand alone, for a time in which something of what follows from changes was lost.")
        .status(202)
        .fails(&[Code::JobRunning])
        .touches(&[Action::Get, Action::Put])
        .uses(&[Resource::Send(Queue::Jobs)])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (JobName,)>, sent: Arc<Sent<RunJob>>) -> Result<JobState, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let today = app.clock.now().day_in(&app.config.zone);
    let wanted = Wanted { date: sent.date, from: sent.from, to: sent.to };
    checks.note(wanted.faults(context.path.0, today, app.clock.now()));
    let state = app.job(context.path.0).await?;
    Ok(checks.give(Some(state))?)
}

async fn handle(request: Request<Authorized, (JobName,), (), Json<RunJob>>, state: JobState) -> Result<Answer<JobStarted>, Rejection> {
    request.only_once().await?;
    let (job, act, body) = (request.path.0, request.act(), &request.body.0);
    let dry_run = body.dry_run.unwrap_or(false);
    let busy = || Problem::new(Code::JobRunning, format!("A run of {job} is under way; GET /admin/jobs tells how it goes"));
    let span = Wanted { date: Some(body.date), from: Some(body.from), to: Some(body.to) }.span(job, act.at);
    let start = Start { date: body.date, span, dry_run, ..Start::scheduled(job) };
    let run_id = request.app.start_job(&act, &state, start).await?.ok_or_else(busy)?;
    request.decide((), |(), _| Ok(Decision::Keep(Answer::ok(JobStarted { run_id }).status(202)))).await
}
