//! Where each kind of record stands, and the plans of its lists: partitions by reach and filter.

use crate::item::Stored;
use crate::keys::{self, Index, IndexKeys};
use crate::list::Plan;
use crate::search::Searchable;
use domain::customer::{Customer, Engagement};
use domain::permission::RoleGrants;
use domain::search::{Search, record_words};
use domain::settings::Settings;
use domain::team::Team;
use domain::user::User;
use domain::{Entity, Reach, Record, Scope, TeamId, UserId};

/// Not archived.
const LIVE: &str = "LIVE";
/// Archived.
const ARCHIVED: &str = "ARCHIVED";

/// Index keys of a record with an owner, a team and a state, plus a status while it is live.
fn owned_keys<E: Entity>(record: &Record<E>, state: &str, status: Option<&str>) -> IndexKeys {
    let (owner, team) = (E::owner(record), E::team(record));
    let mut partitions = Vec::new();
    for (state, by_owner, by_team, by_all) in
        [Some((state, Index::Owner, Index::Team, Index::All)), status.map(|s| (s, Index::OwnerStatus, Index::TeamStatus, Index::AllStatus))]
            .into_iter()
            .flatten()
    {
        partitions.push((by_owner, keys::of_owner(owner, E::KIND, state)));
        partitions.push((by_all, keys::of_all(E::KIND, state)));
        if let Some(team) = team {
            partitions.push((by_team, keys::of_team(team, E::KIND, state)));
        }
    }
    IndexKeys { partitions, sort: keys::by_time(record.created_at, record.id) }
}

impl Stored for Customer {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        match record.data.archived_at {
            Some(_) => owned_keys(record, ARCHIVED, None),
            None => owned_keys(record, LIVE, Some(record.data.engagement.as_str())),
        }
    }
}

impl Searchable for Customer {
    const POOLED: bool = true;

    fn words(record: &Record<Self>) -> Vec<String> {
        record_words(domain::customer::search_texts(&record.data))
    }

    fn state(record: &Record<Self>) -> &'static str {
        if record.data.archived_at.is_some() { ARCHIVED } else { LIVE }
    }
}

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
    const POOLED: bool = false;

    fn words(record: &Record<Self>) -> Vec<String> {
        let data = &record.data;
        let mut texts = vec![data.email.as_str()];
        texts.extend(data.username.as_ref().map(domain::value::Username::as_str));
        texts.extend([&data.first_name, &data.last_name].into_iter().flatten().map(domain::value::Text::as_str));
        record_words(texts)
    }

    fn state(_: &Record<Self>) -> &'static str {
        LIVE
    }
}

impl Stored for Team {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        IndexKeys { partitions: vec![(Index::All, keys::of_all(Self::KIND, LIVE))], sort: keys::by_time(record.created_at, record.id) }
    }
}

impl Stored for RoleGrants {
    fn index_keys(_: &Record<Self>) -> IndexKeys {
        IndexKeys::default()
    }
}

impl Stored for Settings {
    fn index_keys(_: &Record<Self>) -> IndexKeys {
        IndexKeys::default()
    }
}

/// The partitions of a kind that a scope reaches, for a state on the given indexes.
fn reached(scope: &Scope, kind: &str, state: &str, by: (Index, Index, Index)) -> Vec<(Index, String)> {
    let (by_owner, by_team, by_all) = by;
    match scope.reach {
        Reach::All => vec![(by_all, keys::of_all(kind, state))],
        Reach::Own => vec![(by_owner, keys::of_owner(Some(scope.user), kind, state))],
        Reach::Team => {
            let mut partitions: Vec<_> = scope.teams.iter().map(|team| (by_team, keys::of_team(*team, kind, state))).collect();
            // A caller with a team finds own records there; without one, only under their own name.
            if scope.own_team.is_none() {
                partitions.push((by_owner, keys::of_owner(Some(scope.user), kind, state)));
            }
            if scope.pool {
                partitions.push((by_owner, keys::of_owner(None, kind, state)));
            }
            partitions
        }
    }
}

