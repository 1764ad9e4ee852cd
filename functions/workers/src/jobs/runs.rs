//! The way of a run: how it begins, goes on and ends.

use super::piece::Piece;
use super::send;
use crate::failure::Failure;
use application::metric::Metric;
use application::{App, Decision, Error, Subject, decide};
use domain::job::{Begun, JobName, JobRun, MAX_PIECES, RunId, RunState, Start};
use messaging::batch::Message;
use messaging::{Job, Place, Queue, Timed};
use store::{FailedCondition, KeptJob, Tx};

/// A job with one of its runs.
#[derive(Clone)]
struct Runs {
    name: JobName,
    kept: KeptJob,
    /// The run that it is about; of one that begins, the one whose lease is over.
    run: Option<JobRun>,
}

impl Runs {
    async fn of(app: &App, name: JobName, run: Option<RunId>) -> Result<Self, Error> {
        let table = app.unscoped();
        let kept = table.job(name).await?;
        let wanted = run.or_else(|| kept.state.running.as_ref().map(|lease| lease.run));
        let run = match wanted {
            Some(run) => table.run(name, run).await?,
            None => None,
        };
        Ok(Self { name, kept, run })
    }
}

impl Subject for Runs {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::of(app, self.name, self.run.as_ref().map(|run| run.run_id)).await
    }

    fn same(&self, other: &Self) -> bool {
        self.kept == other.kept && self.run == other.run
    }
}

/// Begins a run, or goes on with the one that this message began.
pub(super) async fn begin(app: &App, start: &Start, message: &Message) -> Result<(), Failure> {
    if let Some(run) = start.run
        && app.unscoped().run(start.job, run).await?.is_some()
    {
        // The message came again, or was sent again after its run had failed.
        return again(app, start.job, run, message).await;
    }
    let subject = Runs::of(app, start.job, None).await?;
    let begun = decide(app, subject, |Runs { name, kept, run }| {
        let act = app.act();
        let today = act.at.day_in(&app.config.zone);
        let (state, begun) = kept.state.begin(start, &message.id, today, &act);
        let mut tx = Tx::new();
        match &begun {
            Begun::Nothing | Begun::GoOn(_) if state == kept.state => return Ok(Decision::Keep(begun)),
            Begun::Nothing | Begun::GoOn(_) => tx.keep_job(*name, kept, &state),
            Begun::Refused(run) => {
                tx.begin_run(run);
                tx.event(&run.event(&act));
            }
            Begun::New(new) => {
                if state != kept.state {
                    tx.keep_job(*name, kept, &state);
                    if let Some(dead) = run.as_ref().filter(|dead| dead.state == RunState::Running) {
                        let ended = dead.failed(act.at, format!("It was silent for too long; {} was begun in its place", new.run_id));
                        tx.move_run(dead, &ended);
                        tx.event(&ended.event(&act));
                    }
                }
                tx.begin_run(new);
            }
        }
        Ok::<_, Failure>(Decision::Commit(tx.into(), begun))
    });
    match Box::pin(begun).await {
        Ok(Begun::New(run)) => piece(app, &run, message).await,
        Ok(Begun::GoOn(run)) => again(app, start.job, run, message).await,
        Ok(Begun::Nothing | Begun::Refused(_)) => Ok(()),
        // The message came again, and its run stands: a dry one has no lease that would say so.
        Err(Failure::Application(Error::Store(error))) if error.is_refused(&FailedCondition::Exists) => match start.run {
            Some(run) => again(app, start.job, run, message).await,
            None => Err(error.into()),
        },
        Err(failure) => Err(failure),
    }
}

/// Goes on with a run from wherever it is.
async fn again(app: &App, name: JobName, run: RunId, message: &Message) -> Result<(), Failure> {
    match app.unscoped().run(name, run).await? {
        Some(run) if matches!(run.state, RunState::Running | RunState::Failed) => go_on(app, name, run.run_id, run.pieces, message).await,
        _ => Ok(()),
    }
}

