//! The CRM's embedded runtime: everything AWS gives the deployed system, inside one process.
//!
//! `table` owns the database, `connector` and `dispatch` the in-process DynamoDB endpoint,
//! `stream` and `checkpoints` the table's change stream, `queues` the message queues, `front` the HTTP side and
//! `scheduler` the timed jobs. `state` keeps what the runtime itself has to remember, in the
//! same database file, and `clock` is the only place time comes from.

mod checkpoints;
pub mod clock;
mod connector;
mod cron;
mod dispatch;
pub mod front;
mod front_event;
pub mod hooks;
mod ids;
pub mod queues;
pub mod scheduler;
mod state;
pub mod stream;
pub mod table;

pub use checkpoints::{Checkpoints, TableCheckpoints};
pub use clock::{Clock, ManualClock, SystemClock};
pub use cron::{Expression, ExpressionError};
pub use front::{Front, Handler};
pub use hooks::{Fault, Hook, Operation};
pub use queues::{Depth, QueueError, QueueSettings, Queues};
pub use scheduler::Scheduler;
pub use stream::{Batch, StreamError, StreamReader};
pub use table::{Table, TableError};
