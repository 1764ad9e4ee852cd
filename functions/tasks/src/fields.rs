//! The fields of a task that create and update share, and the checks of what they name.

use api::{Problem, Scoped, Seen, Stop};
use domain::input::Int;
use domain::recurrence::{MAX_EVERY, Recurrence, RecurrenceUnit};
use domain::time::Day;
use domain::{CustomerId, LeadId, PartyId, Permission, ProjectId};

domain::body! {
    /// How a task comes again: every so many days, weeks or months, counted from its due date.
    pub struct RecurrenceIn {
        pub every: Int<1, MAX_EVERY>,
        pub unit: RecurrenceUnit,
        /// The last day on which it may come.
        pub until: Option<Day>,
    }
}

impl From<&RecurrenceIn> for Recurrence {
    fn from(rule: &RecurrenceIn) -> Self {
        Self { every: rule.every.0, unit: rule.unit, until: rule.until }
    }
}

/// What a task is to hang under: each has to exist and to be inside what the caller may read; a lead
/// must not be converted. All that is wrong is named at once.
pub(crate) async fn check_links<P: Clone, Q>(
    seen: &Seen<Scoped, P, Q>,
    customer: Option<CustomerId>,
    lead: Option<LeadId>,
    project: Option<ProjectId>,
) -> Result<(), Stop> {
    let scope = |permission: Permission| seen.who.signed.caller.scope(permission);
    let party = async |id: Option<PartyId>, permission: Permission| match (id, scope(permission)) {
        (None, _) => Ok(()),
        (Some(id), Some(scope)) => seen.named_party(id, &scope).await.map(|_| ()),
        (Some(id), None) => Err(Problem::field(id.pointer(), "reference", "does not exist or is outside your reach").into()),
    };
    let in_project = async {
        match project {
            Some(id) => seen.named_project(id, scope(Permission::ProjectsRead).as_ref()).await.map(|_| ()),
            None => Ok(()),
        }
    };
    let (customer, lead, project) = tokio::join!(
        party(customer.map(PartyId::Customer), Permission::CustomersRead),
        party(lead.map(PartyId::Lead), Permission::LeadsRead),
        in_project
    );
    all_of([customer, lead, project])
}

/// One problem with every wrong field; what is no wrong field goes first.
fn all_of(checks: [Result<(), Stop>; 3]) -> Result<(), Stop> {
    let mut wrong = Vec::new();
    for check in checks {
        match check {
            Ok(()) => {}
            Err(Stop::Problem(problem)) if !problem.errors.is_empty() => wrong.extend(problem.errors),
            Err(stop) => return Err(stop),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::fields(wrong).into()) }
}
