//! Seeded runs of random calls against plain models: what the CRM answers has to be what the model
//! predicts.
//!
//! A resource of the model is a file (or folder) with its rules and its calls, and one line in
//! `registry`. `world` is the state, `forms` make up calls, `system` is the CRM that is called,
//! `random_calls` sets one against the other. What orders and promotions come to has models of its own.

mod activities;
mod below;
mod calendar;
mod call;
mod customers;
mod duplicates;
mod expected;
mod follow_ups;
mod forms;
mod leads;
mod orders;
mod promotions;
mod random_calls;
mod registry;
mod system;
mod tasks;
mod world;
