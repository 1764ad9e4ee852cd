//! Where users stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, by_words, partitions, reached};
use crate::found::FoundBy;
use crate::item::Stored;
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Place, Plan};
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::user::{User, UserStatus};
use domain::{Entity, Reach, Record, Role, Row, Scope, TeamId};

impl Stored for User {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let state = state(record.data.role, record.data.status);
        let mut places = vec![Place::All, Place::Owner(Some(record.id))];
        places.extend(record.data.team_id.map(Place::Team));
        let mut keys = partitions(&places, Self::KIND, LIVE, PLAIN);
        keys.extend(partitions(&places, Self::KIND, &state, BY_STATUS));
        IndexKeys { partitions: keys, sort: keys::by_time(record.created_at, record.id) }
    }

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy { state: LIVE, words: words(row), values: Vec::new(), orders: Vec::new(), sharers: Vec::new() })
    }
}

fn words(row: &Row<User>) -> RecordWords {
    let data = &row.data;
    let mut names: Vec<&str> = data.username.iter().map(domain::value::Username::as_str).collect();
    let person = [&data.first_name, &data.last_name].map(|name| name.as_ref().map(domain::value::Text::as_str));
    names.extend(person.into_iter().flatten());
    record_words(&Findable { email: Some(data.email.as_str()), phone: None, names, person })
}

/// The `state` of people of a role and a status.
fn state(role: Role, status: UserStatus) -> String {
    format!("{}-{}", role.as_str(), status.as_str())
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

    fn searches(&self) -> bool {
        self.search.is_some()
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let mut residual = false;
        let places = match (scope.reach(), self.team) {
            (Reach::All, Some(team)) => vec![Place::Team(team)],
            (Reach::Team, Some(team)) if scope.teams().contains(&team) => vec![Place::Team(team)],
            (Reach::Team, Some(_)) => Vec::new(),
            (Reach::Own, Some(_)) => {
                residual = true;
                reached(scope)
            }
            (_, None) => reached(scope),
        };
        if let Some(search) = &self.search {
            return by_words(search, LIVE, places, residual || self.role.is_some() || self.status.is_some());
        }
        let partitions = match (self.role, self.status) {
            (None, None) => partitions(&places, User::KIND, LIVE, PLAIN),
            (role, status) => {
                let roles = role.map_or_else(|| Role::ALL.to_vec(), |role| vec![role]);
                let statuses = status.map_or_else(|| UserStatus::ALL.to_vec(), |status| vec![status]);
                let both = roles.iter().flat_map(|role| statuses.iter().map(|status| state(*role, *status)));
                both.flat_map(|state| partitions(&places, User::KIND, &state, BY_STATUS)).collect()
            }
        };
        Plan { partitions, residual, ascending: self.ascending, ..Plan::default() }
    }

    fn matches(&self, user: &Row<User>) -> bool {
        self.team.is_none_or(|wanted| user.data.team_id == Some(wanted))
            && self.role.is_none_or(|wanted| user.data.role == wanted)
            && self.status.is_none_or(|wanted| user.data.status == wanted)
    }
}
