//! What runs behind the API.
//!
//! Owns: the consumers of the table's stream, of the queues and of the dead letters, and the
//! bootstrap of a deployment. Each is a [`Worker`]: a name, a trigger, what it may do, a function
//! from a Lambda event to its answer. The template and the embedded run are both made from
//! [`WORKERS`].

pub mod automation;
pub mod bootstrap;
pub mod failure;
pub mod lambda;
pub mod parker;
pub mod projector;
pub mod relay;
pub mod work;

use application::App;
pub use failure::Failure;
use futures::future::BoxFuture;
use messaging::Queue;
use serde_json::Value;
use store::Action;

/// What starts a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The table's stream, with the records it is interested in.
    Stream(Interest),
    /// A queue.
    Queue(Queue),
    /// Every dead-letter queue.
    DeadLetters,
    /// A custom resource of the template.
    CustomResource,
}

/// Which records of the stream a worker is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// New items whose sort key begins so.
    Inserted(&'static str),
    /// Any change of items with one of these sort keys.
    Records(&'static [&'static str]),
}

/// What a worker needs beside the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Publishes to the bus.
    Bus,
    /// Sends to this queue.
    Send(Queue),
    /// Reads and writes the deployment's secret.
    Secret,
    /// Hashes a password.
    Cpu,
}

/// A worker.
#[derive(Clone, Copy)]
pub struct Worker {
    /// Its one name.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    /// What starts it.
    pub trigger: Trigger,
    /// What it does to the table.
    pub actions: &'static [Action],
    /// What else it needs.
    pub needs: &'static [Need],
    /// The work.
    pub handle: for<'a> fn(&'a App, Value) -> BoxFuture<'a, Result<Value, Failure>>,
}

/// Every worker.
pub const WORKERS: &[Worker] = &[projector::WORKER, relay::WORKER, automation::WORKER, work::WORKER, parker::WORKER, bootstrap::WORKER];
