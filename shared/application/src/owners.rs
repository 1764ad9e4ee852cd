//! To whom a record may be given: somebody active inside the giver's reach.

use crate::app::App;
use crate::error::Error;
use domain::user::UserStatus;
use domain::{Caller, Owner, Permission, Refused, Scope, UserId};
use futures::future::try_join_all;

/// Whom a record is given to. The caller is chosen before the caller's name is confirmed.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// Who calls.
    Caller,
    /// Somebody else.
    Other(Owner),
}

impl Chosen {
    /// With the name of who calls.
    pub fn owner(self, caller: &Caller) -> Owner {
        match self {
            Self::Caller => Owner::caller(caller),
            Self::Other(owner) => owner,
        }
    }
}

impl App {
    /// Who will own a new record: the caller, or whom the caller names and may name (`Some(None)` is
    /// nobody); `assign` is the permission for naming others and nobody.
    pub async fn new_owner(&self, caller: &Caller, wanted: Option<Option<UserId>>, assign: Permission) -> Result<Option<Chosen>, Error> {
        match wanted {
            None => Ok(Some(Chosen::Caller)),
            Some(Some(id)) if id == caller.id => Ok(Some(Chosen::Caller)),
            Some(wanted) => {
                let scope = caller.scope(assign).ok_or(Error::Forbidden(assign))?;
                match wanted {
                    Some(id) => Ok(Some(self.assignable(caller, id, &scope, "ownerId").await?)),
                    None => Ok(None),
                }
            }
        }
    }

    /// Who will hold a new record of a kind that always has somebody: the caller, or whom the caller
    /// names and may give it to, by the permission to change such records.
    pub async fn new_holder(&self, caller: &Caller, wanted: Option<UserId>, update: Permission, field: &'static str) -> Result<Chosen, Error> {
        match wanted.filter(|id| *id != caller.id) {
            None => Ok(Chosen::Caller),
            Some(id) => {
                let scope = caller.scope(update).ok_or(Error::Forbidden(update))?;
                self.assignable(caller, id, &scope, field).await
            }
        }
    }

    /// A person a record may be given to: the caller, or someone active and inside this scope; else the
    /// field that names the person is refused.
    pub async fn assignable(&self, caller: &Caller, person: UserId, scope: &Scope, field: &'static str) -> Result<Chosen, Error> {
        if person == caller.id {
            return Ok(Chosen::Caller);
        }
        let found = self.usable(person, scope).await?;
        found.map(Chosen::Other).ok_or_else(|| Error::reference(field, "must be an active user inside your reach"))
    }

    /// Those of a list of people who are not active users inside the scope, by their places in the list;
    /// the caller and those who are in it already may stay whatever became of them.
    pub async fn check_people(
        &self,
        caller: &Caller,
        wanted: &[UserId],
        present: &[UserId],
        scope: Option<&Scope>,
        field: &str,
    ) -> Result<(), Error> {
        let looked_up = try_join_all(wanted.iter().map(|id| async {
            match scope {
                _ if present.contains(id) || *id == caller.id => Ok::<_, Error>(true),
                Some(scope) => Ok(self.usable(*id, scope).await?.is_some()),
                None => Ok(false),
            }
        }))
        .await?;
        let wrong = looked_up.iter().enumerate().filter(|(_, usable)| !**usable);
        let fault = |at: usize| domain::FieldFault::new(format!("{field}/{at}"), "reference", "must be an active user inside your reach");
        Ok(Refused::any(wrong.map(|(at, _)| fault(at)).collect())?)
    }

    /// A person who is active and inside this scope.
    async fn usable(&self, person: UserId, scope: &Scope) -> Result<Option<Owner>, Error> {
        let auth = self.store().auth(person).await?;
        let usable = auth.filter(|auth| auth.status == UserStatus::Active && scope.covers_person(person, auth.team_id));
        Ok(usable.map(|auth| Owner { id: person, name: auth.name, team: auth.team_id }))
    }
}
