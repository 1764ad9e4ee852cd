//! Figures: what dashboards show, and what each record adds to them.
//!
//! Owns: which figures there are, of whom, and what a record as it is now adds to which. Does not own: where they are
//! kept and how they are moved. A further kind of record joins by one more [`Figured`].
//!
//! What depends on the time is kept by day in the deployment's zone and summed when it is read, so that something becomes
//! overdue at midnight without a write. The zone is fixed for a deployment; under another one every record adds to other days, which a
//! recount with repair puts right.

use crate::activity::Activity;
use crate::customer::{Customer, Engagement, LevelCode};
use crate::follow_up::FollowUp;
use crate::id::{TeamId, UserId};
use crate::lead::{Lead, LeadStatus};
use crate::order::Order;
use crate::record::{Entity, Row};
use crate::task::Task;
use crate::time::{Day, Time};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// How many days of new leads a dashboard shows, today included.
pub const LEAD_DAYS: i64 = 14;
/// Over how many days communications are summed, today included.
pub const COMMUNICATION_DAYS: i64 = 7;
/// Over how many days orders are counted and their totals summed, today included.
pub const ORDER_DAYS: i64 = 30;
/// How many owners are shown with the most active customers.
pub const TOP_REPS: usize = 5;

/// Whose figures they are. The company's are those of all teams and of what has no team, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// A team's; `None` is what has no team: the pool, and what belongs to people without a team.
    Team(Option<TeamId>),
    /// A person's.
    User(UserId),
}

crate::choice! {
    /// What is counted by day.
    pub enum Daily {
        /// Open tasks, by the day they are due.
        TasksDue = "t",
        /// Pending follow-ups, by the day they are due.
        FollowUpsDue = "f",
        /// Calls, e-mails and meetings, by the day they took place.
        Communications = "c",
        /// Leads, by the day they were made.
        NewLeads = "l",
        /// Orders that were not cancelled, by the day they were placed.
        Orders = "o",
        /// Their totals, minor units of the currency of the deployment.
        Revenue = "r",
    }
}

impl Daily {
    /// Whether days of any age count, and not only a window around today.
    pub const fn counts_for_ever(self) -> bool {
        matches!(self, Self::TasksDue | Self::FollowUpsDue)
    }
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Customers of an engagement that are not archived.
    Customers(Engagement),
    /// The same of a level.
    Level(LevelCode),
    /// Leads of a status that are not archived.
    Leads(LeadStatus),
    /// Tasks that are still work.
    OpenTasks,
    /// Follow-ups that are still to be done.
    PendingFollowUps,
    /// Of a person: customers in this team that are neither archived nor inactive.
    Active(Option<TeamId>),
    /// Something on a day.
    On(Daily, Day),
}

/// What a record adds, to whose figures. What is not there is 0.
pub type Adds = BTreeMap<(Whose, Figure), i64>;

/// A kind of record that adds to figures.
pub trait Figured: Entity {
    /// What a record adds, as it is now.
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds;
}

/// The same figures of a team and, where there is one, of a person.
fn each(team: Option<TeamId>, person: Option<UserId>, figures: impl IntoIterator<Item = Figure>) -> Adds {
    let whose: Vec<Whose> = [Whose::Team(team)].into_iter().chain(person.map(Whose::User)).collect();
    figures.into_iter().flat_map(|figure| whose.iter().map(move |whose| ((*whose, figure), 1))).collect()
}

/// The day of a moment, the last one in place of those that are none in this zone.
fn day(at: Time, zone: &TimeZone) -> Day {
    at.day_in(zone)
}

impl Figured for Customer {
    fn adds(row: &Row<Self>, _: &TimeZone) -> Adds {
        if row.data.archived_at.is_some() {
            return Adds::new();
        }
        let (team, owner, engagement) = (Self::team(row), Self::owner(row), row.data.engagement);
        let level = row.derived.level_code.unwrap_or(LevelCode::Bronze);
        let mut adds = each(team, owner, [Figure::Customers(engagement)]);
        adds.insert((Whose::Team(team), Figure::Level(level)), 1);
        if let Some(owner) = owner.filter(|_| engagement != Engagement::Inactive) {
            adds.insert((Whose::User(owner), Figure::Active(team)), 1);
        }
        adds
    }
}

impl Figured for Lead {
    /// One that is archived came in all the same on its day.
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds {
        let status = row.data.archived_at.is_none().then_some(Figure::Leads(row.data.status));
        let made = Figure::On(Daily::NewLeads, day(row.created_at, zone));
        each(Self::team(row), Self::owner(row), status.into_iter().chain([made]))
    }
}

