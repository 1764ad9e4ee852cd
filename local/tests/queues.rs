//! The queues under virtual time, after a reopened file and after kill -9.
#![allow(clippy::unwrap_used)]

use local::{Depth, ManualClock, QueueError, QueueSettings, Queues, SystemClock, Table};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOW: i64 = 1_800_000_000_000;
const ZERO: Duration = Duration::ZERO;

fn settings() -> Vec<QueueSettings> {
    let work = QueueSettings::new("work").dead_letter("work-dead", 3);
    vec![work, QueueSettings::new("work-dead")]
}

async fn open(table: &Table, clock: &ManualClock) -> Queues {
    Queues::open(table.clone(), Arc::new(clock.clone()), settings()).await.unwrap()
}

async fn memory() -> (Queues, ManualClock) {
    let clock = ManualClock::new(NOW);
    (open(&Table::memory().unwrap(), &clock).await, clock)
}

fn bodies(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap().iter();
    records.map(|record| record["body"].as_str().unwrap().to_owned()).collect()
}

/// Receives one batch and answers with what `answer` makes of it; returns the event.
async fn step(queues: &Queues, queue: &str, answer: impl Fn(&Value) -> Result<Value, String> + Send + Sync) -> Option<Value> {
    let seen = Mutex::new(None);
    let handler = |event: Value| {
        let result = answer(&event);
        *seen.lock().unwrap() = Some(event);
        async move { result }
    };
    queues.run_once(queue, 10, &handler).await.unwrap();
    seen.into_inner().unwrap()
}

fn ok(_: &Value) -> Result<Value, String> {
    Ok(Value::Null)
}

#[tokio::test]
async fn a_message_looks_as_lambda_shows_it_and_is_gone_when_handled() {
    let (queues, _) = memory().await;
    let ids = queues.send("work", vec!["a".into(), "b".into()], ZERO).await.unwrap();
    assert_eq!(queues.depths()["work"].visible, 2);
    let event = step(&queues, "work", ok).await.unwrap();
    assert_eq!(bodies(&event), ["a", "b"]);
    let record = &event["Records"][0];
    assert_eq!(record["messageId"], ids[0]);
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["attributes"]["SentTimestamp"], NOW.to_string());
    assert_eq!(record["messageAttributes"], json!({}));
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:dynoxide:000000000000:work");
    assert_eq!(queues.depths()["work"], Depth::default());
    assert!(step(&queues, "work", ok).await.is_none());
}

#[tokio::test]
async fn a_delayed_message_waits() {
    let (queues, clock) = memory().await;
    queues.send("work", vec!["later".into()], Duration::from_secs(60)).await.unwrap();
    assert_eq!(queues.depths()["work"].delayed, 1);
    clock.advance(Duration::from_secs(59));
    assert!(step(&queues, "work", ok).await.is_none());
    clock.advance(Duration::from_secs(1));
    assert!(step(&queues, "work", ok).await.is_some());
}

#[tokio::test]
async fn failures_back_off_and_end_in_the_dead_letter_queue() {
    let (queues, clock) = memory().await;
    queues.send("work", vec!["bad".into(), "good".into()], ZERO).await.unwrap();
    let event = step(&queues, "work", |event| {
        let bad = &event["Records"][0]["messageId"];
        Ok(json!({"batchItemFailures": [{"itemIdentifier": bad}]}))
    });
    assert_eq!(bodies(&event.await.unwrap()).len(), 2);
    for (pause, count) in [(1, "2"), (2, "3")] {
        assert!(step(&queues, "work", ok).await.is_none());
        clock.advance(Duration::from_secs(pause));
        let event = step(&queues, "work", |_| Err("boom".into())).await.unwrap();
        assert_eq!(bodies(&event), ["bad"]);
        assert_eq!(event["Records"][0]["attributes"]["ApproximateReceiveCount"], count);
    }
    assert_eq!(queues.depths()["work"], Depth::default());
    assert_eq!(queues.depths()["work-dead"].visible, 1);
    let dead = &queues.peek("work-dead", 10).await.unwrap()[0];
    assert_eq!(dead["messageAttributes"]["ReceiveCount"]["stringValue"], "3");
    assert_eq!(dead["messageAttributes"]["LastError"]["stringValue"], "boom");
    assert_eq!(queues.redrive("work-dead", "work").await.unwrap(), 1);
    let event = step(&queues, "work", ok).await.unwrap();
    assert_eq!(event["Records"][0]["messageAttributes"], json!({}));
    assert_eq!(queues.depths()["work-dead"], Depth::default());
}

#[tokio::test]
async fn an_answer_about_other_messages_fails_the_batch() {
    let (queues, _) = memory().await;
    queues.send("work", vec!["a".into()], ZERO).await.unwrap();
    let strange = json!({"batchItemFailures": [{"itemIdentifier": "other"}]});
    step(&queues, "work", |_| Ok(strange.clone())).await;
    assert_eq!(queues.depths()["work"].delayed, 1);
}

