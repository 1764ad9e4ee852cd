//! What is answered about teams and roles.

use api::views::NamedUser;
use domain::permission::RoleGrants;
use domain::team::Team;
use domain::{Grants, Record, Role, TeamId, Time, UserId};

domain::answer! {
    /// A team with its people.
    pub struct TeamOut {
        pub id: TeamId,
        pub name: String,
        pub manager_id: Option<UserId>,
        pub manager: Option<NamedUser>,
        /// By name.
        pub members: Vec<NamedUser>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<Team>> for TeamOut {
    fn from(team: Record<Team>) -> Self {
        let manager_name = team.kept.manager_name.unwrap_or_default();
        let mut members: Vec<NamedUser> = team.kept.members.into_iter().map(|(id, name)| NamedUser { id, name }).collect();
        members.sort_by_cached_key(|member| (member.name.to_lowercase(), member.id));
        Self {
            id: team.id,
            name: team.data.name,
            manager_id: team.data.manager_id,
            manager: team.data.manager_id.map(|id| NamedUser { id, name: manager_name }),
            members,
            created_at: team.created_at,
            updated_at: team.updated_at,
            created_by: team.created_by,
            version: team.version,
        }
    }
}

domain::answer! {
    /// A role with what it is granted.
    pub struct RoleOut {
        pub code: Role,
        pub description: String,
        /// `*` is everything.
        pub permissions: Vec<String>,
        /// 0 while the role has its defaults.
        pub version: u64,
    }
}

impl RoleOut {
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
