//! What one seed did: every operation on the table, the bus and the queues, with the faults that
//! were put in, in order.

use crate::faults::turns::Turns;
use application::App;
use domain::event::Event;
use futures::future::BoxFuture;
use local::{Fault, Operation};
use messaging::{Depth, EventBus, MessagingError, Queue, Queues};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tests::random::Random;

/// The lines of a trace.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    /// Notes what happened.
    pub fn note(&self, line: String) {
        self.0.lock().expect("lock").push(line);
    }

    /// Notes an operation on the table and what came of it.
    pub fn operation(&self, operation: &Operation, fault: Option<&Fault>) {
        let mut request = operation.request.clone();
        // Made anew for each transaction, and of no consequence but for the SDK's own repeats.
        request.as_object_mut().map(|request| request.remove("ClientRequestToken"));
        let came = match (operation.status, fault) {
            (None, fault) => format!("not done: {fault:?}"),
            (Some(status), None) => status.to_string(),
            (Some(status), Some(fault)) => format!("{status}, answered with {fault:?}"),
        };
        self.note(format!("{} {} {request} -> {came}", operation.role.unwrap_or_default(), operation.name));
    }

    /// The lines as they are.
    pub fn raw(&self) -> Vec<String> {
        self.0.lock().expect("lock").clone()
    }

    /// The lines, with ids numbered in the order in which they came up.
    pub fn lines(&self) -> Vec<String> {
        let mut numbers = HashMap::new();
        self.0.lock().expect("lock").iter().map(|line| without_ids(line, &mut numbers)).collect()
    }
}

/// A text with `id-3` instead of the third id that came up.
pub fn without_ids(text: &str, numbers: &mut HashMap<String, usize>) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        let id = rest.get(..36).filter(|id| uuid::Uuid::try_parse(id).is_ok());
        let length = match id {
            Some(id) => {
                let count = numbers.len();
                plain.push_str(&format!("id-{}", numbers.entry(id.to_owned()).or_insert(count)));
                36
            }
            None => {
                plain.push(next);
                next.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    plain
}

/// A bus and queues between which and a worker faults are put.
struct Watched {
    worker: &'static str,
    inner: App,
    turns: Turns,
    trace: Trace,
    random: Mutex<Random>,
    odds: usize,
}

/// The application of a worker, its bus and queues failing once in so many times.
pub fn watched(worker: &'static str, app: &App, turns: &Turns, trace: &Trace, random: Random, odds: usize) -> App {
    let inner = app.clone();
    let watched = Arc::new(Watched { worker, inner, turns: turns.clone(), trace: trace.clone(), random: Mutex::new(random), odds });
    app.clone().with_bus(watched.clone()).with_queues(watched)
}

impl Watched {
    /// Whether the next operation fails: before it is done, or after.
    fn fault(&self) -> (bool, bool) {
        let mut random = self.random.lock().expect("lock");
        let fails = random.below(self.odds) == 0;
        let after = random.below(2) == 0;
        (fails && !after, fails && after)
    }

    async fn through<T>(&self, what: String, work: impl Future<Output = Result<T, MessagingError>>) -> Result<T, MessagingError> {
        self.turns.turn().await;
        let (before, after) = self.fault();
        let came = match (before, after) {
            (true, _) => "not done: fails",
            (_, true) => "done, answered with a failure",
            _ => "done",
        };
        self.trace.note(format!("{} {what} -> {came}", self.worker));
        let lost = || Err(MessagingError("no answer".into()));
        if before {
            return lost();
        }
        let done = work.await;
        if after { lost() } else { done }
    }
}

impl EventBus for Watched {
    fn publish<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Event>, MessagingError>> {
        Box::pin(async move {
            let kinds: Vec<String> = events.iter().map(|event| format!("{} {}", event.kind, event.id)).collect();
            let bus = self.inner.bus().map_err(|failure| MessagingError(failure.to_string()))?;
            // Now and then it takes some of them alone.
            let taken = {
                let mut random = self.random.lock().expect("lock");
                if random.below(self.odds) == 0 { random.below(events.len() + 1) } else { events.len() }
            };
            let (some, others) = events.split_at(taken);
            let mut left = self.through(format!("publish {kinds:?}, of which {taken} are taken"), bus.publish(some)).await?;
            left.extend_from_slice(others);
            Ok(left)
        })
    }
}

impl Queues for Watched {
    fn send<'a>(&'a self, queue: Queue, body: String, delay_seconds: u32) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let queues = self.inner.queues().map_err(|failure| MessagingError(failure.to_string()))?;
            self.through(format!("send {} {body} in {delay_seconds} s", queue.name()), queues.send(queue, body.clone(), delay_seconds)).await
        })
    }

    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>> {
        Box::pin(async move {
            let queues = self.inner.queues().map_err(|failure| MessagingError(failure.to_string()))?;
            queues.depths().await
        })
    }
}
