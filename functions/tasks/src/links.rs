//! What a task hangs under.

use domain::{CustomerId, LeadId, Permission, ProjectId};
use edge::application::{Checks, Parents};
use edge::{Authorized, Context, Rejection};

/// What a task is to hang under: each has to exist and to be inside what the caller may read, but for the
/// customer of the project; a lead must not be converted. All that is wrong is noted.
pub(crate) async fn named<P, Q>(
    context: &Context<Authorized, P, Q>,
    checks: &mut Checks,
    customer: Option<CustomerId>,
    lead: Option<LeadId>,
    project: Option<ProjectId>,
) -> Result<Parents, Rejection> {
    let readable = [Permission::CustomersRead, Permission::LeadsRead, Permission::ProjectsRead].map(|permission| context.scope_of(permission));
    let [customers, leads, projects] = readable.each_ref().map(Option::as_ref);
    Ok(context.app.named_parents(checks, (customer, customers), (lead, leads), (project, projects)).await?)
}