const PLAIN: (Index, Index, Index) = (Index::Owner, Index::Team, Index::All);
const BY_STATUS: (Index, Index, Index) = (Index::OwnerStatus, Index::TeamStatus, Index::AllStatus);

/// A prefix range over words.
fn prefix(plan: &mut Plan, prefix: &str) {
    plan.ascending = true;
    plan.from = Some(prefix.to_owned());
    plan.until = Some(format!("{prefix}\u{10FFFF}"));
}

/// The filters of `GET /customers` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Archived ones instead of live ones.
    pub archived: bool,
    /// Of this engagement.
    pub engagement: Option<Engagement>,
    /// Of this owner; `Some(None)` is nobody.
    pub owner: Option<Option<UserId>>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl CustomerFilter {
    /// Where the list reads. Archived customers have no status partitions, so there the engagement
    /// is a residual filter; the words' partitions are not split by engagement either.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let state = if self.archived { ARCHIVED } else { LIVE };
        let mut plan = Plan { ascending: self.ascending, residual: self.residual, ..Plan::default() };
        let (state, by) = match (&self.search, self.engagement) {
            (Some(search), _) => {
                prefix(&mut plan, &search.prefix);
                plan.residual = true;
                (keys::search_state(state, &search.prefix), PLAIN)
            }
            (None, Some(engagement)) if !self.archived => (engagement.as_str().to_owned(), BY_STATUS),
            (None, engagement) => {
                plan.residual |= engagement.is_some();
                (state.to_owned(), PLAIN)
            }
        };
        plan.partitions = owned_by(scope, self.owner, Customer::KIND, &state, by);
        plan
    }
}

/// The partitions of a scope, narrowed to an owner where one is asked for.
fn owned_by(scope: &Scope, owner: Option<Option<UserId>>, kind: &str, state: &str, by: (Index, Index, Index)) -> Vec<(Index, String)> {
    match owner {
        None => reached(scope, kind, state, by),
        Some(None) if !(scope.pool || scope.reach == Reach::All) => Vec::new(),
        Some(Some(owner)) if scope.reach == Reach::Own && owner != scope.user => Vec::new(),
        Some(owner) => vec![(by.0, keys::of_owner(owner, kind, state))],
    }
}

/// The filters of `GET /users` that choose where to read.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Of this team.
    pub team: Option<TeamId>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether other filters are applied to the rows.
    pub residual: bool,
}

impl UserFilter {
    /// Where the list reads.
    pub fn plan(&self, scope: &Scope) -> Plan {
        let mut plan = Plan { ascending: self.ascending, residual: self.residual, ..Plan::default() };
        let state = match &self.search {
            Some(search) => {
                prefix(&mut plan, &search.prefix);
                plan.residual = true;
                keys::search_state(LIVE, &search.prefix)
            }
            None => LIVE.to_owned(),
        };
        plan.partitions = match (scope.reach, self.team) {
            (Reach::All, Some(team)) => vec![(Index::Team, keys::of_team(team, User::KIND, &state))],
            (Reach::Team, Some(team)) if scope.teams.contains(&team) => vec![(Index::Team, keys::of_team(team, User::KIND, &state))],
            (Reach::Team, Some(_)) => Vec::new(),
            (Reach::Own, Some(_)) => {
                plan.residual = true;
                reached(scope, User::KIND, &state, PLAIN)
            }
            (_, None) => reached(scope, User::KIND, &state, PLAIN),
        };
        plan
    }
}

/// Where `GET /teams` reads.
pub fn teams_plan(ascending: bool) -> Plan {
    Plan { partitions: vec![(Index::All, keys::of_all(Team::KIND, LIVE))], ascending, ..Plan::default() }
}

/// Where everything a user owns of a kind stands: for moving and re-stamping it.
pub fn owned_plans(owner: UserId, kind: &str) -> Vec<Plan> {
    [LIVE, ARCHIVED]
        .map(|state| Plan { partitions: vec![(Index::Owner, keys::of_owner(Some(owner), kind, state))], ascending: true, ..Plan::default() })
        .to_vec()
}
