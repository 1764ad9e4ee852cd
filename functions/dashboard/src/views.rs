//! What dashboards answer.

use crate::list_feed::FeedEvent;
use domain::customer::{Engagement, LevelCode};
use domain::figures::{Daily, Figure, Figures, lead_days};
use domain::lead::LeadStatus;
use domain::time::Day;
use domain::{Reach, Time, UserId};
use edge::application::{Dashboard, TeamDashboard};
use std::collections::BTreeMap;

contract::answer! {
    /// How much there is in all.
    pub struct DashboardTotals {
        /// Customers that are not archived.
        pub customers: i64,
        /// Leads that are not archived, converted and closed ones included.
        pub leads: i64,
        /// Tasks that are still work.
        pub open_tasks: i64,
        /// Those of them that were due before today.
        pub overdue_tasks: i64,
        pub follow_ups_pending: i64,
        /// Those of them that were due before today.
        pub follow_ups_overdue: i64,
        /// Those of them that are due from today on, as many days ahead as the settings call soon.
        pub follow_ups_due_soon: i64,
        /// Calls, e-mails and meetings of the last seven days, today included, by the team that the lead or customer was of then.
        pub communications_last7_days: i64,
        /// Orders placed in the last thirty days, today included; cancelled ones are left out.
        pub orders_last30_days: i64,
        /// The sum of those orders, in minor units of the currency of the deployment.
        pub revenue_last30_days_minor: i64,
    }
}

contract::answer! {
    /// How many leads were made on a day.
    pub struct LeadsOnDay {
        /// The day, in the deployment's zone.
        pub date: Day,
        /// How many.
        pub count: i64,
    }
}

contract::answer! {
    /// Somebody who owns customers.
    pub struct TopRep {
        pub user_id: UserId,
        /// The name.
        pub name: String,
        /// How many of their customers are neither archived nor inactive.
        pub active_customers: i64,
    }
}

contract::answer! {
    /// The figures of a team, of several, or of the company, and what happened lately.
    pub struct DashboardOut {
        /// `team` for the caller's own and managed teams, `all` for everything.
        pub scope: String,
        /// How much there is in all.
        pub totals: DashboardTotals,
        /// Customers that are not archived, by engagement.
        pub customers_by_engagement: BTreeMap<Engagement, i64>,
        /// The same by level.
        pub customers_by_level: BTreeMap<LevelCode, i64>,
        /// Leads that are not archived, by status.
        pub leads_by_status: BTreeMap<LeadStatus, i64>,
        /// Leads made on each of the last fourteen days, oldest first; today is the last. Archived ones count as well.
        pub leads_per_day: Vec<LeadsOnDay>,
        /// The five owners with most active customers.
        pub top_reps: Vec<TopRep>,
        /// The latest ten events of the caller's feed.
        pub recent_activity: Vec<FeedEvent>,
        pub generated_at: Time,
    }
}

contract::answer! {
    /// The caller's own figures.
    pub struct OwnDashboard {
        /// Tasks that are still work.
        pub my_open_tasks: i64,
        /// Those of them that were due before today.
        pub overdue_tasks: i64,
        /// Those of them that are due today.
        pub tasks_due_today: i64,
        pub follow_ups_pending: i64,
        /// Those of them that were due before today.
        pub follow_ups_overdue: i64,
        /// Leads that are not archived, by status.
        pub my_leads_by_status: BTreeMap<LeadStatus, i64>,
        /// Customers that are not archived.
        pub my_customers: i64,
        /// Leads made on each of the last fourteen days, oldest first; today is the last. Archived ones count as well.
        pub leads_per_day: Vec<LeadsOnDay>,
        pub generated_at: Time,
    }
}

fn each<K: Ord + Copy>(figures: &Figures, all: &[K], figure: fn(K) -> Figure) -> BTreeMap<K, i64> {
    all.iter().map(|value| (*value, figures.get(figure(*value)))).collect()
}

fn leads_per_day(dashboard: &Dashboard) -> Vec<LeadsOnDay> {
    let on = |date| LeadsOnDay { date, count: dashboard.figures.get(Figure::On(Daily::NewLeads, date)) };
    lead_days(dashboard.today).map(on).collect()
}

impl DashboardOut {
    pub(crate) fn new(read: TeamDashboard) -> Self {
        let TeamDashboard { dashboard, reach, top_reps, recent } = read;
        let figures = &dashboard.figures;
        let customers_by_engagement = each(figures, Engagement::ALL, Figure::Customers);
        let leads_by_status = each(figures, LeadStatus::ALL, Figure::Leads);
        let totals = DashboardTotals {
            customers: customers_by_engagement.values().sum(),
            leads: leads_by_status.values().sum(),
            open_tasks: figures.get(Figure::OpenTasks),
            overdue_tasks: dashboard.overdue(Daily::TasksDue),
            follow_ups_pending: figures.get(Figure::PendingFollowUps),
            follow_ups_overdue: dashboard.overdue(Daily::FollowUpsDue),
            follow_ups_due_soon: dashboard.due_soon(Daily::FollowUpsDue),
            communications_last7_days: dashboard.communications(),
            orders_last30_days: dashboard.lately_sold(Daily::Orders),
            revenue_last30_days_minor: dashboard.lately_sold(Daily::Revenue),
        };
        let rep = |(user_id, name, active_customers)| TopRep { user_id, name, active_customers };
        Self {
            scope: if reach == Reach::All { "all" } else { "team" }.to_owned(),
            totals,
            customers_by_engagement,
            customers_by_level: each(figures, LevelCode::ALL, Figure::Level),
            leads_by_status,
            leads_per_day: leads_per_day(&dashboard),
            top_reps: top_reps.into_iter().map(rep).collect(),
            recent_activity: recent.into_iter().map(FeedEvent::new).collect(),
            generated_at: dashboard.at,
        }
    }
}

impl OwnDashboard {
    pub(crate) fn new(dashboard: &Dashboard) -> Self {
        let figures = &dashboard.figures;
        Self {
            my_open_tasks: figures.get(Figure::OpenTasks),
            overdue_tasks: dashboard.overdue(Daily::TasksDue),
            tasks_due_today: figures.get(Figure::On(Daily::TasksDue, dashboard.today)),
            follow_ups_pending: figures.get(Figure::PendingFollowUps),
            follow_ups_overdue: dashboard.overdue(Daily::FollowUpsDue),
            my_leads_by_status: each(figures, LeadStatus::ALL, Figure::Leads),
            my_customers: each(figures, Engagement::ALL, Figure::Customers).values().sum(),
            leads_per_day: leads_per_day(dashboard),
            generated_at: dashboard.at,
        }
    }
}
