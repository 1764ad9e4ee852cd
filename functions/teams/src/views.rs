//! What is answered about teams and roles.

use contract::views::NamedUser;
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
    derived TeamDerived {} hidden { members, manager_name }
    computed {
        manager: Option<NamedUser> = |team| manager(team),
        /// By name.
        members: Vec<TeamMember> = |team| members(team),
    }
}

fn manager(team: &Row<Team>) -> Option<NamedUser> {
    NamedUser::of(team.data.manager_id, Some(team.derived.manager_name.as_deref().unwrap_or_default()))
}

fn members(team: &Row<Team>) -> Vec<TeamMember> {
    let shown = |(id, member): (&UserId, &Member)| TeamMember { id: *id, name: member.name.clone(), disabled: member.disabled };
    let mut members: Vec<TeamMember> = team.derived.members.iter().map(shown).collect();
    members.sort_by_cached_key(|member| (member.name.to_lowercase(), member.id));
    members
}

contract::answer! {
    /// Somebody in a team.
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
