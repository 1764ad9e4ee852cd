//! Where work logs stand, where their list reads, and how many minutes there are.

use super::{LIVE, PLAIN, children, children_plan, held_by, owned_partitions, partitions};
use crate::error::Error;
use crate::item::{CounterName, Item, Rollup, Stored, get_number, row_item};
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Plan};
use crate::table::Store;
use domain::time::Day;
use domain::work_log::WorkLog;
use domain::{CustomerId, Entity, Parent, PartyId, ProjectId, Reach, Record, Row, Scope, TaskId, UserId};

/// Everything a work log hangs under: the first is its own parent row, the others have companions.
fn parents(log: &Record<WorkLog>) -> Vec<Parent> {
    let data = &log.data;
    let customer = data.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
    [customer, data.project_id.map(Parent::Project), data.task_id.map(Parent::Task)].into_iter().flatten().collect()
}

fn sort(log: &Record<WorkLog>) -> String {
    format!("{}#{}", log.data.work_date, log.id)
}

fn month(day: Day) -> String {
    day.to_string()[..7].to_owned()
}

impl Stored for WorkLog {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, None);
        partitions.extend(parents(record).first().map(|parent| children(*parent, Self::KIND)));
        IndexKeys { partitions, sort: sort(record) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let row = |parent: &Parent| row_item(record, parent.parts().0, vec![children(*parent, Self::KIND)], sort(record));
        parents(record).iter().skip(1).map(row).collect()
    }

    /// Minutes by day, for everything it hangs under and for its user.
    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let data = &record.data;
        let mut owners: Vec<(&str, String)> = parents(record).into_iter().map(Parent::parts).collect();
        owners.push(("USER", data.user_id.to_string()));
        let rollup = |(kind, id): (&str, String)| Rollup {
            key: keys::minutes(kind, id, &month(data.work_date)),
            name: CounterName::Minutes(data.work_date),
            amount: data.minutes.get(),
            guarded: false,
        };
        owners.into_iter().map(rollup).collect()
    }
}

/// What `GET /worklogs` asks for.
#[derive(Debug, Clone, Default)]
pub struct WorkLogFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of this task.
    pub task: Option<TaskId>,
    /// Of this user.
    pub user: Option<UserId>,
    /// On this day or later.
    pub from: Option<Day>,
    /// Up to this day.
    pub to: Option<Day>,
    /// Oldest first.
    pub ascending: bool,
}

impl WorkLogFilter {
    /// The parents asked for; the narrowest comes first.
    fn parents(&self) -> Vec<Parent> {
        let customer = self.customer.map(|id| Parent::Party(PartyId::Customer(id)));
        [self.task.map(Parent::Task), self.project.map(Parent::Project), customer].into_iter().flatten().collect()
    }

    /// Whose sums tell the total of what is asked for: those of the one parent, whose logs are all shown;
    /// or those of one user between two days, where that user is inside reach, and all of the logs are.
    pub fn summed(&self, scope: &Scope) -> Option<Summed> {
        match (self.parents().as_slice(), self.user) {
            ([parent], None) => Some(Summed::Parent(*parent)),
            ([], Some(user)) if self.from.is_some() && self.to.is_some() => {
                (scope.reach() != Reach::Own || user == scope.user()).then_some(Summed::User(user))
            }
            _ => None,
        }
    }
}

/// Whose minutes are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summed {
    /// Those logged on something.
    Parent(Parent),
    /// Those somebody logged.
    User(UserId),
}

impl Filter for WorkLogFilter {
    type Entity = WorkLog;

    /// A parent's own, or those of the people inside reach.
    fn plan(&self, scope: &Scope) -> Plan {
        let parents = self.parents();
        let partitions = match parents.first() {
            Some(parent) => children_plan(*parent, WorkLog::KIND).partitions,
            None => partitions(&held_by(scope, self.user), WorkLog::KIND, LIVE, PLAIN),
        };
        Plan {
            partitions,
            ascending: self.ascending,
            from: self.from.map(|day| day.to_string()),
            // `<date>#<id>` of the last day sorts before `<date>~`.
            until: self.to.map(|day| format!("{day}~")),
            residual: parents.len() > 1 || (!parents.is_empty() && self.user.is_some()),
            ..Plan::default()
        }
    }

    fn matches(&self, log: &Row<WorkLog>) -> bool {
        let data = &log.data;
        self.user.is_none_or(|wanted| data.user_id == wanted)
            && (self.customer.is_none() || data.customer_id == self.customer)
            && (self.project.is_none() || data.project_id == self.project)
            && (self.task.is_none() || data.task_id == self.task)
    }

    fn parent(&self) -> Option<Parent> {
        self.parents().first().copied()
    }

    fn person(&self) -> Option<UserId> {
        self.user
    }
}

impl Store {
    /// The minutes logged on something or by somebody between two days, both included, from the
    /// sums of each month: twelve items a year, however many logs there are.
    pub async fn minutes(&self, of: Summed, from: Option<Day>, to: Option<Day>) -> Result<i64, Error> {
        let (kind, id) = match of {
            Summed::Parent(parent) => parent.parts(),
            Summed::User(user) => ("USER", user.to_string()),
        };
        let first = keys::minutes(kind, &id, &from.map(month).unwrap_or_default());
        let last = keys::minutes(kind, &id, &to.map_or_else(|| "~".to_owned(), month));
        let items = self.children_between(&first.pk, &first.sk, &last.sk).await?;
        let mut sum = 0;
        for item in &items {
            let month = crate::item::key_of(item).sk.trim_start_matches("MINUTES#").to_owned();
            for day in 1..=31 {
                let date = format!("{month}-{day:02}");
                let inside = from.is_none_or(|from| date >= from.to_string()) && to.is_none_or(|to| date <= to.to_string());
                sum += get_number::<i64>(item, &format!("d{day:02}")).filter(|_| inside).unwrap_or(0);
            }
        }
        Ok(sum)
    }
}
