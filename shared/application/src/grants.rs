//! What roles are granted, read from the table and kept for ten seconds.

use crate::kept::Kept;
use domain::permission::RoleGrants;
use domain::{Grants, Role, Time};
use std::collections::HashMap;
use std::sync::RwLock;
use store::Store;

/// What the roles that can be changed are granted.
#[derive(Debug, Clone)]
pub struct GrantsOfRoles {
    pub(crate) manager: Grants,
    pub(crate) rep: Grants,
}

impl GrantsOfRoles {
    /// What a role is granted.
    pub fn of(&self, role: Role) -> Grants {
        match role {
            Role::Admin => Grants::default_for(role),
            Role::Manager => self.manager.clone(),
            Role::SalesRep => self.rep.clone(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct GrantsCache {
    known: RwLock<HashMap<Role, Kept<Grants>>>,
}

impl GrantsCache {
    /// The grants as far as they are known without asking: possibly a little old.
    pub(crate) fn presumed(&self, role: Role) -> Grants {
        let known = self.known.read().ok().and_then(|known| known.get(&role).map(|kept| kept.value.clone()));
        known.unwrap_or_else(|| Grants::default_for(role))
    }

    /// The grants in force.
    pub(crate) async fn get(&self, store: &Store, role: Role, now: Time) -> Result<Grants, store::Error> {
        if role == Role::Admin {
            return Ok(Grants::default_for(role));
        }
        if let Some(grants) = self.known.read().ok().and_then(|known| known.get(&role)?.fresh(now).cloned()) {
            return Ok(grants);
        }
        let grants = Grants::held_by(role, store.get::<RoleGrants>(role).await?.as_ref());
        self.put(role, grants.clone(), now);
        Ok(grants)
    }

    /// Notes grants that this process just wrote.
    pub(crate) fn put(&self, role: Role, grants: Grants, now: Time) {
        if let Ok(mut known) = self.known.write() {
            known.insert(role, Kept::new(grants, now));
        }
    }
}
