//! Teams: a name, a manager, members. A user is in one team at most.

use crate::account::Account;
use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused};
use crate::user::{Auth, UserStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many memberships one change of a team may touch: each takes three writes of the hundred
/// that one transaction holds (DynamoDB's limit), and the teams left take one each.
pub const MAX_MEMBER_CHANGES: usize = 20;

/// How many teams one user may manage: all of them stand in the sign-in state and in the access
/// token, and a new name of the manager is written to each in one transaction.
pub const MAX_MANAGED: usize = 50;

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Team;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamData {
    /// Unique among teams.
    pub name: String,
    /// Who sees the team's records.
    pub manager_id: Option<UserId>,
}

/// Somebody in a team, as the team shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The name.
    pub name: String,
    /// Whether sign-in is closed.
    pub disabled: bool,
}

impl Member {
    /// As the sign-in state tells.
    fn of(auth: &Auth) -> Self {
        Self { name: auth.name.clone(), disabled: auth.status == UserStatus::Disabled }
    }
}

/// Derived by the system, in the transaction that changes a member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamDerived {
    /// Members by id.
    #[serde(default)]
    pub members: BTreeMap<UserId, Member>,
    /// The manager.
    #[serde(default)]
    pub manager: Option<Member>,
}

impl Entity for Team {
    const KIND: &'static str = "TEAM";
    type Id = TeamId;
    type Data = TeamData;
    type Text = ();
    type Derived = TeamDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.data.manager_id
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        Some(row.id)
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.clone()
    }
}

/// The form of a name in which it is unique: two teams do not differ by upper and lower case alone.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// A new team with its event.
pub fn create(act: &Act, name: String, manager: Option<&Auth>) -> (Record<Team>, Event) {
    let data = TeamData { name, manager_id: manager.map(|manager| manager.user_id) };
    let derived = TeamDerived { manager: manager.map(Member::of), ..TeamDerived::default() };
    let team: Record<Team> = Record::new(act.id(), act, data, (), derived);
    let summary = format!("{} created team {}", act.actor_name, team.data.name);
    let event = team.event(act, EventKind::TeamCreated, summary, json!({}));
    (team, event)
}

/// What a team shows of its people: the members (`None` is off the list), and the manager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamStamp {
    /// Members that come, change, or go.
    pub members: BTreeMap<UserId, Option<Member>>,
    /// The manager, who changed.
    pub manager: Option<Member>,
}

/// What a change of one user's sign-in state means for the teams that show the user.
pub fn stamps(old: &Auth, new: &Auth) -> BTreeMap<TeamId, TeamStamp> {
    let moved = old.team_id != new.team_id;
    let shown_otherwise = Member::of(old) != Member::of(new);
    let mut stamps: BTreeMap<TeamId, TeamStamp> = BTreeMap::new();
    if let Some(left) = old.team_id.filter(|_| moved) {
        stamps.entry(left).or_default().members.insert(new.user_id, None);
    }
    if let Some(team) = new.team_id.filter(|_| moved || shown_otherwise) {
        stamps.entry(team).or_default().members.insert(new.user_id, Some(Member::of(new)));
    }
    for team in new.managed.iter().filter(|_| shown_otherwise) {
        stamps.entry(*team).or_default().manager = Some(Member::of(new));
    }
    stamps
}

/// What a team is to become.
#[derive(Debug, Clone)]
pub struct TeamWanted {
    /// Name and manager.
    pub data: TeamData,
    /// The whole set of members, as it was sent; `None` leaves it.
    pub members: Option<Vec<UserId>>,
}

/// The manager is unknown or disabled.
fn no_manager() -> Refused {
    Refused::field("managerId", "reference", "must be an active user")
}

/// A change of a team with all that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamChange {
    /// The team afterwards.
    pub team: Record<Team>,
    /// Users who change with it, before and after.
    pub accounts: Vec<(Account, Account)>,
    /// What other teams show afterwards.
    pub others: BTreeMap<TeamId, TeamStamp>,
    /// What happened.
    pub events: Vec<Event>,
}

impl TeamWanted {
    /// A team that nobody manages and nobody is in.
    fn nobody(team: &Record<Team>) -> Self {
        Self { data: TeamData { manager_id: None, ..team.data.clone() }, members: Some(Vec::new()) }
    }

