//! The workers behind a CRM, step by step: a test decides who works when, so that nothing depends on
//! how the machine runs things side by side.

use crate::Crm;
use application::App;
use local::{Checkpoints, StreamReader, TABLE, TableError};
use messaging::DEAD_BATCH;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;
use workers::{Trigger, WORKERS, Worker};

/// How many stream records and messages a worker gets at once.
const STREAM_BATCH: usize = 100;

/// What a worker waits for.
enum Source {
    Stream(Box<StreamReader>),
    Queue(String, u32),
}

/// The reader itself knows how far it has come; nobody opens it again.
struct InTheReader;

impl Checkpoints for InTheReader {
    async fn load(&self, _: &str) -> Result<Option<String>, TableError> {
        Ok(None)
    }

    async fn store(&self, _: &str, _: &str) -> Result<(), TableError> {
        Ok(())
    }
}

/// The worker of this name.
pub fn worker(name: &str) -> &'static Worker {
    WORKERS.iter().find(|worker| worker.name == name).unwrap_or_else(|| panic!("there is no worker {name}"))
}

/// A worker at its stream or queue.
pub struct Post {
    /// The worker.
    pub worker: &'static Worker,
    /// What the worker was given; a test may put something between.
    pub app: App,
    source: Source,
    crm: Crm,
}

impl Crm {
    /// Hands an event to a worker, with what the worker is allowed; it has to answer.
    pub async fn hand(&self, name: &str, event: Value) -> Value {
        let worker = worker(name);
        (worker.handle)(&self.embedded().worker_app(worker), event).await.expect("answers")
    }

    /// Starts a job by hand, so many times; each run has an id of its own, which are given.
    pub async fn start_job(&self, job: &str, times: usize) -> Vec<String> {
        let runs: Vec<String> = (0..times).map(|_| Uuid::now_v7().to_string()).collect();
        let bodies = runs.iter().map(|run| json!({"task": "start", "job": job, "run": run}).to_string()).collect();
        self.embedded().queues.send("jobs", bodies, Duration::ZERO).await.expect("sent");
        runs
    }

    /// The workers that nobody has started, each at its post; those of the stream begin with what is
    /// written from now on.
    pub async fn posts(&self) -> Vec<Post> {
        let mut posts = Vec::new();
        for worker in WORKERS {
            let app = self.embedded().worker_app(worker);
            let mut post = |source| posts.push(Post { worker, app: app.clone(), source, crm: self.clone() });
            match worker.trigger {
                Trigger::Stream(_) => {
                    let mut reader = StreamReader::open(self.embedded().table.clone(), TABLE, None).await.expect("stream");
                    while let Some(batch) = reader.peek(1000).await.expect("reads") {
                        reader.advance(batch.last);
                    }
                    post(Source::Stream(Box::new(reader)));
                }
                Trigger::Queue(queue) => post(Source::Queue(queue.name().to_owned(), queue.batch())),
                Trigger::DeadLetters => messaging::Queue::ALL.iter().for_each(|queue| post(Source::Queue(queue.dead_name(), DEAD_BATCH))),
                Trigger::CustomResource => {}
            }
        }
        posts
    }
}

/// Everything the stream has, record by record.
pub async fn stream(crm: &Crm) -> Vec<Value> {
    let mut reader = StreamReader::open(crm.embedded().table.clone(), TABLE, None).await.expect("stream");
    let mut records = Vec::new();
    while let Some(batch) = reader.peek(1000).await.expect("reads") {
        records.extend(batch.event["Records"].as_array().cloned().unwrap_or_default());
        reader.advance(batch.last);
    }
    records
}

impl Post {
    /// Takes the next batch, if there is one, and works on it; what fails stays for later.
    pub async fn step(&mut self) -> bool {
        let (worker, app) = (self.worker, &self.app);
        match &mut self.source {
            Source::Queue(queue, batch) => {
                let handle = |event: Value| (worker.handle)(app, event);
                self.crm.embedded().queues.run_once(queue, *batch as usize, &handle).await.expect("the queue") > 0
            }
            Source::Stream(reader) => {
                let Trigger::Stream(interest) = worker.trigger else { return false };
                let handle = |event: Value| (worker.handle)(app, local::embedded::filtered(event, interest));
                // A batch that failed is offered again.
                local::stream::step(reader, worker.name, STREAM_BATCH, &InTheReader, &handle).await.unwrap_or(true)
            }
        }
    }
}

/// Lets everybody work until nobody finds anything to do.
pub async fn settle(posts: &mut [Post]) {
    for _ in 0..1000 {
        let mut busy = false;
        for post in posts.iter_mut() {
            busy |= post.step().await;
        }
        if !busy {
            return;
        }
    }
    panic!("the background does not come to rest");
}
