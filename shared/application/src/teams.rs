//! Teams with the people who change with them: the manager, and those who come and go.

use crate::app::App;
use crate::error::Error;
use crate::grants::GrantsOfRoles;
use crate::reach::{Purpose, Reached};
use crate::subject::Subject;
use domain::account::Account;
use domain::event::Act;
use domain::granting::may_place;
use domain::team::{self, Team, TeamChange, TeamWanted};
use domain::user::Auth;
use domain::{Caller, Refused, Scope, TeamId, UserId};
use std::collections::BTreeMap;

/// Who is to manage a new team: the sign-in state lists the teams that somebody manages.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    id: UserId,
    scope: Scope,
    auth: Option<Auth>,
}

impl Candidate {
    /// The sign-in state, if it can be a manager's.
    pub fn manager(&self) -> Result<&Auth, Refused> {
        team::manager(self.auth.as_ref())
    }
}

/// What a change sets of a team, as it was sent; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TeamPatch {
    /// The name.
    pub name: Option<String>,
    /// The manager, or nobody.
    pub manager_id: Option<Option<UserId>>,
    /// The whole set of members.
    pub members: Option<Vec<UserId>>,
}

impl TeamPatch {
    /// What it makes of a team.
    fn wanted(&self, team: &Reached<Team>) -> TeamWanted {
        let mut data = team.data.clone();
        if let Some(name) = &self.name {
            data.name.clone_from(name);
        }
        if let Some(manager) = self.manager_id {
            data.manager_id = manager;
        }
        TeamWanted { data, members: self.members.clone() }
    }
}

/// A team inside reach with a change of it, and the accounts of all whom that concerns: whoever may
/// change a team may move anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamPeople {
    team: Reached<Team>,
    patch: TeamPatch,
    accounts: BTreeMap<UserId, Account>,
}

impl TeamPeople {
    /// The team.
    pub fn team(&self) -> &Reached<Team> {
        &self.team
    }

    /// Refuses a change that moves the caller, or somebody who may do more.
    pub fn check_movable(&self, caller: &Caller, grants: &GrantsOfRoles) -> Result<(), Refused> {
        let people = self.accounts.values().map(|account| &account.user);
        people.map(|user| (user.id, user.data.role)).try_for_each(|(id, role)| may_place(caller, id, role, &grants.of(role)))
    }

    /// Refuses people who do not exist or cannot manage.
    pub fn check_named(&self) -> Result<(), Refused> {
        let wanted = self.patch.wanted(&self.team);
        wanted.people(&self.team)?;
        team::check_people(&self.team, &wanted, &self.accounts)
    }

    /// What the change means; `None` when it is so already.
    pub fn change(&self, act: &Act) -> Result<Option<TeamChange>, Refused> {
        let wanted = self.patch.wanted(&self.team);
        wanted.people(&self.team)?;
        team::change(&self.team, act, &wanted, &self.accounts)
    }

    /// What deleting the team means.
    pub fn delete(&self, act: &Act) -> Result<TeamChange, Refused> {
        team::delete(&self.team, act, &self.accounts)
    }
}

impl App {
    /// The team of this id, strongly consistent: what a change does not touch is answered from it.
    pub async fn reach_team(&self, scope: &Scope, id: TeamId) -> Result<Reached<Team>, Error> {
        self.reach_latest(scope, id, Purpose::Change).await
    }

    /// Who is to manage a new team, if the scope reaches anybody of this id.
    pub async fn candidate(&self, scope: &Scope, id: UserId) -> Result<Candidate, Error> {
        let auth = self.store().auth(id).await?.filter(|auth| scope.covers_person(id, auth.team_id));
        Ok(Candidate { id, scope: scope.clone(), auth })
    }

    /// A team with all its people, to be deleted.
    pub async fn team_to_delete(&self, team: Reached<Team>) -> Result<TeamPeople, Error> {
        self.team_people(team, TeamPatch { manager_id: Some(None), members: Some(Vec::new()), ..TeamPatch::default() }).await
    }

    /// A team with those whom a change of it concerns. More than can change at once are not looked at:
    /// they are refused when it is decided.
    pub async fn team_people(&self, team: Reached<Team>, patch: TeamPatch) -> Result<TeamPeople, Error> {
        let people = patch.wanted(&team).people(&team).unwrap_or_default();
        let accounts = self.store().accounts(people).await?;
        Ok(TeamPeople { team, patch, accounts })
    }
}

impl Subject for Candidate {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.candidate(&self.scope, self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        rev(self.auth.as_ref()) == rev(other.auth.as_ref())
    }
}

impl Subject for TeamPeople {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.team_people(app.reach_again(&self.team).await?, self.patch.clone()).await
    }

    fn same(&self, other: &Self) -> bool {
        let revs = |people: &Self| people.accounts.iter().map(|(id, account)| (*id, account.user.rev, account.auth.rev)).collect::<Vec<_>>();
        self.team.same(&other.team) && revs(self) == revs(other)
    }

    fn version(&self) -> Option<u64> {
        self.team.version()
    }
}

fn rev(auth: Option<&Auth>) -> Option<u64> {
    auth.map(|auth| auth.rev)
}