impl Figured for Task {
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds {
        if !row.data.status.is_open() {
            return Adds::new();
        }
        let due = row.data.due_at.map(|at| Figure::On(Daily::TasksDue, day(at, zone)));
        each(Self::team(row), Self::owner(row), due.into_iter().chain([Figure::OpenTasks]))
    }
}

impl Figured for FollowUp {
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds {
        if !row.is_open() {
            return Adds::new();
        }
        let due = Figure::On(Daily::FollowUpsDue, day(row.data.due_at, zone));
        each(Self::team(row), Self::owner(row), [due, Figure::PendingFollowUps])
    }
}

impl Figured for Activity {
    /// The team is that of the lead or customer when it was logged: who was called last week does not take the call along.
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds {
        let on = row.data.kind.is_contact().then(|| Figure::On(Daily::Communications, day(row.data.occurred_at, zone)));
        each(row.derived.team_id, None, on)
    }
}

impl Figured for Order {
    /// It adds to the team of its customer as that is now, which takes it along.
    fn adds(row: &Row<Self>, zone: &TimeZone) -> Adds {
        if !row.data.status.counts() {
            return Adds::new();
        }
        let (whose, day) = (Whose::Team(Self::team(row)), day(row.data.placed_at, zone));
        let mut adds = Adds::from([((whose, Figure::On(Daily::Orders, day)), 1)]);
        let total = row.data.total_minor.get();
        if total > 0 {
            adds.insert((whose, Figure::On(Daily::Revenue, day)), total);
        }
        adds
    }
}

/// The difference between two states of what was added; what is the same in both is left out.
pub fn difference(before: &Adds, after: &Adds) -> Adds {
    let mut difference = after.clone();
    for (place, amount) in before {
        *difference.entry(*place).or_default() -= amount;
    }
    difference.retain(|_, amount| *amount != 0);
    difference
}

/// The figures of somebody, summed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    counts: BTreeMap<Figure, i64>,
    /// What of [`Daily::counts_for_ever`] is due in the months before the first whose days are told.
    earlier: BTreeMap<Daily, i64>,
}

impl Figures {
    /// Adds to a figure.
    pub fn add(&mut self, figure: Figure, amount: i64) {
        *self.counts.entry(figure).or_default() += amount;
    }

    /// Adds what was due before the days that are told.
    pub fn add_earlier(&mut self, daily: Daily, amount: i64) {
        *self.earlier.entry(daily).or_default() += amount;
    }

    /// Adds the figures of somebody else.
    pub fn join(&mut self, others: Self) {
        others.counts.into_iter().for_each(|(figure, amount)| self.add(figure, amount));
        others.earlier.into_iter().for_each(|(daily, amount)| self.add_earlier(daily, amount));
    }

    /// A figure.
    pub fn get(&self, figure: Figure) -> i64 {
        self.counts.get(&figure).copied().unwrap_or(0)
    }

    /// The sum over the days from the first to the last one, both included.
    pub fn between(&self, daily: Daily, first: Day, last: Day) -> i64 {
        if first > last {
            return 0;
        }
        self.counts.range(Figure::On(daily, first)..=Figure::On(daily, last)).map(|(_, amount)| amount).sum()
    }

    /// The sum over all days before this one.
    pub fn before(&self, daily: Daily, day: Day) -> i64 {
        let days = self.counts.range(Figure::On(daily, Day(Date::MIN))..Figure::On(daily, day)).map(|(_, amount)| amount);
        self.earlier.get(&daily).copied().unwrap_or(0) + days.sum::<i64>()
    }
}

/// The day so many days after another one, or before it.
pub fn days_after(day: Day, days: i64) -> Day {
    Day(day.0.saturating_add(days.days()))
}

