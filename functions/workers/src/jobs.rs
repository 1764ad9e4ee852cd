//! Jobs: what the clock starts, or a person by hand, in pieces of one message each.
//!
//! A run is an item that says how far it is; a piece does its records, moves the run on, on condition that no other piece did,
//! and sends the next one. So a piece that dies between any two writes is done again, which changes nothing that is done, and
//! one that is delivered twice ends at once. `domain::job` says which run may write.

mod again;
mod due;
mod engagement;
mod expiry;
mod figures;
mod greetings;
mod piece;
mod recurring;
mod reminders;
mod rfm;
mod runs;

use crate::campaigns::start_due;
use crate::failure::{Failure, queue_batch, read};
use crate::{Need, Trigger, Worker};
use application::App;
use domain::follow_up::FollowUp;
use domain::job::{JobName, Start};
use domain::task::Task;
use futures::FutureExt;
use futures::future::try_join_all;
use messaging::batch::Message;
use messaging::{JOBS, Place, Queue, Timed};
use piece::Piece;
use store::Action;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "jobs",
    about: "Does what the clock starts: ends of promotions, engagement, RFM scores, recounts, recurring tasks, reminders, birthdays; starts campaigns; and makes good what was missed",
    trigger: Trigger::Queue(Queue::Jobs),
    actions: &[Action::Get, Action::Query, Action::Put, Action::Update, Action::Delete],
    needs: &[Need::Send(Queue::Jobs), Need::Send(Queue::Repair)],
    handle: |app, event| async move { queue_batch(app, Queue::Jobs, event, |message| run(app, message)).await }.boxed(),
};

async fn run(app: &App, message: Message) -> Result<(), Failure> {
    match read("a message of a job", &message.body)? {
        Timed::Tick => tick(app).await,
        Timed::Start(start) => runs::begin(app, &start, &message).await,
        Timed::GoOn { job, run, piece } => runs::go_on(app, job, run, piece, &message).await,
    }
}

/// Does the next piece of a run: what it counts goes to the piece; gives where the next one begins.
async fn next(piece: &mut Piece<'_>, place: Option<Place>) -> Result<Option<Place>, Failure> {
    match piece.run.job {
        JobName::PromotionExpiry => expiry::next(piece, place).await,
        JobName::CustomerEngagement => engagement::next(piece, place).await,
        JobName::RfmScoring => rfm::next(piece, place).await,
        JobName::RecurringTasks => recurring::next(piece, place).await,
        JobName::CountersCheck => figures::send(piece).await.map(|()| None),
        JobName::FollowUpsDue => reminders::next::<FollowUp>(piece, place).await,
        JobName::TasksDue => reminders::next::<Task>(piece, place).await,
        JobName::BirthdayMessages => greetings::birthdays(piece, place).await,
        JobName::InactivityMessages => greetings::inactivity(piece, place).await,
        JobName::Republish | JobName::Reproject => again::next(piece, place).await,
    }
}

/// How long after its time a job counts as missed, seconds: the clock's own message is on its way before.
const GRACE: i64 = 240;

/// Starts the jobs whose last time has passed without a run that was done to its end: a night in which the clock skipped that
/// hour, a day on which nothing ran, a run that died; those that are to look at everyone; and the campaigns whose time has come.
async fn tick(app: &App) -> Result<(), Failure> {
    let (now, zone) = (app.clock.now(), &app.config.zone);
    let names: Vec<JobName> = JOBS.iter().map(|job| job.name).collect();
    let kept = app.unscoped().jobs(&names).await?;
    let day = |time: domain::Time| time.day_in(zone);
    let today = day(now);
    let missed = JOBS.iter().zip(kept).filter_map(|(job, kept)| {
        let due = day(job.last_due(now.plus_seconds(-GRACE), zone)?);
        let is_over = job.of_the_day && due < today;
        if !is_over && kept.state.is_missed(due, today, now) {
            return Some(Start::missed(job.name, due));
        }
        Some(Start::of_everyone(job.name, kept.state.awaits_everyone(today, now)?))
    });
    try_join_all(missed.map(|start| send(app, Timed::Start(start)))).await?;
    start_due(app, now).await
}

pub(crate) async fn send(app: &App, timed: Timed) -> Result<(), Failure> {
    let body = serde_json::to_string(&timed).map_err(|error| crate::failure::not("a message of a job", &error))?;
    Ok(app.queues()?.send(Queue::Jobs, body, 0).await?)
}
