//! The answer to a duplicate: which customers have the same contact data, as far as the caller may
//! see them.

use api::problem::Code;
use api::{App, Problem, Scoped, Stop};
use domain::Permission;
use domain::customer::Customer;
use serde_json::json;

/// Turns a refused claim of contact data into 409 with `matches`; other errors stay as they are.
pub(crate) async fn explain(app: &App, who: &Scoped, error: store::Error) -> Stop {
    let ids = error.duplicates();
    if ids.is_empty() || error.is_refused(&store::Refusal::Answered) {
        return error.into();
    }
    let scope = who.signed.caller.scope(Permission::CustomersRead);
    let mut visible = Vec::new();
    for id in &ids {
        match app.store.get::<Customer>(*id).await {
            Ok(Some(found)) if scope.as_ref().is_some_and(|scope| found.inside(scope)) => visible.push(*id),
            Ok(_) => {}
            Err(error) => return error.into(),
        }
    }
    let hidden = ids.len() - visible.len();
    let detail = "Another customer has this e-mail address or phone number; allowDuplicate=true saves it all the same";
    Problem::new(Code::Duplicate, detail).with("matches", json!({"ids": visible, "hidden": hidden})).into()
}
