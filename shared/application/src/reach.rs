//! Reach: a record comes to a handler only through what the caller's permission covers, and is checked
//! again each time it is read again.

use crate::app::App;
use crate::error::Error;
use crate::subject::Subject;
use domain::activity::About;
use domain::{Access, Entity, Overview, Parent, Party, PartyId, Permission, Reach, Record, Scope, UserId};
use std::ops::Deref;
use store::Stored;

/// What a record is reached for: some are open to more people for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Looking at it.
    Read,
    /// Changing or deleting it.
    Change,
}

/// A record inside the caller's reach. Only [`App::reach`] makes one, and only what was reached can be
/// changed; reading it again checks reach again.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached<E: Entity> {
    record: Record<E>,
    party: Option<Party>,
    scope: Scope,
    purpose: Purpose,
}

impl<E: Entity> Deref for Reached<E> {
    type Target = Record<E>;

    fn deref(&self) -> &Record<E> {
        &self.record
    }
}

impl<E: Entity> Reached<E> {
    /// The lead or customer through which it was reached, where it is reached so.
    pub fn party(&self) -> Option<&Party> {
        self.party.as_ref()
    }

    /// What it is about, as its events need it.
    pub fn about(&self) -> About {
        self.party.as_ref().map_or_else(|| About { label: String::new(), owner: None, team: None }, Party::about)
    }

    /// What the permission covers.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The record, to be shown.
    pub fn into_record(self) -> Record<E> {
        self.record
    }
}

impl App {
    /// The record of this id, if it exists and the scope reaches it for this purpose.
    pub async fn reach<E: Stored>(&self, scope: &Scope, id: E::Id, purpose: Purpose) -> Result<Reached<E>, Error> {
        let record = self.store().get::<E>(id).await?.ok_or(Error::NotFound)?;
        self.check(scope, record, purpose).await
    }

    /// The same, strongly consistent.
    pub(crate) async fn reach_latest<E: Stored>(&self, scope: &Scope, id: E::Id, purpose: Purpose) -> Result<Reached<E>, Error> {
        let record = self.store().get_latest::<E>(id).await?.ok_or(Error::NotFound)?;
        self.check(scope, record, purpose).await
    }

    /// A reached record as it is now, if it is still reached.
    pub(crate) async fn reach_again<E: Stored>(&self, reached: &Reached<E>) -> Result<Reached<E>, Error> {
        self.reach_latest(&reached.scope, reached.record.id, reached.purpose).await
    }

    /// A record inside reach with what stands beside it, read at once.
    pub async fn reach_page<E: Stored>(&self, scope: &Scope, id: E::Id, purpose: Purpose) -> Result<ReachedPage<E>, Error> {
        let overview = async { Ok(self.store().overview(E::KIND, id).await?) };
        let (reached, overview) = tokio::try_join!(self.reach::<E>(scope, id, purpose), overview)?;
        Ok(ReachedPage { reached, overview })
    }

    /// Lets a record through that the scope reaches for this purpose. One that the caller may read all the
    /// same is forbidden, any other is not there.
    pub(crate) async fn check<E: Stored>(&self, scope: &Scope, record: Record<E>, purpose: Purpose) -> Result<Reached<E>, Error> {
        let party = match E::access(&record) {
            Access::Party(party) | Access::PartyThenAuthor(party) => Some(self.party(party).await?.ok_or(Error::NotFound)?),
            _ => None,
        };
        if self.reaches(scope, &record, party.as_ref(), purpose).await? {
            return Ok(Reached { record, party, scope: scope.clone(), purpose });
        }
        let reading = scope.by(scope.permission().reading()).filter(|_| purpose == Purpose::Change);
        match reading {
            Some(reading) if self.reaches(&reading, &record, party.as_ref(), Purpose::Read).await? => Err(Error::Forbidden(scope.permission())),
            _ => Err(Error::NotFound),
        }
    }

    /// Whether the scope reaches a record for this purpose; `party` is what it is reached through.
    async fn reaches<E: Stored>(&self, scope: &Scope, record: &Record<E>, party: Option<&Party>, purpose: Purpose) -> Result<bool, Error> {
        let owned = scope.covers(E::owner(record), E::team(record));
        let through = |scope: &Scope| party.is_some_and(|party| party.inside(scope));
        Ok(match (E::access(record), purpose) {
            (Access::Everyone, _) => true,
            (Access::Owner, Purpose::Read) => record.inside(scope),
            (Access::Owner | Access::OwnerReadThrough(_), Purpose::Change) => owned,
            (Access::OwnerReadThrough(parents) | Access::OwnerOrParents(parents), Purpose::Read) => {
                record.inside(scope) || self.reaches_any(scope, parents).await?
            }
            (Access::OwnerOrParents(parents), Purpose::Change) => owned || self.changes_any(scope, parents).await?,
            (Access::Party(_), _) | (Access::PartyThenAuthor(_), Purpose::Read) => through(scope),
            (Access::PartyThenAuthor(_), Purpose::Change) => {
                let wrote = record.created_by == Some(scope.user());
                let reads = || scope.by(scope.permission().reading()).is_some_and(|scope| through(&scope));
                (scope.reach() != Reach::Own && through(scope)) || (wrote && reads())
            }
        })
    }

