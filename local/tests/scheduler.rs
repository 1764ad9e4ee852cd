//! The scheduler under virtual time.
#![allow(clippy::unwrap_used)]

use jiff::{Timestamp, tz::TimeZone};
use local::{ManualClock, Scheduler, scheduler::Job};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn due_jobs_run_once_and_failures_do_not_stop_the_rest() {
    let start: Timestamp = "2026-11-21T00:59:30Z".parse().unwrap();
    let clock = ManualClock::new(start.as_millisecond());
    let mut scheduler = Scheduler::new(TimeZone::UTC);
    let (sender, mut fired) = tokio::sync::mpsc::unbounded_channel();
    let job = |name: &'static str| -> Job {
        let sender = sender.clone();
        Arc::new(move |at| {
            let sender = sender.clone();
            Box::pin(async move {
                sender.send((name, at.to_string())).map_err(|error| error.to_string())?;
                match name {
                    "minute" => panic!("on purpose"),
                    _ => Err("failed".into()),
                }
            })
        })
    };
    let since = start.as_millisecond();
    scheduler.add("nightly", "cron(0 1 * * ? *)", since, job("nightly")).unwrap();
    scheduler.add("minute", "rate(1 minute)", since, job("minute")).unwrap();
    assert!(scheduler.add("bad", "cron(nonsense)", since, job("bad")).is_err());
    assert_eq!(scheduler.upcoming().len(), 2);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let clock_inside = Arc::new(clock.clone());
    let task = tokio::spawn(scheduler.run(clock_inside, async { drop(stopped.await) }));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(fired.try_recv().is_err());
    clock.advance(Duration::from_secs(30));
    assert_eq!(fired.recv().await.unwrap(), ("nightly", "2026-11-21T01:00:00Z".to_owned()));
    clock.advance(Duration::from_secs(30));
    assert_eq!(fired.recv().await.unwrap(), ("minute", "2026-11-21T01:00:30Z".to_owned()));
    // The machine slept for an hour: the minute job runs once, not sixty times.
    clock.advance(Duration::from_secs(3600));
    assert_eq!(fired.recv().await.unwrap().0, "minute");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(fired.try_recv().is_err());
    stop.send(()).unwrap();
    task.await.unwrap();
}
