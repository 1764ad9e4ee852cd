//! Where each kind of record stands, and the plans of its lists: partitions by reach and filter.

mod activities;
mod campaigns;
mod customers;
mod follow_ups;
mod leads;
mod messages;
mod notifications;
mod orders;
mod products;
mod projects;
mod promotions;
mod tasks;
mod users;
mod work_logs;

/// What the lists ask for: everything a handler needs of this module.
pub mod filters {
    pub use super::TeamFilter;
    pub use super::activities::{ActivityFilter, Whose};
    pub use super::campaigns::CampaignFilter;
    pub use super::customers::CustomerFilter;
    pub use super::follow_ups::FollowUpFilter;
    pub use super::leads::LeadFilter;
    pub use super::messages::MessageFilter;
    pub use super::notifications::NotificationFilter;
    pub use super::orders::{OrderFilter, TransactionFilter};
    pub use super::products::ProductFilter;
    pub use super::projects::ProjectFilter;
    pub use super::promotions::{HeldFilter, PromotionFilter};
    pub use super::tasks::TaskFilter;
    pub use super::users::UserFilter;
    pub use super::work_logs::{Summed, WorkLogFilter};
}

pub use campaigns::{ADDRESSED, segment_plan};
pub use messages::TOLD;
pub use notifications::unread_plan;
pub use orders::SalesSeq;
pub(crate) use orders::TRANSACTION;
pub(crate) use products::SKU;
pub(crate) use promotions::CODE;
pub use promotions::UsesSeq;

use crate::error::Error;
use crate::found::{by_moment, by_name};
use crate::item::Stored;
use crate::keys::{self, Index, IndexKeys, UNDATED};
use crate::list::{By, Filter, Named, Page, Paging, Place, Plan, id_in};
use crate::table::Store;
use domain::follow_up::{FollowUp, FollowUpStatus};
use domain::level::CustomerLevel;
use domain::message_template::MessageTemplate;
use domain::permission::RoleGrants;
use domain::search::Search;
use domain::settings::Settings;
use domain::task::{Task, TaskStatus};
use domain::team::Team;
use domain::text::TextValue;
use domain::{Entity, Order, Parent, Reach, Record, Row, Scope, Time, UserId};

/// Not archived.
pub(crate) const LIVE: &str = "LIVE";
/// Archived.
const ARCHIVED: &str = "ARCHIVED";

/// The state of what can be archived.
const fn state(archived: bool) -> &'static str {
    if archived { ARCHIVED } else { LIVE }
}

/// Index keys of a record with an owner, a team and a state, plus a status while it is live, newest
/// first.
fn owned_keys<E: Entity>(record: &Record<E>, state: &str, status: Option<&str>) -> IndexKeys {
    IndexKeys { partitions: owned_partitions(record, state, status), sort: keys::by_time(record.created_at, record.id) }
}