    /// Who joins.
    pub fn joining(&self, team: &Record<Team>) -> Vec<UserId> {
        let present = &team.derived.members;
        let joining: BTreeSet<UserId> = self.members.iter().flatten().filter(|id| !present.contains_key(id)).copied().collect();
        joining.into_iter().collect()
    }

    /// Who leaves.
    pub fn leaving(&self, team: &Record<Team>) -> Vec<UserId> {
        let stays = |id: &UserId| self.members.as_ref().is_none_or(|wanted| wanted.contains(id));
        team.derived.members.keys().filter(|id| !stays(id)).copied().collect()
    }

    /// Whose accounts the change needs to see, if it is not too large.
    pub fn people(&self, team: &Record<Team>) -> Result<BTreeSet<UserId>, Refused> {
        let mut people: BTreeSet<UserId> = self.joining(team).into_iter().chain(self.leaving(team)).collect();
        if people.len() > MAX_MEMBER_CHANGES {
            return Err(Refused::limit(
                "memberIds",
                format!("at most {MAX_MEMBER_CHANGES} members can come or go at once; this would be {}", people.len()),
            ));
        }
        if self.data.manager_id != team.data.manager_id {
            people.extend(self.data.manager_id.into_iter().chain(team.data.manager_id));
        }
        Ok(people)
    }
}

/// The account as a manager, if it can be one.
pub fn manager(auth: Option<&Auth>) -> Result<&Auth, Refused> {
    let auth = auth.filter(|auth| auth.status == UserStatus::Active).ok_or_else(no_manager)?;
    if auth.managed.len() >= MAX_MANAGED { Err(Refused::limit("managerId", format!("a user manages at most {MAX_MANAGED} teams"))) } else { Ok(auth) }
}

/// Who joins has to exist, and who is to manage has to be active. `accounts` as for [`change`].
pub fn check_people(team: &Record<Team>, wanted: &TeamWanted, accounts: &BTreeMap<UserId, Account>) -> Result<(), Refused> {
    let joining = wanted.joining(team);
    let missing = |id: &UserId| joining.contains(id) && !accounts.contains_key(id);
    let sent = wanted.members.iter().flatten().enumerate().filter(|(_, id)| missing(id));
    let mut faults: Vec<FieldFault> = sent.map(|(place, _)| FieldFault::new(format!("memberIds/{place}"), "reference", "does not exist")).collect();
    if let Some(id) = wanted.data.manager_id.filter(|_| wanted.data.manager_id != team.data.manager_id) {
        match manager(accounts.get(&id).map(|account| &account.auth)) {
            Err(Refused::Fields(inactive)) => faults.extend(inactive),
            found => drop(found?),
        }
    }
    Refused::any(faults)
}

/// A person's change of a team; `None` when it is so already. `accounts` holds
/// [`TeamWanted::people`] as far as they exist.
pub fn change(team: &Record<Team>, act: &Act, wanted: &TeamWanted, accounts: &BTreeMap<UserId, Account>) -> Result<Option<TeamChange>, Refused> {
    let (joining, leaving) = (wanted.joining(team), wanted.leaving(team));
    check_people(team, wanted, accounts)?;
    let (mut next, mut changes) = match team.changed(act, wanted.data.clone(), ()) {
        Some(changed) => changed,
        None if joining.is_empty() && leaving.is_empty() => return Ok(None),
        None => (team.touched(act), Map::new()),
    };
    let mut after: BTreeMap<UserId, Account> = BTreeMap::new();
    let mut others: BTreeMap<TeamId, TeamStamp> = BTreeMap::new();
    let mut events = Vec::new();
    let moves = joining.iter().map(|id| (id, Some(team.id))).chain(leaving.iter().map(|id| (id, None)));
    for (id, to) in moves {
        let Some(account) = accounts.get(id) else { continue };
        let from = account.user.data.team_id;
        if let Some(other) = from.filter(|from| *from != team.id) {
            // Who is listed here but belongs elsewhere is only taken off the list.
            if to.is_none() {
                continue;
            }
            others.entry(other).or_default().members.insert(*id, None);
        }
        if let Some((moved, happened)) = account.move_to(act, to) {
            after.insert(*id, moved);
            events.extend(happened);
        }
    }
    for id in &leaving {
        next.derived.members.remove(id);
    }
    for (id, account) in joining.iter().filter_map(|id| accounts.get_key_value(id)) {
        next.derived.members.insert(*id, Member::of(&account.auth));
    }
    if wanted.data.manager_id != team.data.manager_id {
        let new = wanted.data.manager_id.map(|id| manager(accounts.get(&id).map(|account| &account.auth))).transpose()?;
        next.derived.manager = new.map(Member::of);
        for (id, manages) in [(team.data.manager_id, false), (wanted.data.manager_id, true)] {
            let Some((id, account)) = id.and_then(|id| accounts.get_key_value(&id)) else { continue };
            let account = after.entry(*id).or_insert_with(|| account.clone());
            account.auth = account.auth.with_managed(team.id, manages);
        }
    }
    let ids = |team: &Record<Team>| json!({"memberIds": team.derived.members.keys().collect::<Vec<_>>()});
    changes.extend(crate::record::changes(&ids(team), &ids(&next)));
    let summary = format!("{} changed team {}", act.actor_name, next.data.name);
    let data = json!({"joined": joining, "left": leaving});
    events.push(next.event(act, EventKind::TeamUpdated, summary, data).with_changes(changes));
    let accounts = after.into_iter().filter_map(|(id, after)| accounts.get(&id).map(|before| (before.clone(), after))).collect();
    Ok(Some(TeamChange { team: next, accounts, others, events }))
}

