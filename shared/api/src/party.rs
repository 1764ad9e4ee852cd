//! Leads and customers as the parents of activities, follow-ups and tasks: what is about them is
//! reached through them.

use crate::call::{Scoped, Seen};
use crate::problem::{Problem, Stop};
use domain::activity::About;
use domain::customer::Customer;
use domain::lead::Lead;
use domain::project::Project;
use domain::task::Task;
use domain::{Entity, PartyId, ProjectId, Record, Scope, TaskId, TeamId, UserId};
use store::{Parent, Store};

/// A lead or a customer as it is now. A lead that was converted comes with the customer it became,
/// through which it is reached.
#[derive(Debug, Clone)]
pub struct Party {
    /// Which it is.
    pub id: PartyId,
    /// The lead, if it is one.
    pub lead: Option<Record<Lead>>,
    /// The customer, if it is one or became one.
    pub customer: Option<Record<Customer>>,
}

impl Party {
    /// Reads it; `None` when there is none.
    pub async fn find(store: &Store, id: PartyId) -> Result<Option<Self>, store::Error> {
        match id {
            PartyId::Customer(customer) => {
                Ok(store.get::<Customer>(customer).await?.map(|customer| Self { id, lead: None, customer: Some(customer) }))
            }
            PartyId::Lead(lead) => match store.get::<Lead>(lead).await? {
                Some(lead) => Self::of_lead(store, lead).await.map(Some),
                None => Ok(None),
            },
        }
    }

    /// A lead that was read, with the customer it became.
    pub async fn of_lead(store: &Store, lead: Record<Lead>) -> Result<Self, store::Error> {
        let customer = match lead.data.converted_customer_id {
            Some(customer) => store.get::<Customer>(customer).await?,
            None => None,
        };
        Ok(Self { id: PartyId::Lead(lead.id), lead: Some(lead), customer })
    }

    /// Whose it is.
    pub fn owner(&self) -> Option<UserId> {
        self.customer.as_ref().map_or_else(|| self.lead.as_ref().and_then(Lead::owner), Customer::owner)
    }

    /// Which team's it is.
    pub fn team(&self) -> Option<TeamId> {
        self.customer.as_ref().map_or_else(|| self.lead.as_ref().and_then(Lead::team), Customer::team)
    }

    /// The name of who owns it.
    pub fn owner_name(&self) -> Option<&str> {
        match (&self.customer, &self.lead) {
            (Some(customer), _) => customer.kept.owner_name.as_deref(),
            (None, Some(lead)) => lead.kept.owner_name.as_deref(),
            (None, None) => None,
        }
    }

    /// Whether it is inside a scope.
    pub fn inside(&self, scope: &Scope) -> bool {
        scope.covers(self.owner(), self.team())
    }

    /// As the events of its activities need it.
    pub fn about(&self) -> About {
        let label = self.lead.as_ref().map(Lead::label).or(self.customer.as_ref().map(Customer::label)).unwrap_or_default();
        About { label, owner: self.owner(), team: self.team() }
    }

    /// Refuses what would change a lead that was converted.
    pub fn check_open(&self) -> Result<(), Problem> {
        match &self.lead {
            Some(lead) if lead.data.converted_customer_id.is_some() => Err(Problem::converted(lead.data.converted_customer_id)),
            _ => Ok(()),
        }
    }
}

impl<P: Clone, Q> Seen<Scoped, P, Q> {
    /// The lead or customer, if it exists and is inside reach; else 404.
    pub async fn party(&self, id: PartyId) -> Result<Party, Stop> {
        let party = Party::find(&self.app.store, id).await?;
        party.filter(|party| party.inside(&self.who.scope)).ok_or_else(|| Problem::not_found().into())
    }

    /// The lead or customer that a body names: 422 where it is absent or outside reach, 409 where it
    /// is a lead that was converted.
    pub async fn named_party(&self, id: PartyId, scope: &Scope) -> Result<Party, Stop> {
        let party = Party::find(&self.app.store, id).await?.filter(|party| party.inside(scope));
        let party = party.ok_or_else(|| Problem::field(id.pointer(), "reference", "does not exist or is outside your reach"))?;
        party.check_open()?;
        Ok(party)
    }

    /// Whether one of the leads and customers of a child record is inside reach.
    pub async fn reaches_any(&self, parties: impl IntoIterator<Item = PartyId>) -> Result<bool, Stop> {
        for id in parties {
            if Party::find(&self.app.store, id).await?.is_some_and(|party| party.inside(&self.who.scope)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets a list of a parent's children go on only where the parent is inside reach; else 404.
    pub async fn parent(&self, parent: Parent) -> Result<(), Stop> {
        let inside = match parent {
            Parent::Party(id) => return self.party(id).await.map(|_| ()),
            Parent::Project(id) => self.app.store.get::<Project>(id).await?.is_some_and(|project| project.inside(&self.who.scope)),
            Parent::Task(id) => match self.app.store.get::<Task>(id).await? {
                Some(task) => task.inside(&self.who.scope) || self.reaches_any(parties_of(&task)).await?,
                None => false,
            },
        };
        if inside { Ok(()) } else { Err(Problem::not_found().into()) }
    }

    /// The project that a body names, if it exists and is inside the scope; else 422.
    pub async fn named_project(&self, id: ProjectId, scope: Option<&Scope>) -> Result<Record<Project>, Stop> {
        let found = self.app.store.get::<Project>(id).await?;
        let found = found.filter(|project| scope.is_some_and(|scope| project.inside(scope)));
        found.ok_or_else(|| Problem::field("/projectId", "reference", "does not exist or is outside your reach").into())
    }

    /// The task that a body names, if it exists and the task, its customer or its lead is inside the
    /// scope; else 422.
    pub async fn named_task(&self, id: TaskId, scope: Option<&Scope>) -> Result<Record<Task>, Stop> {
        let refused = || Stop::from(Problem::field("/taskId", "reference", "does not exist or is outside your reach"));
        let (task, scope) = self.app.store.get::<Task>(id).await?.zip(scope).ok_or_else(refused)?;
        if task.inside(scope) {
            return Ok(task);
        }
        for party in parties_of(&task) {
            if Party::find(&self.app.store, party).await?.is_some_and(|party| party.inside(scope)) {
                return Ok(task);
            }
        }
        Err(refused())
    }
}

/// The leads and customers through which a task can be read.
pub fn parties_of(task: &Record<Task>) -> Vec<PartyId> {
    [task.data.customer_id.map(PartyId::Customer), task.data.lead_id.map(PartyId::Lead)].into_iter().flatten().collect()
}
