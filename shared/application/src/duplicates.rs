//! Who has the contact data or the unique value that was refused, as far as the caller may see them.

use crate::app::App;
use crate::error::Error;
use crate::reach::Purpose;
use domain::transaction::Transaction;
use domain::{Caller, PartyId, Permission};
use futures::future::try_join_all;
use store::{FailedCondition, UniqueHolder};

/// Who has the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Those inside the caller's reach, twenty at most.
    pub ids: Vec<String>,
    /// How many others there are at least, out of reach or beyond the twenty.
    pub hidden: usize,
}

impl App {
    /// The users, teams, products and transactions that have the unique values which a refused transaction wanted.
    pub async fn unique_holders(&self, caller: &Caller, error: &store::Error) -> Result<Matches, Error> {
        let mut matches = Matches::default();
        for holder in error.unique_holders() {
            let seen = match (holder, caller.scope(Permission::UsersRead)) {
                (Some(UniqueHolder::User(id)), Some(scope)) => self.reaches_person(&scope, id).await?.then(|| id.to_string()),
                (Some(UniqueHolder::Team(id)), _) => caller.scope(Permission::TeamsRead).map(|_| id.to_string()),
                (Some(UniqueHolder::Transaction(id)), _) => match caller.scope(Permission::TransactionsRead) {
                    Some(scope) => match self.reach::<Transaction>(&scope, id, Purpose::Read).await {
                        Err(Error::NotFound) => None,
                        found => Some(found?.id.to_string()),
                    },
                    None => None,
                },
                (Some(UniqueHolder::Promotion(id)), _) => caller.scope(Permission::PromotionsRead).map(|_| id.to_string()),
                (Some(UniqueHolder::Product(id)), _) => caller.scope(Permission::ProductsRead).map(|_| id.to_string()),
                _ => None,
            };
            match seen {
                // One may have both the address and the name.
                Some(id) if matches.ids.contains(&id) => {}
                Some(id) => matches.ids.push(id),
                None => matches.hidden += 1,
            }
        }
        Ok(matches)
    }

    /// The matches that a refused transaction tells of; `None` where it was refused for something else.
    pub async fn duplicates(&self, caller: &Caller, error: &store::Error) -> Result<Option<Matches>, store::Error> {
        if error.duplicate_fields().is_empty() || error.is_refused(&FailedCondition::Answered) {
            return Ok(None);
        }
        let found = self.store().matching(error).await?;
        let parties = try_join_all(found.ids.iter().map(|id| self.party(*id))).await?;
        let mut matches = Matches { ids: Vec::new(), hidden: found.more };
        for (id, party) in found.ids.into_iter().zip(parties) {
            let (permission, text) = match id {
                PartyId::Lead(id) => (Permission::LeadsRead, id.to_string()),
                PartyId::Customer(id) => (Permission::CustomersRead, id.to_string()),
            };
            let scope = caller.scope(permission);
            match party {
                Some(party) if scope.as_ref().is_some_and(|scope| party.inside(scope)) => matches.ids.push(text),
                _ => matches.hidden += 1,
            }
        }
        Ok(Some(matches))
    }
}
