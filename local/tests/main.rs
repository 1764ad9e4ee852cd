//! Every test of the embedded CRM's parts but those of the front.

mod queues;
mod scheduler;
mod stream;
mod support;
mod table;