/// What deleting a team makes of it and its people: the disabled members leave it first, as in [`change`],
/// with nobody left to manage it. Active members keep it. `accounts` as for [`change`].
pub fn delete(team: &Record<Team>, act: &Act, accounts: &BTreeMap<UserId, Account>) -> Result<TeamChange, Refused> {
    let active = team.derived.members.values().filter(|member| !member.disabled).count();
    if active > 0 {
        return Err(Refused::TeamNotEmpty(format!("The team has {active} active members; move them first")));
    }
    let nobody = TeamWanted::nobody(team);
    nobody.people(team)?;
    let emptied = change(team, act, &nobody, accounts)?;
    let mut emptied = emptied.unwrap_or_else(|| TeamChange { team: team.clone(), accounts: Vec::new(), others: BTreeMap::new(), events: Vec::new() });
    emptied.events.retain(|event| event.kind != EventKind::TeamUpdated);
    emptied.events.push(team.event(act, EventKind::TeamDeleted, format!("{} deleted team {}", act.actor_name, team.data.name), json!({})));
    Ok(emptied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::{account, act};
    use crate::permission::Role;
    use uuid::Uuid;

    fn people(list: &[&Account]) -> BTreeMap<UserId, Account> {
        list.iter().map(|account| (account.user.id, (*account).clone())).collect()
    }

    fn wanted(team: &Record<Team>) -> TeamWanted {
        TeamWanted { data: team.data.clone(), members: None }
    }

    #[test]
    fn a_member_who_also_becomes_manager_changes_once() {
        let (north, _) = create(&act(), "North".into(), None);
        let (south, _) = create(&act(), "South".into(), None);
        let eve = account("Eve", Role::Manager, Some(south.id));
        let mut wanted = wanted(&north);
        wanted.data.manager_id = Some(eve.user.id);
        wanted.members = Some(vec![eve.user.id]);
        let change = change(&north, &act(), &wanted, &people(&[&eve])).expect("allowed").expect("changed");
        assert_eq!(change.accounts.len(), 1);
        let after = &change.accounts[0].1;
        assert_eq!((after.auth.team_id, after.user.data.team_id, &after.auth.managed), (Some(north.id), Some(north.id), &vec![north.id]));
        assert_eq!(change.others[&south.id].members, BTreeMap::from([(eve.user.id, None)]));
        let kinds: Vec<_> = change.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::UserTeamChanged, EventKind::TeamUpdated]);
        assert_eq!(change.events[1].changes.keys().collect::<Vec<_>>(), ["managerId", "memberIds"]);
        assert_eq!((change.team.version, change.team.derived.manager.as_ref().map(|eve| &*eve.name)), (2, Some("Eve")));
    }

    #[test]
    fn whoever_is_not_in_the_new_set_leaves_and_the_same_set_is_no_change() {
        let (mut north, _) = create(&act(), "North".into(), None);
        let bob = account("Bob", Role::SalesRep, Some(north.id));
        north.derived.members.insert(bob.user.id, Member::of(&bob.auth));
        let mut wanted = wanted(&north);
        assert_eq!(change(&north, &act(), &wanted, &people(&[])), Ok(None));
        wanted.members = Some(vec![bob.user.id]);
        assert_eq!(change(&north, &act(), &wanted, &people(&[])), Ok(None));
        wanted.members = Some(Vec::new());
        let changed = change(&north, &act(), &wanted, &people(&[&bob])).expect("allowed").expect("changed");
        assert!(changed.team.derived.members.is_empty());
        assert_eq!(changed.accounts[0].1.auth.team_id, None);
    }

    #[test]
    fn strangers_disabled_managers_and_too_many_moves_are_refused() {
        let (north, _) = create(&act(), "North".into(), None);
        let bob = account("Bob", Role::SalesRep, None);
        let (gone, _) = bob.disable(&act(), None).expect("disabled");
        let mut as_manager = wanted(&north);
        as_manager.data.manager_id = Some(gone.user.id);
        assert_eq!(change(&north, &act(), &as_manager, &people(&[&gone])), Err(no_manager()));
        let mut members = wanted(&north);
        members.members = Some(vec![bob.user.id]);
        assert_eq!(change(&north, &act(), &members, &people(&[])), Err(Refused::field("memberIds/0", "reference", "does not exist")));
        members.members = Some((0..21).map(|n| UserId::new(Uuid::from_u128(n))).collect());
        assert!(matches!(members.people(&north), Err(Refused::Limit { .. })));
    }

    #[test]
    fn a_renamed_manager_who_moves_touches_each_team_once() {
        let (north, south) = (TeamId::new(Uuid::from_u128(1)), TeamId::new(Uuid::from_u128(2)));
        let eve = account("Eve", Role::Manager, Some(north)).auth.with_managed(south, true);
        let renamed = Auth { name: "Eva".into(), team_id: Some(south), ..eve.clone() };
        let stamps = stamps(&eve, &renamed);
        assert_eq!(stamps[&north], TeamStamp { members: BTreeMap::from([(eve.user_id, None)]), manager: None });
        let both = TeamStamp { members: BTreeMap::from([(eve.user_id, Some(Member::of(&renamed)))]), manager: Some(Member::of(&renamed)) };
        assert_eq!((stamps.len(), &stamps[&south]), (2, &both));
        assert!(super::stamps(&eve, &eve).is_empty());
    }

    #[test]
    fn a_member_who_is_disabled_is_marked() {
        let bob = account("Bob", Role::SalesRep, Some(TeamId::new(Uuid::from_u128(1))));
        let (gone, _) = bob.disable(&act(), None).expect("disabled");
        let stamp = &stamps(&bob.auth, &gone.auth)[&TeamId::new(Uuid::from_u128(1))];
        assert_eq!(stamp.members[&bob.user.id], Some(Member { name: "Bob".into(), disabled: true }));
    }

    #[test]
    fn a_team_is_deleted_without_active_members_and_the_disabled_leave_it() {
        let (mut north, _) = create(&act(), "North".into(), None);
        let kinds = |change: TeamChange| change.events.iter().map(|event| event.kind).collect::<Vec<_>>();
        assert_eq!(delete(&north, &act(), &BTreeMap::new()).map(kinds), Ok(vec![EventKind::TeamDeleted]));
        let bob = account("Bob", Role::SalesRep, Some(north.id));
        north.derived.members.insert(bob.user.id, Member::of(&bob.auth));
        assert!(matches!(delete(&north, &act(), &people(&[&bob])), Err(Refused::TeamNotEmpty(_))));
        let (gone, _) = bob.disable(&act(), None).expect("disabled");
        north.derived.members.insert(bob.user.id, Member::of(&gone.auth));
        let deleted = delete(&north, &act(), &people(&[&gone])).expect("no active member");
        assert_eq!(deleted.accounts[0].1.user.data.team_id, None);
        assert_eq!(kinds(deleted), [EventKind::UserTeamChanged, EventKind::TeamDeleted]);
    }
}
