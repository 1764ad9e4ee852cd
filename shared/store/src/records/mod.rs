//! Where each kind of record stands, and the plans of its lists: partitions by reach and filter.

mod activities;
mod customers;
mod follow_ups;
mod leads;
mod projects;
mod tasks;
mod users;
mod work_logs;

/// What the lists ask for: everything a handler needs of this module.
pub mod filters {
    pub use super::TeamFilter;
    pub use super::activities::{ActivityFilter, Whose};
    pub use super::customers::CustomerFilter;
    pub use super::follow_ups::FollowUpFilter;
    pub use super::leads::LeadFilter;
    pub use super::projects::ProjectFilter;
    pub use super::tasks::TaskFilter;
    pub use super::users::UserFilter;
    pub use super::work_logs::{Summed, WorkLogFilter};
}

use crate::item::Stored;
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Filter, Plan};
use domain::permission::RoleGrants;
use domain::settings::Settings;
use domain::team::Team;
use domain::{Entity, Parent, Reach, Record, Row, Scope, Time, UserId};

/// Not archived.
const LIVE: &str = "LIVE";
/// Archived.
const ARCHIVED: &str = "ARCHIVED";

/// Index keys of a record with an owner, a team and a state, plus a status while it is live, newest
/// first.
fn owned_keys<E: Entity>(record: &Record<E>, state: &str, status: Option<&str>) -> IndexKeys {
    IndexKeys { partitions: owned_partitions(record, state, status), sort: keys::by_time(record.created_at, record.id) }
}

/// The partitions of a record with an owner, a team and a state, plus a status while it is live.
fn owned_partitions<E: Entity>(record: &Record<E>, state: &str, status: Option<&str>) -> Vec<(Index, String)> {
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
    partitions
}

/// The partition of a parent's children of a kind.
pub(crate) fn children(parent: Parent, child: &str) -> (Index, String) {
    let (kind, id) = parent.parts();
    (Index::Parent, keys::of_parent(kind, id, child))
}

/// Where the children of a parent stand.
pub fn children_plan(parent: Parent, child: &str) -> Plan {
    Plan { partitions: vec![children(parent, child)], ..Plan::default() }
}

/// The place of a due date in the order: what has none comes last.
fn by_due(due: Option<Time>, id: impl std::fmt::Display) -> String {
    match due {
        Some(due) => keys::by_time(due, id),
        None => format!("{UNDATED}#{id}"),
    }
}

/// Sorts after every time.
const UNDATED: &str = "~";

/// Narrows a list ordered by due date to the moments of a range; what has no date is in none.
fn between(plan: &mut Plan, range: Option<(Option<Time>, Option<Time>)>) {
    if let Some((from, until)) = range {
        plan.from = from.map(|time| time.to_string());
        plan.until = Some(until.map_or_else(|| UNDATED.to_owned(), |time| time.to_string()));
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
    match scope.reach() {
        Reach::All => vec![(by_all, keys::of_all(kind, state))],
        Reach::Own => vec![(by_owner, keys::of_owner(Some(scope.user()), kind, state))],
        Reach::Team => {
            let mut partitions: Vec<_> = scope.teams().iter().map(|team| (by_team, keys::of_team(*team, kind, state))).collect();
            // A caller with a team finds own records there; without one, only under their own name.
            if scope.own_team().is_none() {
                partitions.push((by_owner, keys::of_owner(Some(scope.user()), kind, state)));
            }
            if scope.covers_pool() {
                partitions.push((by_owner, keys::of_owner(None, kind, state)));
            }
            partitions
        }
    }
}

const PLAIN: (Index, Index, Index) = (Index::Owner, Index::Team, Index::All);
const BY_STATUS: (Index, Index, Index) = (Index::OwnerStatus, Index::TeamStatus, Index::AllStatus);

/// A prefix range over words; the other words are a residual filter.
fn prefix(plan: &mut Plan, prefix: &str) {
    (plan.words, plan.residual) = (true, true);
    plan.ascending = true;
    plan.from = Some(prefix.to_owned());
    plan.until = Some(format!("{prefix}\u{10FFFF}"));
}

/// The partitions of a scope, narrowed to an owner where one is asked for.
fn owned_by(scope: &Scope, owner: Option<Option<UserId>>, kind: &str, state: &str, by: (Index, Index, Index)) -> Vec<(Index, String)> {
    match owner {
        None => reached(scope, kind, state, by),
        Some(None) if !scope.covers_pool() => Vec::new(),
        Some(Some(owner)) if scope.reach() == Reach::Own && owner != scope.user() => Vec::new(),
        Some(owner) => vec![(by.0, keys::of_owner(owner, kind, state))],
    }
}

/// What `GET /teams` asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct TeamFilter {
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for TeamFilter {
    type Entity = Team;

    fn plan(&self, _: &Scope) -> Plan {
        Plan { partitions: vec![(Index::All, keys::of_all(Team::KIND, LIVE))], ascending: self.ascending, ..Plan::default() }
    }

    fn matches(&self, _: &Row<Team>) -> bool {
        true
    }
}

/// Where everything a user owns of a kind stands: for moving and re-stamping it.
pub fn owned_plans(owner: UserId, kind: &str) -> Vec<Plan> {
    [LIVE, ARCHIVED]
        .map(|state| Plan { partitions: vec![(Index::Owner, keys::of_owner(Some(owner), kind, state))], ascending: true, ..Plan::default() })
        .to_vec()
}
