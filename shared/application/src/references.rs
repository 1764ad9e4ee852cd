//! What a body names: it has to exist and to be inside what the caller may read, else the field that
//! names it is refused.

use crate::app::App;
use crate::error::Error;
use crate::reach::Purpose;
use domain::customer::Customer;
use domain::project::Project;
use domain::task::Task;
use domain::{CustomerId, FieldFault, LeadId, Party, PartyId, ProjectId, Record, Refused, Row, Scope, TaskId};
use store::Stored;

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
        self.named::<Project>(scope, id, "projectId").await
    }

    /// The task that a body names.
    pub async fn named_task(&self, scope: Option<&Scope>, id: TaskId) -> Result<Record<Task>, Error> {
        self.named::<Task>(scope, id, "taskId").await
    }

    /// What a body names, if the caller could open its page.
    async fn named<E: Stored>(&self, scope: Option<&Scope>, id: E::Id, field: &str) -> Result<Record<E>, Error> {
        let scope = scope.ok_or_else(|| absent(field))?;
        match self.reach::<E>(scope, id, Purpose::Read).await {
            Err(Error::NotFound) => Err(absent(field)),
            found => Ok(found?.into_record()),
        }
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

    /// What something is to hang under: each has to exist and to be inside what the caller may read. All
    /// that is wrong is named at once; what is no wrong field goes first.
    pub async fn named_parents(
        &self,
        customer: Named<'_, CustomerId>,
        lead: Named<'_, LeadId>,
        project: Named<'_, ProjectId>,
    ) -> Result<Vec<Party>, Error> {
        let party = async |id: Option<PartyId>, scope: Option<&Scope>| match id {
            Some(id) => self.named_party(scope, id).await.map(Some),
            None => Ok(None),
        };
        let in_project = async {
            match project.0 {
                Some(id) => self.named_project(project.1, id).await.map(|_| None),
                None => Ok(None),
            }
        };
        let (customer, lead, project) =
            tokio::join!(party(customer.0.map(PartyId::Customer), customer.1), party(lead.0.map(PartyId::Lead), lead.1), in_project);
        let (mut parties, mut faults): (Vec<Party>, Vec<FieldFault>) = (Vec::new(), Vec::new());
        for checked in [customer, lead, project] {
            match checked {
                Ok(party) => parties.extend(party),
                Err(Error::Refused(Refused::Fields(wrong))) => faults.extend(wrong),
                Err(error) => return Err(error),
            }
        }
        Refused::any(faults)?;
        Ok(parties)
    }
}

/// An id that a body may name, and what the caller may read of its kind.
pub type Named<'a, T> = (Option<T>, Option<&'a Scope>);
