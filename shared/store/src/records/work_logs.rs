//! Where work logs stand, where their list reads, and how many minutes there are.

use super::{LIVE, PLAIN, Parent, children_plan, owned_by, owned_partitions};
use crate::error::Error;
use crate::item::{Item, Stored, Tally, get_number, row_item};
use crate::keys::{self, IndexKeys};
use crate::list::Plan;
use crate::table::Store;
use domain::time::Day;
use domain::work_log::WorkLog;
use domain::{Entity, PartyId, Record, Scope, UserId};

/// Everything a work log hangs under: the first is its own parent row, the others have companions.
fn parents(log: &Record<WorkLog>) -> Vec<Parent> {
    let data = &log.data;
    let customer = data.customer_id.map(|id| Parent::Party(PartyId::Customer(id)));
    [customer, data.project_id.map(Parent::Project), data.task_id.map(Parent::Task)].into_iter().flatten().collect()
}

fn sort(log: &Record<WorkLog>) -> String {
    format!("{}#{}", log.data.work_date, log.id)
}

/// The counter of a day in the item of its month: `d07`.
fn counter(day: Day) -> String {
    format!("d{:02}", day.0.day())
}

fn month(day: Day) -> String {
    day.to_string()[..7].to_owned()
}

impl Stored for WorkLog {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, None);
        partitions.extend(parents(record).first().map(|parent| parent.children(Self::KIND)));
        IndexKeys { partitions, sort: sort(record) }
    }

    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let row = |parent: &Parent| row_item(record, parent.parts().0, vec![parent.children(Self::KIND)], sort(record));
        parents(record).iter().skip(1).map(row).collect()
    }

    /// Minutes by day, for everything it hangs under and for its user.
    fn tallies(record: &Record<Self>) -> Vec<Tally> {
        let data = &record.data;
        let mut owners: Vec<(&str, String)> = parents(record).into_iter().map(Parent::parts).collect();
        owners.push(("USER", data.user_id.to_string()));
        let tally = |(kind, id): (&str, String)| Tally {
            key: keys::minutes(kind, id, &month(data.work_date)),
            name: counter(data.work_date),
            amount: data.minutes,
            guarded: false,
        };
        owners.into_iter().map(tally).collect()
    }
}

/// The filters of `GET /worklogs` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct WorkLogFilter {
    /// Of this customer, project or task.
    pub parent: Option<Parent>,
    /// Of this user.
    pub user: Option<UserId>,
    /// On this day or later.
    pub from: Option<Day>,
    /// Up to this day.
    pub to: Option<Day>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl WorkLogFilter {
    /// Where the list reads: a parent's own, or those of the people inside reach.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let partitions = match self.parent {
            Some(parent) => children_plan(&[parent], WorkLog::KIND).partitions,
            None => owned_by(scope, self.user.map(Some), WorkLog::KIND, LIVE, PLAIN),
        };
        Plan {
            partitions,
            ascending: self.ascending,
            from: self.from.map(|day| day.to_string()),
            // `<date>#<id>` of the last day sorts before `<date>~`.
            until: self.to.map(|day| format!("{day}~")),
            residual: self.residual || (self.parent.is_some() && self.user.is_some()),
        }
    }
}

impl Store {
    /// The minutes logged on something or by somebody between two days, both included, from the
    /// sums of each month: twelve items a year, however many logs there are.
    pub async fn minutes(&self, owner: (&str, String), from: Option<Day>, to: Option<Day>) -> Result<i64, Error> {
        let (kind, id) = owner;
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