/// The days of new leads that a dashboard shows, oldest first.
pub fn lead_days(today: Day) -> impl Iterator<Item = Day> {
    (1 - LEAD_DAYS..=0).map(move |days| days_after(today, days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::{CustomerData, CustomerDerived};
    use crate::record::UNSTORED;
    use crate::task::{TaskData, TaskDerived, TaskStatus};
    use crate::text::TextValue;
    use crate::value::Text;
    use crate::{CustomerId, TaskId};
    use uuid::Uuid;

    fn at(text: &str) -> Time {
        Time::read(text).expect("a time")
    }

    fn on(text: &str) -> Day {
        Day::read(text).expect("a day")
    }

    fn row<E: Entity>(id: E::Id, data: E::Data, derived: E::Derived) -> Row<E> {
        let made = at("2026-03-10T09:00:00Z");
        Row { id, created_at: made, updated_at: made, created_by: None, version: 1, rev: 1, shape: UNSTORED, data, derived }
    }

    fn customer(owner: Option<UserId>, team: Option<TeamId>, engagement: Engagement) -> Row<Customer> {
        let name = Text::read("Acme").expect("a name");
        let data = CustomerData { owner_id: owner, engagement, ..CustomerData::new(name, at("2026-03-10T09:00:00Z")) };
        row(CustomerId::new(Uuid::nil()), data, CustomerDerived { team_id: team, ..CustomerDerived::default() })
    }

    const USER: UserId = UserId::new(Uuid::from_u128(1));
    const TEAM: TeamId = TeamId::new(Uuid::from_u128(2));

    #[test]
    fn a_customer_adds_to_its_team_and_its_owner() {
        let adds = Customer::adds(&customer(Some(USER), Some(TEAM), Engagement::Hot), &TimeZone::UTC);
        let (team, user) = (Whose::Team(Some(TEAM)), Whose::User(USER));
        let expected = [
            ((team, Figure::Customers(Engagement::Hot)), 1),
            ((team, Figure::Level(LevelCode::Bronze)), 1),
            ((user, Figure::Customers(Engagement::Hot)), 1),
            ((user, Figure::Active(Some(TEAM))), 1),
        ];
        assert_eq!(adds, Adds::from(expected));
    }

    #[test]
    fn what_is_nobodys_adds_to_no_person_and_what_is_archived_to_nothing() {
        let mut pooled = customer(None, None, Engagement::Warm);
        assert!(Customer::adds(&pooled, &TimeZone::UTC).keys().all(|(whose, _)| *whose == Whose::Team(None)));
        pooled.data.archived_at = Some(at("2026-03-11T09:00:00Z"));
        assert_eq!(Customer::adds(&pooled, &TimeZone::UTC), Adds::new());
    }

    #[test]
    fn an_inactive_customer_is_none_of_the_active_ones() {
        let adds = Customer::adds(&customer(Some(USER), None, Engagement::Inactive), &TimeZone::UTC);
        assert!(!adds.keys().any(|(_, figure)| matches!(figure, Figure::Active(_))));
    }

    #[test]
    fn a_task_is_due_on_a_local_day_until_it_is_done() {
        let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
        let data = TaskData { due_at: Some(at("2026-03-10T16:00:00Z")), ..TaskData::new(Text::read("Call").expect("a title"), USER) };
        let mut task: Row<Task> = row(TaskId::new(Uuid::nil()), data, TaskDerived::default());
        let due = (Whose::User(USER), Figure::On(Daily::TasksDue, on("2026-03-11")));
        assert_eq!(Task::adds(&task, &zone).get(&due), Some(&1));
        task.data.status = TaskStatus::Done;
        assert_eq!(Task::adds(&task, &zone), Adds::new());
    }

    #[test]
    fn a_difference_takes_away_what_was_added_elsewhere() {
        let before = Customer::adds(&customer(Some(USER), Some(TEAM), Engagement::Hot), &TimeZone::UTC);
        let after = Customer::adds(&customer(None, Some(TEAM), Engagement::Hot), &TimeZone::UTC);
        let difference = difference(&before, &after);
        assert_eq!(difference.values().collect::<Vec<_>>(), [&-1, &-1], "the team's stay as they are");
        assert!(difference.keys().all(|(whose, _)| *whose == Whose::User(USER)));
    }

    #[test]
    fn days_are_summed_up_to_the_edges_and_earlier_months_count_as_before() {
        let mut figures = Figures::default();
        figures.add_earlier(Daily::TasksDue, 3);
        for day in ["2026-03-09", "2026-03-10", "2026-03-11"] {
            figures.add(Figure::On(Daily::TasksDue, on(day)), 1);
        }
        assert_eq!(figures.before(Daily::TasksDue, on("2026-03-10")), 4);
        assert_eq!(figures.between(Daily::TasksDue, on("2026-03-10"), on("2026-03-17")), 2);
        assert_eq!(figures.between(Daily::TasksDue, on("2026-03-12"), on("2026-03-10")), 0);
        assert_eq!(figures.before(Daily::FollowUpsDue, on("2026-03-12")), 0, "of its own kind");
        let days: Vec<Day> = lead_days(on("2026-03-05")).collect();
        assert_eq!((days.len(), days[0], days[13]), (14, on("2026-02-20"), on("2026-03-05")));
    }
}