/// Does the piece that comes after so many. Where it is done, what it was to send may be lost, and is sent again.
pub(super) async fn go_on(app: &App, name: JobName, run: RunId, done: u64, message: &Message) -> Result<(), Failure> {
    let subject = Runs::of(app, name, Some(run)).await?;
    if subject.run.is_none() {
        return Err(Failure::Nonsense(format!("{name} has no run {run}")));
    }
    let here = decide(app, subject, |subject| {
        let Some(run) = subject.run.clone() else { return Ok(Decision::Keep(None)) };
        let now = app.clock.now();
        if run.pieces == done + 1 && run.state == RunState::Running {
            return Ok(Decision::Keep(Some(run)));
        }
        if run.pieces != done || matches!(run.state, RunState::Succeeded | RunState::Partial) {
            return Ok(Decision::Keep(None));
        }
        if run.dry_run && run.state == RunState::Running {
            return Ok(Decision::Keep(Some(run)));
        }
        // One that failed and was sent again takes the lease where it is free.
        let state = subject.kept.state.held(run.run_id, now).or_else(|| subject.kept.state.resumed(run.run_id, &message.id, now));
        let Some(state) = state else { return Ok(Decision::Keep(None)) };
        let mut tx = Tx::new();
        tx.keep_job(name, &subject.kept, &state);
        let next = run.resumed();
        if next != run {
            tx.move_run(&run, &next);
        }
        Ok::<_, Failure>(Decision::Commit(tx.into(), Some(next)))
    });
    match Box::pin(here).await? {
        Some(run) if run.pieces == done => piece(app, &run, message).await,
        Some(run) => send(app, Timed::GoOn { job: name, run: run.run_id, piece: run.pieces }).await,
        None => Ok(()),
    }
}

/// Does a piece of a run, and sends the next one or ends it. A run whose piece failed for the last time has failed; the message
/// is parked, and goes on with it when it is sent again.
async fn piece(app: &App, run: &JobRun, message: &Message) -> Result<(), Failure> {
    let last_try = message.receives >= Queue::Jobs.tries();
    let done = Box::pin(do_piece(app, run, last_try)).await;
    if let Err(failure) = &done
        && !failure.is_outage()
        && (last_try || !failure.may_pass())
    {
        let cause = failure.to_string();
        Box::pin(end(app, run, |run, at| run.failed(at, cause.clone()))).await?;
    }
    done
}

async fn do_piece(app: &App, run: &JobRun, last_try: bool) -> Result<(), Failure> {
    if run.pieces >= MAX_PIECES {
        return Err(Failure::Nonsense(format!("{} had {MAX_PIECES} pieces and is not done", run.job)));
    }
    let place = run.place.as_deref().map(serde_json::from_str::<Place>).transpose().map_err(|error| crate::failure::not("a place", &error))?;
    let mut piece = Piece::new(app, run, last_try);
    let place = Box::pin(super::next(&mut piece, place)).await?;
    let (counts, error) = piece.result()?;
    match place {
        None => Box::pin(end(app, run, |run, at| run.advanced(&counts, error.clone(), None).finished(at))).await,
        Some(place) => {
            let place = serde_json::to_string(&place).map_err(|error| crate::failure::not("a place", &error))?;
            let next = run.advanced(&counts, error, Some(place));
            let mut tx = Tx::new();
            tx.move_run(run, &next);
            match app.unscoped().commit(tx).await {
                Ok(()) => {}
                // Another delivery of the message did it as well, and goes on.
                Err(error) if error.is_refused(&FailedCondition::Stale) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            application::log::job_moved(&next);
            send(app, Timed::GoOn { job: next.job, run: next.run_id, piece: next.pieces }).await
        }
    }
}

/// Ends a run, and tells of it; one that ended already stays as it is.
async fn end(app: &App, run: &JobRun, ended: impl Fn(&JobRun, domain::Time) -> JobRun + Send + Sync) -> Result<(), Failure> {
    let due = Job::named(run.job).and_then(|job| job.next_after(run.date.start(&app.config.zone).plus_seconds(-1), &app.config.zone));
    let subject = Runs::of(app, run.job, Some(run.run_id)).await?;
    let result = decide(app, subject, |subject| {
        let here = subject.run.as_ref().filter(|here| here.state == RunState::Running && here.pieces == run.pieces);
        let Some(here) = here else { return Ok(Decision::Keep(None)) };
        let act = app.act();
        let next = ended(here, act.at);
        let mut tx = Tx::new();
        tx.move_run(here, &next);
        if !next.dry_run {
            tx.keep_job(subject.name, &subject.kept, &subject.kept.state.ended(&next, due, next.started_at.day_in(&app.config.zone)));
        }
        tx.event(&next.event(&act));
        Ok::<_, Failure>(Decision::Commit(tx.into(), Some(next)))
    });
    if let Some(run) = Box::pin(result).await? {
        application::log::job_moved(&run);
        if !run.dry_run && run.state != RunState::Failed {
            Metric::JobDone.count(run.job.as_str());
        }
    }
    Ok(())
}
