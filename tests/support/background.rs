//! The workers behind a CRM, step by step: a test decides who works when, so that nothing depends on
//! how the machine runs things side by side.

use crate::Crm;
use crate::random::Random;
use application::App;
use local::stream::{Found, step};
use local::{Checkpoints, StreamReader, TABLE, TableError};
use messaging::DEAD_BATCH;
use serde_json::{Value, json};
use std::future::poll_fn;
use std::task::Poll;
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

/// What befalls the batches of a worker, now and then; nothing where nobody said how often.
#[derive(Default)]
pub struct Mishaps {
    chance: Option<(Random, usize)>,
    /// How many batches were cut off.
    pub killed: usize,
}

/// How a batch is handled.
#[derive(Clone, Copy)]
enum Mishap {
    Nothing,
    /// Its worker dies after being at it so often.
    Killed(usize),
    /// It is delivered once more.
    Twice,
    /// A message of it comes once more, so many seconds later.
    Late(u64),
}

impl Mishaps {
    /// One batch of so many.
    pub fn of(random: Random, odds: usize) -> Self {
        Self { chance: Some((random, odds)), killed: 0 }
    }

    fn next(&mut self) -> Mishap {
        let Some((random, odds)) = &mut self.chance else { return Mishap::Nothing };
        if random.below(*odds) > 0 {
            return Mishap::Nothing;
        }
        match random.below(4) {
            0 => Mishap::Twice,
            1 => Mishap::Late(*random.of(&[90, 86_400])),
            _ => {
                self.killed += 1;
                Mishap::Killed(1 + random.below(40))
            }
        }
    }
}

/// Handles a batch as a worker would whom this befalls.
async fn befallen(worker: &Worker, app: &App, event: Value, mishap: Mishap) -> Result<Value, String> {
    let handle = |event: Value| async { (worker.handle)(app, event).await.map_err(|failure| failure.to_string()) };
    match mishap {
        Mishap::Nothing | Mishap::Late(_) => handle(event).await,
        Mishap::Twice => {
            let _ = handle(event.clone()).await;
            handle(event).await
        }
        Mishap::Killed(after) => {
            let (mut work, mut polls) = (Box::pin(handle(event)), 0);
            poll_fn(|context| {
                polls += 1;
                if polls > after { Poll::Ready(Err("killed".to_owned())) } else { work.as_mut().poll(context) }
            })
            .await
        }
    }
}

/// A worker at its stream or queue.
pub struct Post {
    /// The worker.
    pub worker: &'static Worker,
    /// What the worker was given; a test may put something between.
    pub app: App,
    /// What befalls its batches.
    pub mishaps: Mishaps,
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
            let mut post = |source| posts.push(Post { worker, app: app.clone(), mishaps: Mishaps::default(), source, crm: self.clone() });
            match worker.trigger {
                Trigger::Stream(interest) => {
                    let mut reader = StreamReader::open(self.embedded().table.clone(), TABLE, None).await.expect("stream");
                    while let Some(batch) = reader.peek(1000).await.expect("reads") {
                        reader.advance(batch.last);
                    }
                    post(Source::Stream(Box::new(reader.of(interest))));
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
        let (worker, app, mishap) = (self.worker, &self.app, self.mishaps.next());
        match &mut self.source {
            Source::Queue(queue, batch) => {
                let (queue, queues) = (queue.as_str(), &self.crm.embedded().queues);
                let handle = |event: Value| async move {
                    if let Mishap::Late(seconds) = mishap {
                        let body = event["Records"][0]["body"].as_str().unwrap_or_default().to_owned();
                        queues.send(queue, vec![body], Duration::from_secs(seconds)).await.map_err(|error| error.to_string())?;
                    }
                    befallen(worker, app, event, mishap).await
                };
                queues.run_once(queue, *batch as usize, &handle).await.expect("the queue") > 0
            }
            Source::Stream(reader) => {
                let handle = |event: Value| befallen(worker, app, event, mishap);
                // A batch that failed is offered again.
                step(reader, worker.name, STREAM_BATCH, &InTheReader, &handle).await != Ok(Found::Nothing)
            }
        }
    }
}

/// Lets everybody work until nobody finds anything to do.
pub async fn settle(posts: &mut [Post]) {
    for _ in 0..100_000 {
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
