//! Where projects stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, children, children_plan, owned_by, owned_keys, owned_partitions, prefix};
use crate::error::Error;
use crate::item::{Item, Rollup, Stored, row_item};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Filter, Plan};
use crate::search::Searchable;
use domain::overview::Counter;
use domain::project::{Project, ProjectStatus};
use domain::search::{Search, record_words};
use domain::{CustomerId, Entity, Parent, PartyId, Reach, Record, Row, Scope, UserId};

impl Stored for Project {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut keys = owned_keys(record, LIVE, None);
        keys.partitions = owned_partitions(record, LIVE, Some(record.data.status.as_str()));
        keys.partitions.push(children(customer(record), Self::KIND));
        keys
    }

    /// A row for each member.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let sort = keys::by_time(record.created_at, record.id);
        let row = |member: &UserId| {
            let of = |status: Option<&str>| keys::of_owner(Some(*member), Self::KIND, &keys::shared_state(status));
            let partitions = vec![(Index::Owner, of(None)), (Index::OwnerStatus, of(Some(record.data.status.as_str())))];
            row_item(record, &format!("MEMBER#{member}"), partitions, sort.clone())
        };
        record.data.member_ids.iter().map(row).collect()
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        vec![Rollup::child("CUSTOMER", record.data.customer_id, Counter::Projects, true)]
    }
}

fn customer(project: &Record<Project>) -> Parent {
    Parent::Party(PartyId::Customer(project.data.customer_id))
}

impl Searchable for Project {
    const POOLED: bool = false;

    fn words(row: &Row<Self>) -> Vec<String> {
        record_words([row.data.name.as_str()])
    }

    fn state(_: &Row<Self>) -> &'static str {
        LIVE
    }

    fn sharers(row: &Row<Self>) -> Vec<UserId> {
        row.data.member_ids.iter().copied().filter(|member| *member != row.data.owner_id).collect()
    }
}

/// What `GET /projects` asks for.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// For this customer.
    pub customer: Option<CustomerId>,
    /// Of this status.
    pub status: Option<ProjectStatus>,
    /// Of this owner.
    pub owner: Option<UserId>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for ProjectFilter {
    type Entity = Project;
    const SHARED: bool = true;

    /// Those inside reach, and those one is a member of.
    fn plan(&self, scope: &Scope) -> Plan {
        if let Some(customer) = self.customer {
            let plan = children_plan(Parent::Party(PartyId::Customer(customer)), Project::KIND);
            let residual = self.status.is_some() || self.owner.is_some() || self.search.is_some();
            return Plan { ascending: self.ascending, residual, ..plan };
        }
        let mut plan = Plan { ascending: self.ascending, ..Plan::default() };
        let (state, by) = match (&self.search, self.status) {
            (Some(search), _) => {
                prefix(&mut plan, &search.prefix);
                plan.residual = true;
                (keys::search_state(LIVE, &search.prefix), PLAIN)
            }
            (None, Some(status)) => (status.as_str().to_owned(), BY_STATUS),
            (None, None) => (LIVE.to_owned(), PLAIN),
        };
        let shared = match &self.search {
            Some(_) => (Index::Owner, keys::of_owner(Some(scope.user()), Project::KIND, &state)),
            None => (by.0, keys::of_owner(Some(scope.user()), Project::KIND, &keys::shared_state(self.status.map(ProjectStatus::as_str)))),
        };
        let of_others = self.owner.is_some_and(|owner| scope.reach() == Reach::Own && owner != scope.user());
        plan.partitions = owned_by(scope, self.owner.map(Some), Project::KIND, &state, by);
        plan.residual |= of_others;
        if of_others || (self.owner.is_none() && scope.reach() != Reach::All && !plan.partitions.contains(&shared)) {
            plan.partitions.push(shared);
        }
        plan
    }

    fn matches(&self, project: &Row<Project>) -> bool {
        let data = &project.data;
        let found = |search: &Search| search.shown_at(&record_words([data.name.as_str()])).is_some();
        self.customer.is_none_or(|wanted| data.customer_id == wanted)
            && self.status.is_none_or(|wanted| data.status == wanted)
            && self.owner.is_none_or(|wanted| data.owner_id == wanted)
            && self.search.as_ref().is_none_or(found)
    }

    fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    fn parent(&self) -> Option<Parent> {
        self.customer.map(|id| Parent::Party(PartyId::Customer(id)))
    }

    fn person(&self) -> Option<UserId> {
        self.owner
    }
}
