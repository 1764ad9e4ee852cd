//! The change stream: order, checkpoints, retries, two consumers, TTL and latency.
#![allow(clippy::unwrap_used)]

use crate::support::*;
use local::{Checkpoints, ManualClock, StreamReader, Table, TableCheckpoints, TableError, stream};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

fn names(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap().iter();
    let name = |record: &Value| record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().to_owned();
    records.map(name).collect()
}

struct Consumer {
    events: mpsc::UnboundedReceiver<Value>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

/// A table of so many items, `0`, `1` and so on.
async fn of_items(count: usize) -> Table {
    let table = memory().await;
    let db = client(&table);
    for n in 0..count {
        put(&db, &n.to_string()).await;
    }
    table
}

async fn reading(table: &Table, checkpoints: &impl Checkpoints, name: &str) -> StreamReader {
    StreamReader::open(table.clone(), TABLE, checkpoints.load(name).await.unwrap()).await.unwrap()
}

async fn consume(table: &Table, name: &'static str) -> Consumer {
    let (sender, events) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let checkpoints = TableCheckpoints::open(table.clone()).await.unwrap();
    let reader = reading(table, &checkpoints, name).await;
    let task = tokio::spawn(async move {
        let handler = move |event| {
            let sender = sender.clone();
            async move {
                sender.send(event).unwrap();
                Ok::<_, String>(Value::Null)
            }
        };
        let stopped = async { drop(stopped.await) };
        stream::run(reader, name, 3, checkpoints, handler, stopped).await;
    });
    Consumer { events, stop, task }
}

impl Consumer {
    async fn next(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        while all.len() < count {
            let event = tokio::time::timeout(Duration::from_secs(5), self.events.recv()).await;
            all.extend(names(&event.unwrap().unwrap()));
        }
        all
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn order_and_position_survive_a_reopened_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crm.db");
    let table = Table::open(&path).unwrap();
    table.create_table(schema()).await.unwrap();
    let db = client(&table);
    let mut first = consume(&table, "search").await;
    for n in 0..7 {
        put(&db, &n.to_string()).await;
    }
    assert_eq!(first.next(7).await, ["0", "1", "2", "3", "4", "5", "6"]);
    first.stop().await;
    put(&db, "while away").await;
    drop((db, table));

    let table = Table::open(&path).unwrap();
    let mut again = consume(&table, "search").await;
    put(&client(&table), "after").await;
    assert_eq!(again.next(2).await, ["while away", "after"]);
    let mut other = consume(&table, "history").await;
    assert_eq!(other.next(9).await.len(), 9);
    again.stop().await;
    other.stop().await;
    let checkpoints = TableCheckpoints::open(table.clone()).await.unwrap();
    assert_eq!(checkpoints.trim(TABLE, &["search", "history"]).await.unwrap(), 0, "nothing is ten minutes old");
    assert_eq!(checkpoints.trim(TABLE, &["search", "who never read"]).await.unwrap(), 0);
    put(&client(&table), "still works").await;
}

#[tokio::test]
async fn a_record_looks_as_lambda_shows_it() {
    let table = memory().await;
    let db = client(&table);
    let mut consumer = consume(&table, "c").await;
    put(&db, "a").await;
    let event = consumer.events.recv().await.unwrap();
    let record = &event["Records"][0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert!(record["eventSourceARN"].as_str().unwrap().contains(":table/crm/stream/"));
    let change = &record["dynamodb"];
    assert_eq!(change["Keys"], json!({"pk": {"S": "p"}, "sk": {"S": "a"}}));
    assert_eq!(change["NewImage"], json!({"pk": {"S": "p"}, "sk": {"S": "a"}}));
    assert!(change.get("OldImage").is_none());
    assert_eq!(change["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert!(change["SizeBytes"].is_i64() && change["SequenceNumber"].is_string());
    consumer.stop().await;
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<HashMap<String, String>>>);

impl Checkpoints for Memory {
    async fn load(&self, consumer: &str) -> Result<Option<String>, TableError> {
        Ok(self.0.lock().unwrap().get(consumer).cloned())
    }

    async fn store(&self, consumer: &str, sequence: &str) -> Result<(), TableError> {
        self.0.lock().unwrap().insert(consumer.into(), sequence.into());
        Ok(())
    }
}

#[tokio::test]
async fn a_failed_batch_is_offered_again_and_nothing_is_skipped() {
    let table = of_items(4).await;
    let (calls, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (count, log) = (Arc::clone(&calls), Arc::clone(&seen));
    let (done, finished) = mpsc::channel::<()>(1);
    let checkpoints = Memory::default();
    let handler = move |event: Value| {
        let call = count.fetch_add(1, Ordering::Relaxed);
        log.lock().unwrap().push(names(&event));
        let third = event["Records"][2]["dynamodb"]["SequenceNumber"].clone();
        let done = done.clone();
        async move {
            match call {
                0 => Err("no".to_owned()),
                1 => panic!("worse"),
                2 => Ok(json!({"batchItemFailures": [{"itemIdentifier": third}]})),
                _ => {
                    done.send(()).await.unwrap();
                    Ok(json!({"batchItemFailures": []}))
                }
            }
        }
    };
    let mut finished = finished;
    let shutdown = async move { if finished.recv().await.is_none() {} };
    stream::run(reading(&table, &checkpoints, "c").await, "c", 10, checkpoints.clone(), handler, shutdown).await;
    let all = vec!["0".to_owned(), "1".into(), "2".into(), "3".into()];
    assert_eq!(*seen.lock().unwrap(), [all.clone(), all.clone(), all.clone(), all[2..].to_vec()]);
    assert!(checkpoints.load("c").await.unwrap().is_some());
}

#[tokio::test]
async fn an_expired_item_is_marked_as_removed_by_the_service() {
    let clock = ManualClock::new(1_800_000_000_000);
    let table = Table::memory_with_clock(Arc::new(clock.clone())).unwrap();
    table.create_table(schema()).await.unwrap();
    table.enable_ttl(TABLE, "ttl").await.unwrap();
    table.enable_ttl(TABLE, "ttl").await.unwrap();
    let mut consumer = consume(&table, "c").await;
    let expires = aws_sdk_dynamodb::types::AttributeValue::N("1800000060".into());
    let put = client(&table).put_item().table_name(TABLE).item("pk", s("p"));
    put.item("sk", s("a")).item("ttl", expires).send().await.unwrap();
    consumer.next(1).await;
    assert_eq!(table.sweep_ttl().await.unwrap(), 0);
    clock.advance(Duration::from_secs(61));
    assert_eq!(table.sweep_ttl().await.unwrap(), 1);
    let event = consumer.events.recv().await.unwrap();
    let record = &event["Records"][0];
    assert_eq!(record["eventName"], "REMOVE");
    let identity = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    assert_eq!(record["userIdentity"], identity);
    consumer.stop().await;
}

#[tokio::test]
async fn a_write_reaches_the_handler_within_100_ms() {
    let dir = tempfile::tempdir().unwrap();
    let file = Table::open(&dir.path().join("crm.db")).unwrap();
    file.create_table(schema()).await.unwrap();
    for (name, table) in [("memory", memory().await), ("file", file)] {
        let db = client(&table);
        let mut consumer = consume(&table, "c").await;
        put(&db, "warm").await;
        consumer.next(1).await;
        let mut times = Vec::new();
        for n in 0..20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            put(&db, &n.to_string()).await;
            let written = Instant::now();
            consumer.next(1).await;
            times.push(written.elapsed());
        }
        times.sort();
        println!("{name}: write to handler median {:?}, worst {:?}", times[10], times[19]);
        assert!(times[10] < Duration::from_millis(100));
        consumer.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn room_is_waited_for_while_a_reader_is_behind_but_not_for_ever() {
    let table = of_items(20).await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let shut = gate.clone();
    let checkpoints = TableCheckpoints::open(table.clone()).await.unwrap();
    let reader = reading(&table, &checkpoints, "slow").await;
    let following = tokio::spawn(async move {
        let handler = move |_: Value| {
            let shut = shut.clone();
            async move {
                shut.acquire().await.unwrap().forget();
                Ok::<_, String>(Value::Null)
            }
        };
        stream::run(reader, "slow", 3, checkpoints, handler, std::future::pending()).await;
    });
    let waited = async || {
        let before = tokio::time::Instant::now();
        table.room().await;
        before.elapsed()
    };
    let through = async |batches: usize| {
        gate.add_permits(batches);
        while gate.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
    };
    let at_once = Duration::from_millis(300);
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_millis(100)).await;
    through(1).await;
    assert!(waited().await < at_once, "it has only begun");
    // More before it, for too long.
    tokio::time::advance(Duration::from_millis(600)).await;
    through(1).await;
    assert!((Duration::from_millis(999)..Duration::from_secs(3)).contains(&waited().await), "it is not waited for longer");
    gate.add_permits(10);
    let comes_to_the_end = async { while waited().await > at_once {} };
    tokio::time::timeout(Duration::from_secs(10), comes_to_the_end).await.unwrap();
    following.abort();
}

#[tokio::test]
async fn a_reader_is_given_what_it_wants_and_passes_the_rest() {
    let table = of_items(30).await;
    let checkpoints = Memory::default();
    let mut reader = reading(&table, &checkpoints, "c").await.of(workers::Interest::Records(&["3", "4", "7", "28"]));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler = |event: Value| {
        seen.lock().unwrap().push(names(&event));
        async { Ok::<_, String>(Value::Null) }
    };
    let mut stored = Vec::new();
    let mut found = Vec::new();
    loop {
        found.push(stream::step(&mut reader, "c", 2, &checkpoints, &handler).await.unwrap());
        stored.push(checkpoints.load("c").await.unwrap());
        if found.last() == Some(&stream::Found::Nothing) {
            break;
        }
    }
    // Ten are read at once where few are wanted; the third of them begins the next batch.
    assert_eq!(*seen.lock().unwrap(), [vec!["3", "4"], vec!["7"], vec!["28"]].map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    assert!(found.contains(&stream::Found::Part));
    stored.dedup();
    assert_eq!(stored.len(), 4, "also after ten that nobody wanted: {stored:?}");
}

#[tokio::test]
async fn a_part_that_failed_is_offered_again_with_what_is_wanted_behind_it() {
    let table = of_items(9).await;
    let checkpoints = Memory::default();
    let mut reader = reading(&table, &checkpoints, "c").await.of(workers::Interest::Records(&["1", "4", "6"]));
    let seen = Mutex::new(Vec::new());
    let handler = |event: Value| {
        let mut seen = seen.lock().unwrap();
        let second = event["Records"][1]["dynamodb"]["SequenceNumber"].clone();
        let failed = if seen.is_empty() { json!([{"itemIdentifier": second}]) } else { json!([]) };
        seen.push(names(&event));
        async move { Ok::<_, String>(json!({"batchItemFailures": failed})) }
    };
    stream::step(&mut reader, "c", 10, &checkpoints, &handler).await.unwrap_err();
    // Who begins anew begins there as well.
    let mut reader = reading(&table, &checkpoints, "c").await.of(workers::Interest::Records(&["1", "4", "6"]));
    assert_eq!(stream::step(&mut reader, "c", 10, &checkpoints, &handler).await.unwrap(), stream::Found::All);
    assert_eq!(*seen.lock().unwrap(), [vec!["1", "4", "6"], vec!["4", "6"]]);
}