    /// A lead or customer as it is now, with the customer that a lead became; `None` when there is none.
    pub(crate) async fn party(&self, id: PartyId) -> Result<Option<Party>, store::Error> {
        let store = self.store();
        let (lead, customer) = match id {
            PartyId::Customer(customer) => (None, Some(customer)),
            PartyId::Lead(lead) => match store.get::<domain::lead::Lead>(lead).await? {
                Some(lead) => {
                    let customer = lead.data.converted_customer_id;
                    (Some(lead), customer)
                }
                None => return Ok(None),
            },
        };
        let customer = match customer {
            Some(customer) => store.get::<domain::customer::Customer>(customer).await?,
            None => None,
        };
        Ok((lead.is_some() || customer.is_some()).then_some(Party { id, lead, customer }))
    }

    /// Whether one of the parents of a record is inside the scope.
    async fn reaches_any(&self, scope: &Scope, parents: Vec<Parent>) -> Result<bool, Error> {
        for parent in parents {
            if self.reaches_parent(scope, parent).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the caller may change a lead or customer among the parents of a record.
    async fn changes_any(&self, scope: &Scope, parents: Vec<Parent>) -> Result<bool, Error> {
        for parent in parents {
            let Parent::Party(id) = parent else { continue };
            let Some(party) = self.party(id).await? else { continue };
            let permission = if party.customer.is_some() { Permission::CustomersUpdate } else { Permission::LeadsUpdate };
            // Whoever works with the pool works with what hangs below it.
            let pooled = party.owner().is_none() && party.inside(scope);
            if pooled || scope.by(permission).is_some_and(|scope| party.inside(&scope)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a parent is inside the scope: as its own page would be opened.
    pub(crate) async fn reaches_parent(&self, scope: &Scope, parent: Parent) -> Result<bool, Error> {
        let store = self.store();
        Ok(match parent {
            Parent::Party(id) => self.party(id).await?.is_some_and(|party| party.inside(scope)),
            Parent::Project(id) => match store.get::<domain::project::Project>(id).await? {
                Some(project) => Box::pin(self.reaches(scope, &project, None, Purpose::Read)).await?,
                None => false,
            },
            Parent::Order(id) => match store.get::<domain::order::Order>(id).await? {
                Some(order) => self.party(PartyId::Customer(order.data.customer_id)).await?.is_some_and(|party| party.inside(scope)),
                None => false,
            },
            Parent::Task(id) => match store.get::<domain::task::Task>(id).await? {
                Some(task) => Box::pin(self.reaches(scope, &task, None, Purpose::Read)).await?,
                None => false,
            },
        })
    }

    /// Whether this person's records can be inside the scope: one's own, those of the teams, or all.
    pub(crate) async fn reaches_person(&self, scope: &Scope, person: UserId) -> Result<bool, Error> {
        Ok(match scope.reach() {
            _ if person == scope.user() => true,
            Reach::All => true,
            Reach::Own => false,
            Reach::Team => self.store().auth(person).await?.is_some_and(|auth| scope.covers_person(person, auth.team_id)),
        })
    }
}

impl<E: Stored> Subject for Reached<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.reach_again(self).await
    }

    fn same(&self, other: &Self) -> bool {
        self.rev == other.rev
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}

impl Subject for Party {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.party(self.id).await?.ok_or_else(|| Error::reference(self.id.field(), "does not exist or is outside your reach"))
    }

    fn same(&self, other: &Self) -> bool {
        let revs = |party: &Self| (party.lead.as_ref().map(|lead| lead.rev), party.customer.as_ref().map(|customer| customer.rev));
        revs(self) == revs(other)
    }
}

/// A record inside the caller's reach with what stands beside it.
#[derive(Debug, Clone)]
pub struct ReachedPage<E: Entity> {
    /// The record.
    pub reached: Reached<E>,
    /// What stands beside it.
    pub overview: Overview,
}

impl<E: Stored> Subject for ReachedPage<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        let overview = async { Ok(app.store().overview(E::KIND, self.reached.record.id).await?) };
        let (reached, overview) = tokio::try_join!(app.reach_again(&self.reached), overview)?;
        Ok(Self { reached, overview })
    }

    fn same(&self, other: &Self) -> bool {
        self.reached.same(&other.reached)
    }

    fn version(&self) -> Option<u64> {
        self.reached.version()
    }
}

/// A record as it is now, whatever the reach, or its absence: what workers decide on.
#[derive(Debug, Clone, PartialEq)]
pub struct Unscoped<E: Stored> {
    id: E::Id,
    record: Option<Record<E>>,
}

impl<E: Stored> Unscoped<E> {
    /// The record, if it is there.
    pub fn record(&self) -> Option<&Record<E>> {
        self.record.as_ref()
    }
}

impl App {
    /// A record as it is now, whatever the reach: for workers.
    pub async fn unscoped_record<E: Stored>(&self, id: E::Id) -> Result<Unscoped<E>, Error> {
        Ok(Unscoped { id, record: self.store().get_latest::<E>(id).await? })
    }
}

impl<E: Stored> Subject for Unscoped<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.unscoped_record(self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        self.record.as_ref().map(|record| record.rev) == other.record.as_ref().map(|record| record.rev)
    }
}
