//! Which leads and customers have the contact data that was refused, as far as the caller may see them.

use crate::app::App;
use domain::{Caller, PartyId, Permission};
use store::FailedCondition;

/// Who has the same contact data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Those inside the caller's reach.
    pub ids: Vec<String>,
    /// How many others there are.
    pub hidden: usize,
}

impl App {
    /// The matches that a refused transaction tells of; `None` where it was refused for something else.
    pub async fn duplicates(&self, caller: &Caller, error: &store::Error) -> Result<Option<Matches>, store::Error> {
        let found = error.duplicates();
        if found.is_empty() || error.is_refused(&FailedCondition::Answered) {
            return Ok(None);
        }
        let mut matches = Matches::default();
        for id in found {
            let (permission, text) = match id {
                PartyId::Lead(id) => (Permission::LeadsRead, id.to_string()),
                PartyId::Customer(id) => (Permission::CustomersRead, id.to_string()),
            };
            let scope = caller.scope(permission);
            match self.party(id).await? {
                Some(party) if scope.as_ref().is_some_and(|scope| party.inside(scope)) => matches.ids.push(text),
                _ => matches.hidden += 1,
            }
        }
        Ok(Some(matches))
    }
}