#[tokio::test]
async fn a_message_held_too_long_is_received_by_another() {
    let (queues, clock) = memory().await;
    queues.send("work", vec!["slow".into()], ZERO).await.unwrap();
    let inner = (queues.clone(), clock.clone());
    let slow = |_: Value| {
        let (queues, clock) = inner.clone();
        async move {
            assert_eq!(queues.depths()["work"].in_flight, 1);
            clock.advance(Duration::from_secs(30));
            let event = step(&queues, "work", ok).await.unwrap();
            assert_eq!(event["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
            Err::<Value, _>("too late")
        }
    };
    queues.run_once("work", 10, &slow).await.unwrap();
    assert_eq!(queues.depths()["work"], Depth::default(), "not brought back to life");
    assert_eq!(queues.depths()["work-dead"], Depth::default());
}

#[tokio::test]
async fn the_loop_wakes_for_new_and_for_delayed_messages() {
    let (queues, clock) = memory().await;
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = queues.clone();
    let task = tokio::spawn(async move {
        let handler = move |event: Value| {
            let sender = sender.clone();
            async move {
                if bodies(&event) == ["panic"] {
                    panic!("on purpose");
                }
                sender.send(bodies(&event)).map_err(|error| error.to_string())?;
                Ok::<_, String>(Value::Null)
            }
        };
        let stopped = async { drop(stopped.await) };
        worker.run("work", 10, handler, stopped).await
    });
    queues.send("work", vec!["now".into()], ZERO).await.unwrap();
    assert_eq!(seen.recv().await.unwrap(), ["now"]);
    queues.send("work", vec!["later".into()], Duration::from_secs(900)).await.unwrap();
    queues.send("work", vec!["panic".into()], ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(seen.try_recv().is_err());
    clock.advance(Duration::from_secs(900));
    let next = seen.recv().await.unwrap();
    assert!(next.contains(&"later".to_owned()), "{next:?}");
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_messages_large_messages_and_unknown_queues() {
    let (queues, _) = memory().await;
    let many = (0..250).map(|n| format!("{n}{}", "x".repeat(20_000))).collect();
    assert_eq!(queues.send("work", many, ZERO).await.unwrap().len(), 250);
    assert_eq!(queues.depths()["work"].visible, 250);
    let event = step(&queues, "work", ok).await.unwrap();
    assert!(bodies(&event)[9].starts_with("9x"), "in the order sent");
    let large = queues.send("work", vec!["x".repeat(300_000)], ZERO).await;
    assert!(matches!(large, Err(QueueError::TooLarge(300_000))));
    let fits = queues.send("work", vec!["x".repeat(256 * 1024)], ZERO).await;
    assert!(fits.is_ok(), "{fits:?}");
    assert!(matches!(queues.send("nope", vec![], ZERO).await, Err(QueueError::Unknown(_))));
}

/// Opens a table that was open a moment ago: a call under way holds it until it ends.
async fn reopened(path: &Path) -> Table {
    for _ in 0..200 {
        match Table::open(path) {
            Err(local::TableError::Locked(_)) => store::pause(10, 0).await,
            opened => return opened.unwrap(),
        }
    }
    Table::open(path).unwrap()
}

#[tokio::test]
async fn a_crash_in_the_handler_counts_and_a_reopened_file_continues() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crm.db");
    let clock = ManualClock::new(NOW);
    for crash in 1..=3 {
        let table = reopened(&path).await;
        let queues = open(&table, &clock).await;
        if crash == 1 {
            queues.send("work", vec!["poison".into()], ZERO).await.unwrap();
        }
        assert_eq!(queues.depths()["work"].visible, 1, "crash {crash}");
        let (began, begun) = tokio::sync::oneshot::channel();
        let began = Arc::new(Mutex::new(Some(began)));
        let task = tokio::spawn(async move {
            let handler = |_: Value| {
                began.lock().unwrap().take().unwrap().send(()).unwrap();
                std::future::pending::<Result<Value, String>>()
            };
            queues.run_once("work", 1, &handler).await
        });
        begun.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    let table = reopened(&path).await;
    let queues = open(&table, &clock).await;
    assert!(step(&queues, "work", ok).await.is_none(), "not tried a fourth time");
    let dead = &queues.peek("work-dead", 1).await.unwrap()[0];
    assert_eq!(dead["body"], "poison");
    let reason = &dead["messageAttributes"]["LastError"]["stringValue"];
    assert_eq!(reason, "the receiver stopped before it answered");
}

#[test]
fn what_was_sent_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crm.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "queues::child_that_is_killed", "--nocapture"])
        .env("CRM_DB", &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ids = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some((_, id)) = line.unwrap().split_once("sent ") {
            ids.push(id.to_owned());
        }
        if ids.len() == 20 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let table = Table::open(&path).unwrap();
        let queues = Queues::open(table, Arc::new(SystemClock), settings()).await.unwrap();
        let kept = queues.peek("work", 10_000).await.unwrap();
        for id in ids {
            assert!(kept.iter().any(|record| record["messageId"] == id), "{id} is lost");
        }
    });
}

#[tokio::test]
async fn child_that_is_killed() {
    let Ok(path) = std::env::var("CRM_DB") else {
        return;
    };
    let table = Table::open(Path::new(&path)).unwrap();
    let queues = Queues::open(table, Arc::new(SystemClock), settings()).await.unwrap();
    for _ in 0..5_000 {
        let ids = queues.send("work", vec!["m".into()], ZERO).await.unwrap();
        println!("\nsent {}", ids[0]);
    }
}
