//! Owners: to whom a record belongs, and what becomes of it when that changes.

use crate::customer::Customer;
use crate::event::{Act, Event};
use crate::id::{TeamId, UserId};
use crate::reach::Caller;
use crate::record::{Entity, Record, Row};
use crate::time::Time;

/// Who is to own a record: id, name and team at the time of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub id: UserId,
    /// The user's name.
    pub name: String,
    /// The user's team.
    pub team: Option<TeamId>,
}

impl Owner {
    /// The caller as an owner.
    pub fn caller(caller: &Caller) -> Self {
        Self { id: caller.id, name: caller.name.clone(), team: caller.team }
    }
}

/// The two stamp functions of [`Owned`], for derived fields with `team_id` and `owner_name`.
macro_rules! stamps {
    () => {
        fn stamp(derived: &mut Self::Derived, owner: Option<&$crate::owner::Owner>) {
            derived.team_id = owner.and_then(|owner| owner.team);
            derived.owner_name = owner.map(|owner| owner.name.clone());
        }

        fn stamped(derived: &Self::Derived) -> (Option<$crate::id::TeamId>, Option<&str>) {
            (derived.team_id, derived.owner_name.as_deref())
        }
    };
}
pub(crate) use stamps;

/// A changed record with its events; `None` when nothing changed.
pub type Change<E> = Option<(Record<E>, Vec<Event>)>;

/// A record that belongs to somebody, stamped with the owner's name and team.
pub trait Owned: Entity {
    /// Whether it can belong to nobody.
    const POOLED: bool;

    /// Whether it goes where its customer goes, and not with whoever leaves.
    const FOLLOWS: bool = false;

    /// Puts an owner's stamps on the derived fields.
    fn stamp(derived: &mut Self::Derived, owner: Option<&Owner>);

    /// The stamps as they stand: the owner's team and name.
    fn stamped(derived: &Self::Derived) -> (Option<TeamId>, Option<&str>);

    /// Gives the record of a disabled user to somebody else, or to nobody where that is possible;
    /// `None` where it stays: closed work, or what belongs to that owner already.
    fn hand_over(record: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self>;
}

/// What hangs below a customer and belongs to whom the customer belongs: orders and transactions.
pub trait Follower: Owned {
    /// Puts the customer's owner on the derived fields.
    fn set_owner(derived: &mut Self::Derived, owner: Option<UserId>);
}

/// Whether a record is elsewhere than its customer.
pub fn strays<E: Follower>(row: &Row<E>, customer: &Row<Customer>) -> bool {
    (E::owner(row), E::stamped(&row.derived)) != (Customer::owner(customer), Customer::stamped(&customer.derived))
}

/// A record where its customer belongs; `None` when it is there.
pub fn beside<E: Follower>(record: &Record<E>, customer: &Row<Customer>) -> Option<Record<E>> {
    strays(record, customer).then(|| {
        let mut next = record.clone();
        let (team, name) = Customer::stamped(&customer.derived);
        let owner = Customer::owner(customer).map(|id| Owner { id, name: name.unwrap_or_default().to_owned(), team });
        E::set_owner(&mut next.derived, owner.as_ref().map(|owner| owner.id));
        E::stamp(&mut next.derived, owner.as_ref());
        next
    })
}

/// Work on a lead or customer that somebody holds: follow-ups and tasks.
pub trait Held: Owned {
    /// Since when its present owner has it.
    fn held_since(row: &Row<Self>) -> Time;

    /// Notes since when.
    fn hold_since(derived: &mut Self::Derived, since: Time);
}

/// What becomes of work on a lead or customer that was given away at a moment: what is open and was
/// held by the former owner then goes to who owns the lead or customer now. `None` where it stays:
/// with third people, closed, or given to the former owner anew since.
pub fn follow<E: Held>(work: &Record<E>, act: &Act, former: UserId, given: Time, owner: &Owner) -> Change<E> {
    if !follows(work, former, given) || owner.id == former {
        return None;
    }
    let (mut next, events) = E::hand_over(work, act, Some(owner))?;
    // As if it had been given then, so that whoever gives the lead or customer on after that finds it here.
    E::hold_since(&mut next.derived, given);
    Some((next, events))
}

/// Whether a row shows work that the former owner held at that moment.
pub fn follows<E: Held>(work: &Row<E>, former: UserId, given: Time) -> bool {
    E::owner(work) == Some(former) && E::held_since(work) <= given
}
