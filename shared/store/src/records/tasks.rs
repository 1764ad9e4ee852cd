//! Where tasks stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, Parent, between, by_due, children_plan, owned_by, owned_partitions};
use crate::error::Error;
use crate::item::{Item, Stored, Tally, bare, get_text, put_index_keys, row_item};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Page, Paging, Plan};
use crate::table::Store;
use domain::input::TextValue;
use domain::task::{Task, TaskStatus};
use domain::{Entity, PartyId, Record, Scope, TaskId, Time, UserId};

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
        partitions.extend(parents(record).first().map(|parent| parent.children(Self::KIND)));
        IndexKeys { partitions, sort: by_due(record.data.due_at, record.id) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let sort = by_due(record.data.due_at, record.id);
        let row = |parent: &Parent| row_item(record, parent.parts().0, vec![parent.children(Self::KIND)], sort.clone());
        let mut items: Vec<Item> = parents(record).iter().skip(1).map(row).collect::<Result<_, _>>()?;
        if let Some(next) = record.kept.next_occurrence_at {
            let mut item = bare(&keys::recurrence(record.id), "DUE");
            let partitions = vec![(Index::Due, keys::due_on(Self::KIND, next))];
            put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(next, record.id) });
            items.push(item);
        }
        Ok(items)
    }

    fn tallies(record: &Record<Self>) -> Vec<Tally> {
        let open = record.data.status.is_open();
        let mut tallies = Vec::new();
        for parent in parents(record) {
            let (kind, id) = parent.parts();
            tallies.push(Tally::child(kind, &id, "tasksOpen", open));
            if let Parent::Project(_) = parent {
                tallies.push(Tally::child(kind, &id, "tasks", true));
                tallies.push(Tally::child(kind, &id, "tasksDone", record.data.status == TaskStatus::Done));
            }
        }
        tallies
    }
}

impl Store {
    /// The templates that come again on the day of this moment (UTC), up to and with it, in order.
    pub async fn due_templates(&self, day: Time, until: Time, paging: Paging<'_>) -> Result<Page<TaskId>, Error> {
        let plan = Plan {
            partitions: vec![(Index::Due, keys::due_on(Task::KIND, day))],
            ascending: true,
            // `<time>#<id>` of that very moment sorts before `<time>~`.
            until: Some(format!("{until}~")),
            ..Plan::default()
        };
        let id = |item: &Item| get_text(item, "pk").and_then(|pk| pk.split_once('#')).and_then(|(_, id)| TaskId::read(id).ok());
        self.pick(&plan, paging, |item| Ok(id(item))).await
    }
}

/// The filters of `GET /tasks` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Of this customer, lead or project.
    pub parent: Option<Parent>,
    /// Of this owner.
    pub owner: Option<UserId>,
    /// Of these statuses; all of them when empty.
    pub statuses: Vec<TaskStatus>,
    /// Due between these moments.
    pub due: Option<(Option<Time>, Option<Time>)>,
    /// Latest first.
    pub descending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl TaskFilter {
    /// Where the list reads: a parent's own, where the other filters are residual, or those of the
    /// people inside reach.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let of = |state: &str, by: (Index, Index, Index)| owned_by(scope, self.owner.map(Some), Task::KIND, state, by);
        let mut plan = match self.parent {
            Some(parent) => Plan { residual: self.owner.is_some() || !self.statuses.is_empty(), ..children_plan(&[parent], Task::KIND) },
            None if self.statuses.is_empty() => Plan { partitions: of(LIVE, PLAIN), ..Plan::default() },
            None => Plan { partitions: self.statuses.iter().flat_map(|status| of(status.as_str(), BY_STATUS)).collect(), ..Plan::default() },
        };
        plan.residual |= self.residual;
        plan.ascending = !self.descending;
        between(&mut plan, self.due);
        plan
    }
}
