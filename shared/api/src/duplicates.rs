//! The answer to a duplicate: which leads and customers have the same contact data, as far as the
//! caller may see them.

use crate::call::CommitError;
use crate::party::Party;
use crate::problem::{Code, Problem, Stop};
use crate::{App, Scoped};
use domain::{PartyId, Permission};
use serde_json::json;

/// Turns a refused claim of contact data into 409 with `matches`; other errors stay as they are.
pub async fn explain(app: &App, who: &Scoped, error: CommitError) -> Stop {
    let error = match error {
        CommitError::Store(error) => error,
        CommitError::Stop(stop) => return stop,
    };
    let found = error.duplicates();
    if found.is_empty() || error.is_refused(&store::Refusal::Answered) {
        return error.into();
    }
    let (mut visible, mut hidden) = (Vec::new(), 0);
    for id in found {
        let (permission, text) = match id {
            PartyId::Lead(id) => (Permission::LeadsRead, id.to_string()),
            PartyId::Customer(id) => (Permission::CustomersRead, id.to_string()),
        };
        let scope = who.signed.caller.scope(permission);
        match Party::find(&app.store, id).await {
            Ok(Some(party)) if scope.as_ref().is_some_and(|scope| party.inside(scope)) => visible.push(text),
            Ok(_) => hidden += 1,
            Err(error) => return error.into(),
        }
    }
    let detail = "A lead or customer with this e-mail address or phone number exists; allowDuplicate=true saves it all the same";
    Problem::new(Code::Duplicate, detail).with("matches", json!({"ids": visible, "hidden": hidden})).into()
}
