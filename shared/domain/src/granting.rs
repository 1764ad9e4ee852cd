//! Nobody grants, makes or becomes more than he is.
//!
//! Owns: what somebody may make of others and of roles, beyond the permission to do so at all. Does not
//! own: who holds which permission ([`crate::permission`]).

use crate::id::UserId;
use crate::permission::{Grant, Grants, Role};
use crate::reach::Caller;
use crate::refused::Refused;

/// Refuses to make somebody of this role who may do more than the caller, or to act in the name of one.
pub fn may_make(caller: &Caller, role: Role, grants: &Grants) -> Result<(), Refused> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    if role == Role::Admin {
        return Err(Refused::Beyond("Only an ADMIN creates, promotes or changes an ADMIN".to_owned()));
    }
    match caller.grants.lacks(grants.iter()) {
        Some(grant) => Err(Refused::Beyond(format!("{role} may do more than you: {grant}"))),
        None => Ok(()),
    }
}

/// Refuses to move somebody between teams, or otherwise change somebody, who may do more than the caller; and
/// to move the caller, whose team decides what `_team` reaches.
pub fn may_place(caller: &Caller, person: UserId, role: Role, grants: &Grants) -> Result<(), Refused> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    if person == caller.id {
        return Err(Refused::Beyond("Nobody but an ADMIN changes the own team, or manages another one".to_owned()));
    }
    may_make(caller, role, grants)
}

/// Refuses another role for the caller, whoever that is.
pub fn may_move(caller: &Caller, of_caller: bool, from: Role, to: Role, grants: &Grants) -> Result<(), Refused> {
    if from == to {
        return Ok(());
    }
    if of_caller {
        return Err(Refused::Beyond(format!("Nobody changes the own role, which is {from}")));
    }
    may_make(caller, to, grants)
}

/// Refuses a change of what the caller's own role is granted, and to give or take grants that the caller does
/// not hold as widely: who is poorer for a moment could be taken over. What the role holds may stay.
pub fn may_grant(caller: &Caller, role: Role, held: &Grants, wanted: &[Grant]) -> Result<(), Refused> {
    if caller.role == role {
        return Err(Refused::Beyond(format!("Nobody changes what the own role is granted, which is {role}")));
    }
    let added = wanted.iter().filter(|grant| held.reach(grant.permission) < Some(grant.reach));
    let wanted = Grants::of(wanted.iter().copied());
    let taken: Vec<Grant> = held.iter().filter(|grant| wanted.reach(grant.permission) < Some(grant.reach)).copied().collect();
    match caller.grants.lacks(added.chain(&taken)) {
        Some(grant) => Err(Refused::Beyond(format!("You do not hold {grant} yourself"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn caller(role: Role, grants: Grants) -> Caller {
        Caller { id: UserId::new(Uuid::from_u128(1)), name: "Ann".into(), role, team: None, managed: vec![], grants }
    }

    /// For everything that can be granted, whoever does not hold it can neither grant it nor make somebody who
    /// has it, and whoever does can.
    #[test]
    fn nothing_that_can_be_granted_comes_from_somebody_without_it() {
        let nothing = Grants::of([]);
        for grant in Grant::catalogue() {
            let others = Grant::catalogue().into_iter().filter(|other| other.permission != grant.permission || other.reach < grant.reach);
            let (without, with) = (Grants::of(others), Grants::of(Grant::catalogue()));
            let has_it = Grants::of([grant]);
            for (grants, may) in [(without, false), (with, true)] {
                let manager = caller(Role::Manager, grants);
                for role in [Role::SalesRep, Role::Manager] {
                    assert_eq!(may_make(&manager, role, &has_it).is_ok(), may, "{grant}");
                }
                assert_eq!(may_grant(&manager, Role::SalesRep, &nothing, &[grant]).is_ok(), may, "{grant}");
                assert!(may_grant(&manager, Role::SalesRep, &has_it, &[grant]).is_ok(), "what is there may stay: {grant}");
                assert_eq!(may_grant(&manager, Role::SalesRep, &has_it, &[]).is_ok(), may, "and be taken away by who has it: {grant}");
                assert!(may_grant(&manager, Role::Manager, &has_it, &[]).is_err(), "but not from oneself: {grant}");
                assert!(may_make(&manager, Role::Admin, &Grants::default_for(Role::Admin)).is_err(), "{grant}");
                assert_eq!(may_place(&manager, UserId::nobody(), Role::SalesRep, &has_it).is_ok(), may, "{grant}");
                assert!(may_place(&manager, manager.id, Role::Manager, &nothing).is_err(), "{grant}");
                assert!(may_move(&manager, true, Role::Manager, Role::SalesRep, &nothing).is_err(), "{grant}");
            }
        }
    }

    #[test]
    fn an_administrator_makes_anybody_and_stays_one() {
        let admin = caller(Role::Admin, Grants::default_for(Role::Admin));
        for role in [Role::Admin, Role::Manager, Role::SalesRep] {
            let grants = Grants::default_for(role);
            assert!(may_make(&admin, role, &grants).is_ok() && may_move(&admin, false, Role::Admin, role, &grants).is_ok());
            assert_eq!(may_move(&admin, true, Role::Admin, role, &grants).is_ok(), role == Role::Admin);
        }
        assert!(may_grant(&admin, Role::Manager, &Grants::of([]), &Grant::catalogue()).is_ok());
    }
}
