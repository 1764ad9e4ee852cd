//! Where tasks stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, between, by_due, children, children_plan, held_by, owned_partitions, partitions};
use crate::error::Error;
use crate::item::{Item, Rollup, Stored, bare, put_index_keys, row_item};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Filter, Page, Paging, Plan};
use crate::table::Store;
use domain::overview::Counter;
use domain::task::{Task, TaskStatus};
use domain::{CustomerId, Entity, LeadId, Parent, PartyId, ProjectId, Record, Row, Scope, TaskId, Time, UserId};

/// Everything a task hangs under: the first is its own parent row, the others have companions.
fn parents(task: &Record<Task>) -> Vec<Parent> {
    let data = &task.data;
    let customer = data.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
    let lead = data.lead_id.map(|id| Parent::Party(PartyId::Lead(id)));
    let project = data.project_id.map(Parent::Project);
    [customer, lead, project].into_iter().flatten().collect()
}

impl Stored for Task {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, Some(record.data.status.as_str()));
        partitions.extend(parents(record).first().map(|parent| children(*parent, Self::KIND)));
        IndexKeys { partitions, sort: by_due(record.data.due_at, record.id) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let sort = by_due(record.data.due_at, record.id);
        let row = |parent: &Parent| row_item(record, parent.parts().0, vec![children(*parent, Self::KIND)], sort.clone());
        let mut items: Vec<Item> = parents(record).iter().skip(1).map(row).collect::<Result<_, _>>()?;
        if let Some(next) = record.derived.next_occurrence_at {
            let mut item = bare(&keys::recurrence(record.id), "DUE");
            let partitions = vec![(Index::Due, keys::due_on(Self::KIND, next))];
            put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(next, record.id) });
            items.push(item);
        }
        Ok(items)
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let open = record.data.status.is_open();
        let mut rollups = Vec::new();
        for parent in parents(record) {
            let (kind, id) = parent.parts();
            rollups.push(Rollup::child(kind, &id, Counter::TasksOpen, open));
            if let Parent::Project(_) = parent {
                rollups.push(Rollup::child(kind, &id, Counter::Tasks, true));
                rollups.push(Rollup::child(kind, &id, Counter::TasksDone, record.data.status == TaskStatus::Done));
            }
        }
        rollups
    }
}

impl Store {
    /// The templates that come again on the day of this moment (UTC), up to and with it, in order.
    pub async fn due_templates(&self, day: Time, until: Time, paging: Paging<'_>) -> Result<Page<TaskId>, Error> {
        self.due_up_to(keys::due_on(Task::KIND, day), until, paging).await
    }
}

/// What `GET /tasks` asks for.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of this owner.
    pub owner: Option<UserId>,
    /// Of these statuses; all of them when empty.
    pub statuses: Vec<TaskStatus>,
    /// Due between these moments.
    pub due: Option<(Option<Time>, Option<Time>)>,
    /// Latest first.
    pub descending: bool,
}

impl TaskFilter {
    /// The parents asked for; the narrowest comes first.
    fn parents(&self) -> Vec<Parent> {
        let lead = self.lead.map(|id| Parent::Party(PartyId::Lead(id)));
        let customer = self.customer.map(|id| Parent::Party(PartyId::Customer(id)));
        [self.project.map(Parent::Project), lead, customer].into_iter().flatten().collect()
    }
}

impl Filter for TaskFilter {
    type Entity = Task;

    /// A parent's own, where the other filters are residual, or those of the people inside reach.
    fn plan(&self, scope: &Scope) -> Plan {
        let of = |state: &str, by: (Index, Index, Index)| partitions(&held_by(scope, self.owner), Task::KIND, state, by);
        let parents = self.parents();
        let mut plan = match parents.first() {
            Some(parent) => {
                let residual = self.owner.is_some() || !self.statuses.is_empty() || parents.len() > 1;
                Plan { residual, ..children_plan(*parent, Task::KIND) }
            }
            None if self.statuses.is_empty() => Plan { partitions: of(LIVE, PLAIN), ..Plan::default() },
            None => Plan { partitions: self.statuses.iter().flat_map(|status| of(status.as_str(), BY_STATUS)).collect(), ..Plan::default() },
        };
        plan.ascending = !self.descending;
        between(&mut plan, self.due);
        plan
    }

    fn matches(&self, task: &Row<Task>) -> bool {
        let data = &task.data;
        self.owner.is_none_or(|wanted| data.owner_id == wanted)
            && (self.statuses.is_empty() || self.statuses.contains(&data.status))
            && (self.project.is_none() || data.project_id == self.project)
            && (self.lead.is_none() || data.lead_id == self.lead)
            && (self.customer.is_none() || data.customer_id == self.customer)
    }

    fn parent(&self) -> Option<Parent> {
        self.parents().first().copied()
    }

    fn person(&self) -> Option<UserId> {
        self.owner
    }
}