/// The partitions of a record with an owner, a team and a state, plus a status while it is live.
fn owned_partitions<E: Entity>(record: &Record<E>, state: &str, status: Option<&str>) -> Vec<(Index, String)> {
    let places: Vec<Place> = [Place::Owner(E::owner(record)), Place::All].into_iter().chain(E::team(record).map(Place::Team)).collect();
    let of = |state: &str, by: (Index, Index, Index)| partitions(&places, E::KIND, state, by);
    of(state, PLAIN).into_iter().chain(status.into_iter().flat_map(|status| of(status, BY_STATUS))).collect()
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

/// The states of what stands by two values of which a filter names some of either, both or none; no state where it names none.
fn either<A: Copy, B: Copy>(a: &[A], every_a: &[A], b: &[B], every_b: &[B], state: impl Fn(A, B) -> String) -> Vec<String> {
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    let (a, b) = (if a.is_empty() { every_a } else { a }, if b.is_empty() { every_b } else { b });
    a.iter().flat_map(|a| b.iter().map(|b| state(*a, *b))).collect()
}

/// The place of a due date in the order: what has none comes last.
fn by_due(due: Option<Time>, id: impl std::fmt::Display) -> String {
    match due {
        Some(due) => keys::by_time(due, id),
        None => format!("{UNDATED}#{id}"),
    }
}

/// Narrows a list ordered by due date to the moments of a range; what has no date is in none. Without a
/// range it comes last in either direction.
fn between(plan: &mut Plan, range: Option<(Option<Time>, Option<Time>)>) {
    match range {
        Some((from, until)) => {
            plan.from = from.map(|time| time.to_string());
            plan.until = Some(until.map_or_else(|| UNDATED.to_owned(), |time| time.to_string()));
        }
        None => plan.last = Some(UNDATED),
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

impl Stored for MessageTemplate {
    fn index_keys(_: &Record<Self>) -> IndexKeys {
        IndexKeys::default()
    }
}

impl Stored for CustomerLevel {
    fn index_keys(_: &Record<Self>) -> IndexKeys {
        IndexKeys::default()
    }
}

impl Stored for Settings {
    fn index_keys(_: &Record<Self>) -> IndexKeys {
        IndexKeys::default()
    }
}

/// Whose records a scope reaches.
fn reached(scope: &Scope) -> Vec<Place> {
    match scope.reach() {
        Reach::All => vec![Place::All],
        Reach::Own => vec![Place::Owner(Some(scope.user()))],
        Reach::Team => {
            let mut places: Vec<_> = scope.teams().iter().map(|team| Place::Team(*team)).collect();
            // A caller with a team finds own records there; without one, only under their own name.
            if scope.own_team().is_none() {
                places.push(Place::Owner(Some(scope.user())));
            }
            if scope.covers_pool() {
                places.push(Place::Owner(None));
            }
            places
        }
    }
}

/// The partitions of places, for a kind and a state on the given indexes.
pub(crate) fn partitions(places: &[Place], kind: &str, state: &str, by: (Index, Index, Index)) -> Vec<(Index, String)> {
    let index = |place: &Place| match place {
        Place::Owner(_) => by.0,
        Place::Team(_) => by.1,
        Place::All => by.2,
    };
    places.iter().map(|place| (index(place), place.partition(kind, state))).collect()
}

/// The indexes of lists without a status.
pub(crate) const PLAIN: (Index, Index, Index) = (Index::Owner, Index::Team, Index::All);
const BY_STATUS: (Index, Index, Index) = (Index::OwnerStatus, Index::TeamStatus, Index::AllStatus);

/// A plan of words, in their order; `filtered` is whether they are not all that is asked for.
fn by_words(search: &Search, state: &'static str, places: Vec<Place>, filtered: bool) -> Plan {
    let named = Named { state, by: By::Words(search.clone()), places };
    Plan { named: Some(named), ascending: true, residual: search.narrows() || filtered, ..Plan::default() }
}

/// Whose records a scope reaches, narrowed to an owner where one is asked for.
fn owned_by(scope: &Scope, owner: Option<Option<UserId>>) -> Vec<Place> {
    match owner {
        None => reached(scope),
        Some(None) if !scope.covers_pool() => Vec::new(),
        Some(Some(owner)) if scope.reach() == Reach::Own && owner != scope.user() => Vec::new(),
        Some(owner) => vec![Place::Owner(owner)],
    }
}

/// The same for what always has an owner.
fn held_by(scope: &Scope, owner: Option<UserId>) -> Vec<Place> {
    let mut places = owned_by(scope, owner.map(Some));
    places.retain(|place| *place != Place::Owner(None));
    places
}

/// The places of a lead or customer in both orders.
fn orders<E: Entity>(row: &Row<E>, name: &str) -> Vec<(&'static str, String)> {
    vec![(Order::Name.as_str(), by_name(name)), (Order::Updated.as_str(), by_moment(row.updated_at))]
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

/// Kinds of which somebody is reminded, and the states in which there is something to do.
pub trait Due: Stored {
    /// Those states.
    fn states() -> Vec<&'static str>;
}

impl Due for FollowUp {
    fn states() -> Vec<&'static str> {
        vec![FollowUpStatus::Pending.as_str()]
    }
}

impl Due for Task {
    fn states() -> Vec<&'static str> {
        TaskStatus::ALL.iter().filter(|status| status.is_open()).map(|status| status.as_str()).collect()
    }
}

impl Store {
    /// What stands among what is due in a partition up to a moment, that moment included, earliest first: by name alone.
    async fn due_up_to<Id: TextValue>(&self, partition: String, until: Time, paging: Paging<'_>) -> Result<Page<Id>, Error> {
        // `<time>#<id>` of that very moment sorts before `<time>~`.
        let until = Some(format!("{until}~"));
        let plan = Plan { partitions: vec![(Index::Due, partition)], ascending: true, until, ..Plan::default() };
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(Id::read(id_in(&entry.sort)).ok())).await
    }

    /// What is to be done and due before a moment, earliest first: by name alone, so that one that cannot be read holds
    /// up none of the others.
    pub async fn due_before<E: Due>(&self, until: Time, paging: Paging<'_>) -> Result<Page<E::Id>, Error> {
        let partitions = E::states().into_iter().flat_map(|state| partitions(&[Place::All], E::KIND, state, BY_STATUS)).collect();
        let plan = Plan { partitions, ascending: true, until: Some(until.to_string()), ..Plan::default() };
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(E::Id::read(id_in(&entry.sort)).ok())).await
    }
}

/// Where everything a user owns of a kind stands: for moving and re-stamping it.
pub fn owned_plans(owner: UserId, kind: &str) -> Vec<Plan> {
    [LIVE, ARCHIVED]
        .map(|state| Plan { partitions: vec![(Index::Owner, keys::of_owner(Some(owner), kind, state))], ascending: true, ..Plan::default() })
        .to_vec()
}
