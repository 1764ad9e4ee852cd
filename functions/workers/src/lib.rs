//! What runs behind the API.
//!
//! Owns: the consumers of the table's stream, of the queues and of the dead-letter queues, and the
//! bootstrap of a deployment. Each is a [`Worker`]: a name, an event source, the table actions and
//! resources of its role, and a handler. The template (functions, event source mappings, policies) and the
//! embedded run are both made from [`WORKERS`].

pub mod automation;
pub mod bootstrap;
pub mod bounces;
mod campaigns;
mod deliver;
pub mod failure;
pub mod jobs;
pub mod lambda;
mod messages;
pub mod messenger;
pub mod notify;
pub mod parker;
pub mod projector;
pub mod redrive;
pub mod relay;
pub mod repair;
pub mod work;

use application::App;
pub use failure::Failure;
use futures::future::BoxFuture;
use messaging::Queue;
use serde_json::Value;
use store::Action;
use store::keys::Reserved;

/// The event source of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The table's stream, with the filter of the event source mapping.
    Stream(Interest),
    /// A queue.
    Queue(Queue),
    /// Every dead-letter queue.
    DeadLetters,
    /// A custom resource of the template.
    CustomResource,
}

/// Which records of the stream pass the filter of a worker's event source mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// New items whose sort key begins so.
    Inserted(&'static str),
    /// Any change of items with one of these sort keys.
    Records(&'static [&'static str]),
}

impl Interest {
    /// Whether a record passes, by what happened (`INSERT`, `MODIFY`, `REMOVE`) and its sort key.
    pub fn takes(self, happened: &str, sk: &str) -> bool {
        match self {
            Self::Inserted(prefix) => happened == "INSERT" && sk.starts_with(prefix),
            Self::Records(kinds) => kinds.contains(&sk),
        }
    }
}

/// What a worker is given beside the table: resources in its environment and role, or more CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Puts events on the event bus.
    Bus,
    /// Sends messages to this queue.
    Send(Queue),
    /// Sends messages to every queue.
    SendAll,
    /// Reads and writes the deployment's secret.
    Secret,
    /// Reads or writes the hashes of passwords and refresh tokens, which other roles are kept off.
    Credentials,
    /// Sends mails and text messages.
    Senders,
    /// Pushes to devices.
    Pushes,
    /// Reads the secret that signs the links of messages, and knows where the API is.
    Links,
    /// Reads the batches that the stream's mappings gave up on.
    Undelivered,
    /// More memory, and with it CPU: it hashes a password.
    Cpu,
}

/// A worker.
#[derive(Clone, Copy)]
pub struct Worker {
    /// Its one name.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    /// Its event source.
    pub trigger: Trigger,
    /// The table actions of its role.
    pub actions: &'static [Action],
    /// What it is given beside the table.
    pub needs: &'static [Need],
    /// Handles an event of its source, as Lambda delivers it, with an application that can no more than is
    /// declared here; gives the response: for a batch, the items that failed.
    pub handle: for<'a> fn(&'a App, Value) -> BoxFuture<'a, Result<Value, Failure>>,
}

impl Worker {
    /// The binary it is in. The bootstrap has its own: it alone takes passwords, and what tells a weak one
    /// from a strong one is a quarter of a binary. So has who sends something, with the clients and the templates for that, and who
    /// parks dead letters, who signs addresses.
    pub fn binary(&self) -> &'static str {
        match self.trigger {
            Trigger::CustomResource => "bootstrap",
            Trigger::Queue(Queue::Messages) => "messenger",
            _ if self.needs.contains(&Need::Senders) => "notify",
            Trigger::DeadLetters => "parker",
            _ => "workers",
        }
    }

    /// What it does where others are kept off. Whoever writes the secret publishes the keys as well.
    pub fn reserved(&self) -> Vec<Reserved> {
        let of_need = |need: &Need| match need {
            Need::Credentials => Some(Reserved::Credentials),
            Need::Secret => Some(Reserved::Keys),
            Need::Bus | Need::Send(_) | Need::SendAll | Need::Senders | Need::Pushes | Need::Links | Need::Undelivered | Need::Cpu => None,
        };
        self.needs.iter().filter_map(of_need).collect()
    }
}

/// The workers that are one binary.
pub const TOGETHER: &[Worker] =
    &[projector::WORKER, relay::WORKER, automation::WORKER, bounces::WORKER, work::WORKER, repair::WORKER, redrive::WORKER, jobs::WORKER];

/// The workers that run all the time.
pub const BACKGROUND: &[Worker] = &with::<{ TOGETHER.len() + 3 }>(
    &with::<{ TOGETHER.len() + 2 }>(&with::<{ TOGETHER.len() + 1 }>(TOGETHER, notify::WORKER), messenger::WORKER),
    parker::WORKER,
);

/// Every worker: those, and the bootstrap.
pub const WORKERS: &[Worker] = &with::<{ BACKGROUND.len() + 1 }>(BACKGROUND, bootstrap::WORKER);

/// These workers and one more.
const fn with<const N: usize>(workers: &[Worker], one: Worker) -> [Worker; N] {
    let mut all = [one; N];
    let mut at = 0;
    while at < workers.len() {
        all[at] = workers[at];
        at += 1;
    }
    all
}
