//! Reach: which records a caller's permission covers.

use crate::id::{TeamId, UserId};
use crate::permission::{Grants, Permission, Role};
use crate::user::Auth;
use std::sync::Arc;

/// How far a permission goes. The order is the widening: own, team, all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Records that are the caller's.
    Own,
    /// Records of the caller's team and of the teams the caller manages.
    Team,
    /// Every record.
    All,
}

impl Reach {
    /// The ending of a granted permission's name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Own => "_own",
            Self::Team => "_team",
            Self::All => "_all",
        }
    }
}

/// Who is calling: an active user with a live session, and what the role may do right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub id: UserId,
    /// The name shown in events.
    pub name: String,
    /// The user's role.
    pub role: Role,
    /// The user's team.
    pub team: Option<TeamId>,
    /// The teams the user manages.
    pub managed: Vec<TeamId>,
    /// What the role is granted.
    pub grants: Grants,
}

impl Caller {
    /// Who somebody is as the sign-in state says.
    pub fn of(auth: &Auth, grants: Grants) -> Self {
        Self { id: auth.user_id, name: auth.name.clone(), role: auth.role, team: auth.team_id, managed: auth.managed.clone(), grants }
    }

    /// What of a permission the caller holds; `None` where the permission is missing. Nothing else
    /// makes a [`Scope`].
    pub fn scope(&self, permission: Permission) -> Option<Scope> {
        let reach = self.grants.reach(permission)?;
        let mut teams: Vec<TeamId> = self.team.iter().chain(&self.managed).copied().collect();
        teams.sort_unstable();
        teams.dedup();
        Some(Scope { caller: Arc::new(self.clone()), permission, reach, teams, pool: reach == Reach::Team && permission.covers_pool() })
    }
}

/// A permission's reach, made concrete for one caller: the only thing that opens a record. It comes
/// from [`Caller::scope`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    caller: Arc<Caller>,
    permission: Permission,
    reach: Reach,
    teams: Vec<TeamId>,
    pool: bool,
}

impl Scope {
    /// The permission it is of.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// What another permission of the caller covers; `None` where the caller does not hold it.
    pub fn by(&self, permission: Permission) -> Option<Self> {
        self.caller.scope(permission)
    }

    /// How far.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The caller.
    pub fn user(&self) -> UserId {
        self.caller.id
    }

    /// The caller's own team.
    pub fn own_team(&self) -> Option<TeamId> {
        self.caller.team
    }

    /// The caller's own and managed teams, sorted.
    pub fn teams(&self) -> &[TeamId] {
        &self.teams
    }

    /// Whether records without an owner are inside.
    pub fn covers_pool(&self) -> bool {
        self.pool || self.reach == Reach::All
    }

    /// The same for the caller's own records alone.
    #[must_use]
    pub fn own(&self) -> Self {
        self.at_most(Reach::Own)
    }

    /// The same, no further than this.
    #[must_use]
    pub fn at_most(&self, reach: Reach) -> Self {
        let reach = self.reach.min(reach);
        Self { reach, pool: reach == Reach::Team && self.permission.covers_pool(), ..self.clone() }
    }

    /// Whether a record with this owner and team is inside.
    pub fn covers(&self, owner: Option<UserId>, team: Option<TeamId>) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own => owner == Some(self.user()),
            Reach::Team => {
                owner == Some(self.user())
                    || (owner.is_some() && team.is_some_and(|team| self.teams.contains(&team)))
                    || (owner.is_none() && self.pool)
            }
        }
    }

    /// Whether this user may be given a record: themselves, someone of the teams, or anyone.
    pub fn covers_person(&self, person: UserId, team: Option<TeamId>) -> bool {
        self.covers(Some(person), team)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        UserId::new(Uuid::from_u128(n))
    }

    fn team(n: u128) -> TeamId {
        TeamId::new(Uuid::from_u128(n))
    }

    fn caller(role: Role) -> Caller {
        Caller { id: user(1), name: "Ann".into(), role, team: Some(team(1)), managed: vec![team(2)], grants: Grants::default_for(role) }
    }

    #[test]
    fn a_manager_reaches_own_and_managed_teams_and_the_pool() {
        let scope = caller(Role::Manager).scope(Permission::CustomersRead).expect("held");
        assert!(scope.covers(Some(user(9)), Some(team(1))));
        assert!(scope.covers(Some(user(9)), Some(team(2))));
        assert!(scope.covers(None, None));
        assert!(scope.covers(Some(user(1)), None));
        assert!(!scope.covers(Some(user(9)), Some(team(3))));
        assert!(!scope.covers(Some(user(9)), None));
    }

    #[test]
    fn updating_customers_does_not_reach_the_pool() {
        let scope = caller(Role::Manager).scope(Permission::CustomersUpdate).expect("held");
        assert!(!scope.covers(None, None));
    }

    #[test]
    fn a_rep_reaches_own_records_only() {
        let scope = caller(Role::SalesRep).scope(Permission::CustomersRead).expect("held");
        assert!(scope.covers(Some(user(1)), Some(team(3))));
        assert!(!scope.covers(Some(user(9)), Some(team(1))));
        assert!(!scope.covers(None, None));
    }
}
