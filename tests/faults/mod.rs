//! What happens when things go wrong: faults are put between the CRM and its table, messages come
//! twice, late or spoilt, and workers die.

mod alarms;
mod background;
mod changes;
mod dead_letters;
mod dev_events;
mod given_up;
mod long;
mod mails;
mod messages;
mod races;
mod ready;
mod relay;
mod requests;
mod seeds;
mod selling;
mod steps;
mod throttled;
mod trace;
mod turns;

use local::{Fault, Operation, Table};
use std::sync::{Arc, Mutex};

/// Decides on an operation: let it through, or let it fail.
type Rule = Box<dyn FnMut(&Operation) -> Result<(), Fault> + Send>;

/// Where faults are put in.
#[derive(Default)]
pub struct Faults {
    before: Mutex<Option<Rule>>,
    after: Mutex<Option<Rule>>,
}

fn ask(rule: &Mutex<Option<Rule>>, operation: &Operation) -> Result<(), Fault> {
    // What the embedded run does for itself (no role) is not a function's.
    match (&mut *rule.lock().expect("lock"), operation.role) {
        (Some(rule), Some(_)) => rule(operation),
        _ => Ok(()),
    }
}

impl Faults {
    /// A table in memory that fails as this decides.
    pub fn table() -> (Table, Arc<Self>) {
        let faults = Arc::new(Self::default());
        let (before, after) = (faults.clone(), faults.clone());
        let table = Table::memory().expect("memory");
        let table = table.with_observer(Arc::new(move |operation| ask(&before.before, operation)));
        (table.with_after(Arc::new(move |operation| ask(&after.after, operation))), faults)
    }

    /// Fails operations before they are carried out.
    pub fn before(&self, rule: impl FnMut(&Operation) -> Result<(), Fault> + Send + 'static) {
        *self.before.lock().expect("lock") = Some(Box::new(rule));
    }

    /// Fails operations after they were carried out.
    pub fn after(&self, rule: impl FnMut(&Operation) -> Result<(), Fault> + Send + 'static) {
        *self.after.lock().expect("lock") = Some(Box::new(rule));
    }

    /// No more faults.
    pub fn none(&self) {
        *self.before.lock().expect("lock") = None;
        *self.after.lock().expect("lock") = None;
    }
}

/// A transaction cancelled because another one was at the same items.
pub fn conflict(operation: &Operation) -> Fault {
    let actions = operation.request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec!["None".to_owned(); actions];
    reasons[0] = "TransactionConflict".into();
    Fault::Cancelled { reasons }
}
