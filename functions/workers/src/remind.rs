//! Reminders: each morning, of the follow-ups and tasks that are due. What is read is what is due; a record that was
//! reminded of on the day is left alone, so a run can be repeated and goes on where it ended.

use crate::failure::Failure;
use crate::work::{Walk, change};
use application::App;
use application::metric::Metric;
use domain::follow_up::FollowUp;
use domain::reminder::{Dated, end_of, remind};
use domain::task::Task;
use domain::time::Day;
use domain::{Record, Row, Time};
use messaging::{FOLLOW_UPS_DUE, Place, TASKS_DUE};
use store::item::Stored;
use store::records::{due_follow_ups_plan, due_tasks_plan};
use store::{Plan, Tx};

/// Where a run goes on, and for which day.
type Rest = Option<(Day, Place)>;

/// Reminds of pending follow-ups.
pub(crate) async fn remind_of_follow_ups(app: &App, on: Option<Day>, from: Option<Place>) -> Result<Rest, Failure> {
    run::<FollowUp>(app, FOLLOW_UPS_DUE, due_follow_ups_plan, on, from).await
}

/// Reminds of open tasks.
pub(crate) async fn remind_of_tasks(app: &App, on: Option<Day>, from: Option<Place>) -> Result<Rest, Failure> {
    run::<Task>(app, TASKS_DUE, due_tasks_plan, on, from).await
}

async fn run<E: Dated + Stored>(app: &App, job: &str, plan: fn(Time) -> Plan, on: Option<Day>, from: Option<Place>) -> Result<Rest, Failure> {
    let zone = &app.config.zone;
    let day = on.unwrap_or_else(|| Day(app.clock.now().date_in(zone)));
    let told = |record: &Record<E>| {
        let (next, event) = remind(record, &app.act(), day, zone)?;
        let mut tx: Tx = change(record, &next);
        tx.event(&event);
        Some(tx)
    };
    let to_be_told = |row: &Row<E>| E::reminded_on(&mut row.derived.clone()).is_none_or(|last| last < day);
    let rest = Walk::new(app, from).list(&plan(end_of(day, zone)), to_be_told, told).await?;
    if rest.is_none() {
        app.unscoped().note_job(job, app.clock.now()).await?;
        Metric::JobDone.count(job);
    }
    Ok(rest.map(|place| (day, place)))
}
