//! Where users stand, and where their list reads.

use super::{LIVE, PLAIN, by_words, reached};
use crate::item::Stored;
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Filter, Plan};
use crate::search::Searchable;
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::user::{User, UserStatus};
use domain::{Entity, Reach, Record, Role, Row, Scope, TeamId};

impl Stored for User {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = vec![(Index::All, keys::of_all(Self::KIND, LIVE)), (Index::Owner, keys::of_owner(Some(record.id), Self::KIND, LIVE))];
        if let Some(team) = record.data.team_id {
            partitions.push((Index::Team, keys::of_team(team, Self::KIND, LIVE)));
        }
        IndexKeys { partitions, sort: keys::by_time(record.created_at, record.id) }
    }
}

impl Searchable for User {
    fn words(row: &Row<Self>) -> RecordWords {
        let data = &row.data;
        let mut names: Vec<&str> = data.username.iter().map(domain::value::Username::as_str).collect();
        names.extend([&data.first_name, &data.last_name].into_iter().flatten().map(domain::value::Text::as_str));
        record_words(&Findable { email: Some(data.email.as_str()), phone: None, names })
    }

    fn state(_: &Row<Self>) -> &'static str {
        LIVE
    }
}

/// What `GET /users` asks for.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Of this team.
    pub team: Option<TeamId>,
    /// Of this role.
    pub role: Option<Role>,
    /// Of this status.
    pub status: Option<UserStatus>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for UserFilter {
    type Entity = User;

    fn plan(&self, scope: &Scope) -> Plan {
        let mut plan = Plan { ascending: self.ascending, residual: self.role.is_some() || self.status.is_some(), ..Plan::default() };
        let state = match &self.search {
            Some(_) => by_words(&mut plan, LIVE),
            None => LIVE.to_owned(),
        };
        plan.partitions = match (scope.reach(), self.team) {
            (Reach::All, Some(team)) => vec![(Index::Team, keys::of_team(team, User::KIND, &state))],
            (Reach::Team, Some(team)) if scope.teams().contains(&team) => vec![(Index::Team, keys::of_team(team, User::KIND, &state))],
            (Reach::Team, Some(_)) => Vec::new(),
            (Reach::Own, Some(_)) => {
                plan.residual = true;
                reached(scope, User::KIND, &state, PLAIN)
            }
            (_, None) => reached(scope, User::KIND, &state, PLAIN),
        };
        plan
    }

    fn matches(&self, user: &Row<User>) -> bool {
        self.team.is_none_or(|wanted| user.data.team_id == Some(wanted))
            && self.role.is_none_or(|wanted| user.data.role == wanted)
            && self.status.is_none_or(|wanted| user.data.status == wanted)
            && self.search.as_ref().is_none_or(|search| search.shown_at(&User::words(user)).is_some())
    }

    fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }
}
