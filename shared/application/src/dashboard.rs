//! Dashboards: the figures of a team, of the company, of oneself, with what happened lately.

use crate::app::App;
use crate::error::Error;
use crate::feed::FeedOf;
use domain::event::Event;
use domain::figures::{COMMUNICATION_DAYS, Daily, Figures, ORDER_DAYS, TOP_REPS, Whose, days_after};
use domain::settings::{Settings, SettingsData, SettingsId};
use domain::team::Team;
use domain::time::Day;
use domain::{Permission, Reach, Scope, TeamId, Time, UserId};
use futures::future::try_join_all;
use std::collections::BTreeMap;
use store::{Key, Paging};

/// How many events a dashboard shows.
const RECENT: usize = 10;

/// The figures of somebody at a moment.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// When they were read.
    pub at: Time,
    /// The day it was then, in the deployment's zone.
    pub today: Day,
    /// The last day that counts as soon.
    pub soon: Day,
    /// The figures.
    pub figures: Figures,
}

/// The figures of teams, or of the company.
#[derive(Debug, Clone)]
pub struct TeamDashboard {
    /// The figures.
    pub dashboard: Dashboard,
    /// How far they reach.
    pub reach: Reach,
    /// Who has the most active customers: user, name, how many.
    pub top_reps: Vec<(UserId, String, i64)>,
    /// What happened lately, as the caller's feed shows it.
    pub recent: Vec<Event>,
}

impl Dashboard {
    /// How many calls, e-mails and meetings there were in the last days.
    pub fn communications(&self) -> i64 {
        self.figures.between(Daily::Communications, days_after(self.today, 1 - COMMUNICATION_DAYS), self.today)
    }

    /// What was added on the last thirty days.
    pub fn lately_sold(&self, daily: Daily) -> i64 {
        self.figures.between(daily, days_after(self.today, 1 - ORDER_DAYS), self.today)
    }

    /// How much of what is due by day was due before today and is still to be done.
    pub fn overdue(&self, daily: Daily) -> i64 {
        self.figures.before(daily, self.today)
    }

    /// How much of it is due from today on, up to the last day that counts as soon.
    pub fn due_soon(&self, daily: Daily) -> i64 {
        self.figures.between(daily, self.today, self.soon)
    }
}

impl App {
    /// The figures of the caller's teams, or of everybody where the permission reaches so far; narrower it is none.
    pub async fn team_dashboard(&self, scope: &Scope) -> Result<TeamDashboard, Error> {
        let reach = scope.reach();
        let (whose, recent, soon) = tokio::try_join!(self.teams_of(scope), self.recent(scope), self.soon_days())?;
        let mut dashboard = self.dashboard(soon);
        let read = |team: &Option<TeamId>| {
            let team = *team;
            let (today, last) = (dashboard.today, dashboard.soon);
            async move { tokio::try_join!(self.store().figures(Whose::Team(team), today, last), self.store().top_reps(team, TOP_REPS)) }
        };
        let mut active: BTreeMap<UserId, i64> = BTreeMap::new();
        for (figures, reps) in try_join_all(whose.iter().map(read)).await? {
            dashboard.figures.join(figures);
            // Who changes teams has customers in both for a moment.
            reps.into_iter().for_each(|(user, count)| *active.entry(user).or_default() += count);
        }
        let mut top: Vec<(UserId, i64)> = active.into_iter().collect();
        top.sort_by_key(|(user, count)| (std::cmp::Reverse(*count), *user));
        top.truncate(TOP_REPS);
        let people: Vec<UserId> = top.iter().map(|(user, _)| *user).collect();
        let mut names = self.store().names(&people).await?;
        let top_reps = top.into_iter().map(|(user, count)| (user, names.remove(&user).unwrap_or_default(), count)).collect();
        Ok(TeamDashboard { dashboard, reach, top_reps, recent })
    }

    /// The caller's own figures.
    pub async fn own_dashboard(&self, scope: &Scope) -> Result<Dashboard, Error> {
        let mut dashboard = self.dashboard(0);
        dashboard.figures = self.store().figures(Whose::User(scope.user()), dashboard.today, dashboard.soon).await?;
        Ok(dashboard)
    }

    /// Brings the figures of records in step with what they are now.
    pub async fn count_figures(&self, records: &[Key]) -> Result<(), Error> {
        Ok(self.store().count_figures(records, &self.config.zone, self.clock.now()).await?)
    }

    fn dashboard(&self, soon_days: i64) -> Dashboard {
        let at = self.clock.now();
        let today = at.day_in(&self.config.zone);
        Dashboard { at, today, soon: days_after(today, soon_days), figures: Figures::default() }
    }

    /// The teams in a scope; everything is all of them and what has none.
    async fn teams_of(&self, scope: &Scope) -> Result<Vec<Option<TeamId>>, Error> {
        Ok(match scope.reach() {
            Reach::Own => Vec::new(),
            Reach::Team => scope.teams().iter().copied().map(Some).collect(),
            Reach::All => self.store().every_id::<Team>().await?.into_iter().map(Some).chain([None]).collect(),
        })
    }

    /// The beginning of the caller's feed; who has none sees nothing of it.
    async fn recent(&self, scope: &Scope) -> Result<Vec<Event>, Error> {
        let Some(feed) = scope.by(Permission::FeedRead) else { return Ok(Vec::new()) };
        let paging = Paging { limit: RECENT, cursor: None, binding: "dashboard" };
        Ok(self.list_feed(&feed, FeedOf::Everything, paging).await?.items)
    }

    /// How many days after today count as soon: a setting.
    pub(crate) async fn soon_days(&self) -> Result<i64, Error> {
        let settings = self.store().get::<Settings>(SettingsId::Company).await?;
        Ok(settings.map_or_else(|| SettingsData::default().due_soon_days, |settings| settings.data.due_soon_days))
    }
}
