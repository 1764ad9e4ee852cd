//! What a body names: it has to exist and to be inside what the caller may read, else the field that
//! names it is refused.

use crate::app::App;
use crate::error::Error;
use crate::reach::Reached;
use domain::customer::Customer;
use domain::project::Project;
use domain::task::Task;
use domain::{CustomerId, FieldFault, LeadId, Party, PartyId, ProjectId, Record, Refused, Row, Scope, TaskId};

/// A reference that cannot be used.
fn absent(field: &str) -> Error {
    Error::reference(field, "does not exist or is outside your reach")
}

impl App {
    /// The lead or customer that a body names. A lead that was converted takes nothing more.
    pub async fn named_party(&self, scope: Option<&Scope>, id: PartyId) -> Result<Party, Error> {
        let party = self.party(id).await?.filter(|party| scope.is_some_and(|scope| party.inside(scope)));
        let party = party.ok_or_else(|| absent(id.field()))?;
        party.check_open()?;
        Ok(party)
    }

    /// The project that a body names.
    pub async fn named_project(&self, scope: Option<&Scope>, id: ProjectId) -> Result<Record<Project>, Error> {
        let found = self.store().get::<Project>(id).await?;
        found.filter(|project| scope.is_some_and(|scope| project.inside(scope))).ok_or_else(|| absent("projectId"))
    }

    /// The task that a body names, inside reach by itself, its customer or its lead.
    pub async fn named_task(&self, scope: Option<&Scope>, id: TaskId) -> Result<Record<Task>, Error> {
        let refused = || absent("taskId");
        let (task, scope) = self.store().get::<Task>(id).await?.zip(scope).ok_or_else(refused)?;
        if task.inside(scope) {
            return Ok(task);
        }
        for party in task.parties() {
            if self.party(party).await?.is_some_and(|party| party.inside(scope)) {
                return Ok(task);
            }
        }
        Err(refused())
    }

    /// The customer of a project that was reached through one of its tasks: it only says where work
    /// belongs.
    pub async fn customer_of_project(&self, id: ProjectId) -> Result<Option<CustomerId>, Error> {
        Ok(self.store().get::<Project>(id).await?.map(|project| project.data.customer_id))
    }

    /// The customer who brought another: inside reach, and no circle of two.
    pub async fn check_referrer(&self, scope: Option<&Scope>, customer: Option<CustomerId>, referrer: CustomerId) -> Result<(), Error> {
        let found = if customer == Some(referrer) { None } else { self.store().get::<Customer>(referrer).await? };
        let found: Option<Row<Customer>> = found.filter(|found| scope.is_some_and(|scope| found.inside(scope))).map(|found| found.row);
        if customer == Some(referrer) {
            return Err(Error::reference("referredById", "cannot be the customer itself"));
        }
        Ok(domain::customer::check_referrer(customer, found.as_ref())?)
    }

    /// The lead of a task that was reached, as it is now: whoever opens the task again has to know whether
    /// the lead was converted.
    pub async fn lead_of(&self, task: &Reached<Task>) -> Result<Option<Party>, Error> {
        match task.data.lead_id {
            Some(lead) => Ok(self.party(PartyId::Lead(lead)).await?),
            None => Ok(None),
        }
    }

    /// What a task is to hang under: each has to exist and to be inside what the caller may read, but for
    /// the customer of the project. All that is wrong is named at once; what is no wrong field goes first.
    pub async fn named_parents(
        &self,
        customer: Named<'_, CustomerId>,
        lead: Named<'_, LeadId>,
        project: Named<'_, ProjectId>,
    ) -> Result<Parents, Error> {
        let party = async |id: Option<PartyId>, scope: Option<&Scope>| match id {
            Some(id) => self.named_party(scope, id).await.map(Some),
            None => Ok(None),
        };
        let in_project = async {
            match project.0 {
                Some(id) => self.named_project(project.1, id).await.map(|project| Some((id, project.data.customer_id))),
                None => Ok(None),
            }
        };
        let (named, lead, project) =
            tokio::join!(party(customer.0.map(PartyId::Customer), customer.1), party(lead.0.map(PartyId::Lead), lead.1), in_project);
        let mut faults: Vec<FieldFault> = Vec::new();
        let project = gather(project, &mut faults)?.flatten();
        let implied = project.is_some_and(|(_, of_project)| customer.0 == Some(of_project));
        let named = if implied { None } else { gather(named, &mut faults)?.flatten() };
        let lead = gather(lead, &mut faults)?.flatten();
        Refused::any(faults)?;
        Ok(Parents { parties: named.into_iter().chain(lead).collect(), project })
    }
}

/// The outcome of a check, or its wrong fields added to the others.
fn gather<T>(checked: Result<T, Error>, faults: &mut Vec<FieldFault>) -> Result<Option<T>, Error> {
    match checked {
        Ok(found) => Ok(Some(found)),
        Err(Error::Refused(Refused::Fields(wrong))) => {
            faults.extend(wrong);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What a task is to hang under.
#[derive(Debug, Clone, Default)]
pub struct Parents {
    /// The customer and the lead that were named.
    pub parties: Vec<Party>,
    /// The project with its customer.
    pub project: Option<(ProjectId, CustomerId)>,
}

/// An id that a body may name, and what the caller may read of its kind.
pub type Named<'a, T> = (Option<T>, Option<&'a Scope>);
