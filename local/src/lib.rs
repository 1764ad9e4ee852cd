//! The CRM's embedded runtime: everything AWS gives the deployed system, inside one process.
//!
//! `table` owns the database, `connector` and `dispatch` the in-process DynamoDB endpoint,
//! `embedded` puts the CRM together on it, `demo` fills it, `adapters` are the ports, `bus` is the event bus.
//! `stream` and `checkpoints` the table's change stream, `queues` the message queues, `front` the HTTP side and
//! `scheduler` the timed jobs. `state` keeps what the runtime itself has to remember, in the
//! same database file, `mailbox` has what was sent and `dev` shows it, `smtp` sends it on, and `clock` is the only place time comes from.

pub mod adapters;
pub mod bus;
mod checkpoints;
pub mod clock;
mod connector;
pub mod demo;
pub mod dev;
mod dispatch;
pub mod embedded;
pub mod front;
mod front_event;
pub mod generate;
pub mod hooks;
mod ids;
pub mod mailbox;
pub mod queues;
pub mod routes;
pub mod scheduler;
pub mod smtp;
mod state;
pub mod stream;
pub mod table;

pub use bus::LocalBus;
pub use checkpoints::{Checkpoints, TableCheckpoints};
pub use clock::{Clock, ManualClock, SystemClock};
pub use embedded::{Embedded, Parts, StartError, Storage, TABLE};
pub use front::{Front, Handler};
pub use hooks::{Fault, Hook, Operation, Turn};
pub use mailbox::Mailbox;
pub use queues::{Depth, QueueError, QueueSettings, Queues};
pub use routes::routes;
pub use scheduler::Scheduler;
pub use stream::{Batch, StreamError, StreamReader};
pub use table::{Table, TableError};
