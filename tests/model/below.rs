//! What hangs below leads and customers: the parents that calls name, who reaches it through them,
//! and when it is due.

use crate::model::calendar::later;
use crate::model::call::Call;
use crate::model::customers;
use crate::model::expected::Expected;
use crate::model::forms::{Form, day, one_of, paged, reference, somebody};
use crate::model::leads;
use crate::model::world::{Right, TODAY, World, covers};
use proptest::prelude::*;

/// A lead that a body names: inside reach, and not converted.
pub fn check_lead(world: &World, who: &str, right: Right, id: &str) -> Result<(), Expected> {
    if !leads::sees(world, who, right, id) {
        return Err(Expected::wrong(&["/leadId"]));
    }
    leads::check_unconverted(&world.records.leads[id])
}

/// Whether a lead or customer of a record is inside: then it can be read.
fn sees_parent(world: &World, who: &str, right: Right, lead: Option<&String>, customer: Option<&String>) -> bool {
    customer.is_some_and(|id| customers::sees(world, who, right, id)) || lead.is_some_and(|id| leads::sees(world, who, right, id))
}

/// Whether the caller may change a lead or customer of a record, or works with it in the pool: then the record
/// can be changed.
fn changes_parent(world: &World, who: &str, right: Right, lead: Option<&String>, customer: Option<&String>) -> bool {
    let changes_customer = |id: &String| {
        let pooled = world.records.customers.get(id).is_some_and(|customer| customer.owner.is_none());
        (pooled && customers::sees(world, who, right, id)) || customers::sees(world, who, customers::UPDATE, id)
    };
    let changes_lead = |id: &String| match world.records.leads.get(id).and_then(|lead| lead.customer.as_ref()) {
        Some(customer) => changes_customer(customer),
        None => leads::sees(world, who, leads::UPDATE, id),
    };
    customer.is_some_and(changes_customer) || lead.is_some_and(changes_lead)
}

/// Who has something to do, and on what: reach goes by these.
pub struct Work<'a> {
    pub person: &'a str,
    pub lead: Option<&'a String>,
    pub customer: Option<&'a String>,
}

impl Work<'_> {
    /// Whether it can be read: by its person, or through its lead or customer.
    pub fn is_seen(&self, world: &World, who: &str, right: Right) -> bool {
        covers(who, right, Some(self.person)) || sees_parent(world, who, right, self.lead, self.customer)
    }

    /// Refuses who may not change it.
    pub fn check_changeable(&self, world: &World, who: &str, right: Right) -> Result<(), Expected> {
        if covers(who, right, Some(self.person)) || changes_parent(world, who, right, self.lead, self.customer) {
            return Ok(());
        }
        Err(Expected::unreached(self.is_seen(world, who, right)))
    }
}

/// Whether something due then is inside a `due` filter.
pub fn is_due(due: Option<&str>, filter: Option<&str>) -> bool {
    let Some(filter) = filter else { return true };
    let Some(date) = due.map(|due| &due[..10]) else { return false };
    match filter.split_once(':') {
        None if filter == "overdue" => date < TODAY,
        None if filter == "today" => date == TODAY,
        None => date >= TODAY && date <= later(TODAY, 7).as_str(),
        Some(("before", day)) => date < day,
        Some((_, day)) => date > day,
    }
}

/// Whether it was due before today.
pub fn is_overdue(due: &str) -> bool {
    &due[..10] < TODAY
}

/// Whether a `due` filter is a word, which asks for what is open.
pub fn is_word(due: Option<&str>) -> bool {
    due.is_some_and(|due| !due.contains(':'))
}

/// Whose records the list is about, where it says so.
pub fn is_of(call: &Call, name: &str, owner: &str) -> bool {
    match call.asked(name) {
        None => true,
        Some("me") => owner == call.who,
        Some(wanted) => owner == wanted,
    }
}

/// Names a lead or a customer, seldom both.
pub fn parent(world: &World) -> BoxedStrategy<Vec<(&'static str, String)>> {
    let lead = || reference(world, world.records.leads.keys().cloned()).prop_map(|id| ("leadId", id));
    let customer = || reference(world, world.records.customers.keys().cloned()).prop_map(|id| ("customerId", id));
    prop_oneof![7 => lead().prop_map(|lead| vec![lead]), 4 => customer().prop_map(|customer| vec![customer]), 1 => (lead(), customer()).prop_map(|(lead, customer)| vec![lead, customer])]
        .boxed()
}

/// The same as fields of a body, present so often.
pub fn with_parent(form: Form, world: &World, chance: f64) -> Form {
    let parent = proptest::option::weighted(chance, parent(world));
    form.fields(parent.prop_map(|parent| parent.into_iter().flatten().map(|(name, id)| (name, id.into())).collect()))
}

/// The form of a list of what is due.
pub fn due_list(world: &World, person: &'static str, statuses: &'static [&'static str]) -> Form {
    let due = prop_oneof![
        3 => one_of(&["overdue", "today", "soon"]).prop_map(str::to_owned),
        1 => day().prop_map(|day| format!("before:{day}")),
        1 => day().prop_map(|day| format!("after:{day}")),
    ];
    let parent = proptest::option::weighted(0.33, parent(world)).prop_map(|parent| parent.unwrap_or_default());
    let form = Form::new().queries(parent).query(0.33, person, prop_oneof![Just("me"), somebody()]);
    let form = form.query(0.33, "status", one_of(statuses)).query(0.5, "due", due);
    paged(form.query(0.33, "sort", one_of(&["dueAt", "-dueAt"]))).spoilt_query("due")
}
