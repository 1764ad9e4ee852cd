//! What is answered about teams and roles.

use domain::permission::RoleGrants;
use domain::team::{Member, Team, TeamData, TeamDerived};
use domain::{Grants, Record, Role, Row, UserId};

contract::row! {
    /// A team with its people.
    pub struct TeamOut of Team, ()
    data TeamData {
        name: String,
        manager_id: Option<UserId>,
    } hidden {}
    derived TeamDerived {} hidden { members, manager }
    computed {
        manager: Option<TeamMember> = |team| manager(team),
        /// By name.
        members: Vec<TeamMember> = |team| members(team),
    }
}

fn person(id: UserId, member: &Member) -> TeamMember {
    TeamMember { id, name: member.name.clone(), disabled: member.disabled }
}

fn manager(team: &Row<Team>) -> Option<TeamMember> {
    team.data.manager_id.zip(team.derived.manager.as_ref()).map(|(id, manager)| person(id, manager))
}

fn members(team: &Row<Team>) -> Vec<TeamMember> {
    let mut members: Vec<TeamMember> = team.derived.members.iter().map(|(id, member)| person(*id, member)).collect();
    members.sort_by_cached_key(|member| (member.name.to_lowercase(), member.id));
    members
}

contract::answer! {
    /// Somebody of a team.
    pub struct TeamMember {
        pub id: UserId,
        pub name: String,
        /// Whether the user is disabled.
        pub disabled: bool,
    }
}

contract::answer! {
    /// A role with what it is granted.
    pub struct GrantedRole {
        pub code: Role,
        pub description: String,
        /// `*` is everything.
        pub permissions: Vec<String>,
        /// 0 while the role has its defaults.
        pub version: u64,
    }
}

impl GrantedRole {
    /// A role as it stands; without a record it has its defaults.
    pub(crate) fn of(role: Role, stored: Option<&Record<RoleGrants>>) -> Self {
        Self {
            code: role,
            description: role.description().to_owned(),
            permissions: Grants::held_by(role, stored).scopes(),
            version: stored.map_or(0, |record| record.version),
        }
    }
}
