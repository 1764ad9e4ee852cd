//! What a body names: it has to exist and to be inside what the caller may read, else the field that
//! names it is refused.

use crate::app::App;
use crate::checks::Checks;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use crate::subject::Subject;
use domain::customer::{Customer, MAX_REFERRALS};
use domain::product::Product;
use domain::project::Project;
use domain::task::Task;
use domain::team::Team;
use domain::{Caller, CustomerId, LeadId, Parent, Party, PartyId, Permission, ProjectId, Record, Reference, Scope, TaskId};
use futures::future::try_join_all;
use store::Stored;

/// What is said of a reference that cannot be used.
pub const ABSENT: &str = "does not exist or is outside your reach";

/// A reference that cannot be used.
fn absent(field: &str) -> Error {
    Error::reference(field, ABSENT)
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

    /// Which of these references cannot be used, whatever they are for: what does not exist, and what the
    /// caller, who may read its kind, does not reach.
    pub async fn unusable<T>(&self, caller: &Caller, named: Vec<(T, Reference)>) -> Result<Vec<T>, Error> {
        let looked_up = try_join_all(named.iter().map(|(_, reference)| self.is_usable(caller, *reference))).await?;
        Ok(named.into_iter().zip(looked_up).filter(|(_, usable)| !usable).map(|((name, _), _)| name).collect())
    }

    async fn is_usable(&self, caller: &Caller, reference: Reference) -> Result<bool, Error> {
        let (parent, reading) = match reference {
            Reference::User(id) => {
                let scope = caller.scope(Permission::UsersRead).filter(|_| id != caller.id);
                let found = self.store().auth(id).await?;
                return Ok(found.is_some_and(|auth| scope.is_none_or(|scope| scope.covers_person(id, auth.team_id))));
            }
            Reference::Product(id) => return Ok(self.store().get::<Product>(id).await?.is_some_and(|product| product.data.active)),
            Reference::Team(id) => return Ok(self.store().get::<Team>(id).await?.is_some()),
            Reference::Customer(id) => (Parent::Party(PartyId::Customer(id)), Permission::CustomersRead),
            Reference::Lead(id) => (Parent::Party(PartyId::Lead(id)), Permission::LeadsRead),
            Reference::Task(id) => (Parent::Task(id), Permission::TasksRead),
            Reference::Project(id) => (Parent::Project(id), Permission::ProjectsRead),
        };
        match caller.scope(reading) {
            Some(scope) => self.reaches_parent(&scope, parent).await,
            None => Ok(true),
        }
    }

    /// The customer of a project that was reached through one of its tasks: it only says where work
    /// belongs.
    pub async fn customer_of_project(&self, id: ProjectId) -> Result<Option<CustomerId>, Error> {
        Ok(self.store().get::<Project>(id).await?.map(|project| project.data.customer_id))
    }

    /// The customer who brought another.
    pub async fn named_referrer(&self, scope: Option<&Scope>, referrer: CustomerId) -> Result<Record<Customer>, Error> {
        let found = self.store().get::<Customer>(referrer).await?;
        found.filter(|found| scope.is_some_and(|scope| found.inside(scope))).ok_or_else(|| absent("referredById"))
    }

    /// The same with all who brought the referrer, for a customer that is there already and may be among
    /// them.
    pub async fn referral(&self, scope: Option<&Scope>, referrer: CustomerId) -> Result<Referral, Error> {
        let first = self.named_referrer(scope, referrer).await?;
        self.referral_from(first).await
    }

    /// Who brought a customer, who brought that one, and so on: as far as one may go, and no further.
    async fn referral_from(&self, first: Record<Customer>) -> Result<Referral, Error> {
        let (mut chain, mut root) = (vec![first.id], first);
        while let Some(above) = root.data.referred_by_id.filter(|above| chain.len() <= MAX_REFERRALS && !chain.contains(above)) {
            let Some(next) = self.store().get_latest::<Customer>(above).await? else { break };
            chain.push(above);
            root = next;
        }
        Ok(Referral { chain, root })
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
    /// the customer of the project. All that is wrong is noted; what is no wrong field goes first.
    pub async fn named_parents(
        &self,
        checks: &mut Checks,
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
        let project = checks.of(project)?.flatten();
        let implied = project.is_some_and(|(_, of_project)| customer.0 == Some(of_project));
        let named = if implied { None } else { checks.of(named)?.flatten() };
        let lead = checks.of(lead)?.flatten();
        Ok(Parents { parties: named.into_iter().chain(lead).collect(), project })
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

/// Who brought whom, above a customer that is to be somebody's referrer.
#[derive(Debug, Clone)]
pub struct Referral {
    /// The referrer, who brought the referrer, and so on.
    pub chain: Vec<CustomerId>,
    /// The last of them, whom nobody brought. While nobody did, the chain is whole: what is set stays.
    pub(crate) root: Record<Customer>,
}

impl Subject for Referral {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        match self.chain.first() {
            Some(first) => app.referral_from(app.store().get_latest::<Customer>(*first).await?.ok_or_else(|| absent("referredById"))?).await,
            None => Ok(self.clone()),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.chain == other.chain && self.root.rev == other.root.rev
    }
}

/// An id that a body may name, and what the caller may read of its kind.
pub type Named<'a, T> = (Option<T>, Option<&'a Scope>);
