//! The bootstrap: makes the signing keys and the first administrator when a stack is created, and
//! rotates the keys when the template's `KeyRotation` changes. Started by a custom resource of the
//! template, so `sam deploy` needs no step by hand.

use crate::failure::Failure;
use crate::{Need, Trigger, Worker};
use application::App;
use application::tokens::{make_keys, random};
use domain::Role;
use domain::password::{self, Password};
use domain::text::TextValue;
use domain::user::{UserData, UserText, register};
use domain::value::Email;
use futures::FutureExt;
use serde_json::{Value, json};
use store::Action;
use store::Tx;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "bootstrap",
    about: "Makes the signing keys and the first administrator",
    trigger: Trigger::CustomResource,
    actions: &[Action::Get, Action::Put, Action::Update],
    needs: &[Need::Secret, Need::Credentials, Need::Cpu],
    handle: |app, event| run(app, event).boxed(),
};

/// Handles a CloudFormation custom resource event and answers it at its `ResponseURL`.
async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let outcome = match event["RequestType"].as_str() {
        // Removing the stack removes the secret and, if it is not retained, the table.
        Some("Delete") => Ok(()),
        Some(kind) => set_up(app, kind == "Update").await,
        None => Err(Failure::Nonsense("not a custom resource event".into())),
    };
    if let Err(failure) = &outcome {
        application::log::fault("bootstrap", &failure.to_string());
    }
    let answer = json!({
        "Status": if outcome.is_ok() { "SUCCESS" } else { "FAILED" },
        "Reason": outcome.as_ref().err().map_or_else(|| "done".to_owned(), |failure| domain::value::cut(&failure.to_string(), 400)),
        "PhysicalResourceId": event["PhysicalResourceId"].as_str().unwrap_or("crm-bootstrap"),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    });
    if let Some(url) = event["ResponseURL"].as_str() {
        aws::put(url, answer.to_string()).await.map_err(|error| Failure::Nonsense(error.to_string()))?;
    }
    outcome.map(|()| answer)
}

/// Keys, and the first administrator as the environment names it.
async fn set_up(app: &App, rotate: bool) -> Result<(), Failure> {
    make_keys(app.unscoped(), app.secrets()?, app.clock.now(), rotate).await?;
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (read("BOOTSTRAP_ADMIN_EMAIL"), read("BOOTSTRAP_ADMIN_PASSWORD")) {
        (Some(email), Some(password)) => {
            let wrong = |invalid: domain::text::Invalid| Failure::Nonsense(format!("the first administrator: {}", invalid.message));
            first_admin(app, Email::read(&email).map_err(wrong)?, &Password::new(&password).map_err(wrong)?, true).await
        }
        _ => Ok(()),
    }
}

/// Registers the first administrator, if nobody has the address yet.
pub async fn first_admin(app: &App, email: Email, password: &Password, must_change_password: bool) -> Result<(), Failure> {
    if app.unscoped().user_of_login(email.as_str()).await?.is_some() {
        return Ok(());
    }
    let data = UserData { must_change_password, ..UserData::new(email, Role::Admin) };
    let weak = |invalid: domain::text::Invalid| Failure::Nonsense(format!("the first administrator: the password {}", invalid.message));
    password.check_strength(&data.known_words()).map_err(weak)?;
    let hash = password::hash(password, &random()?).map_err(|e| Failure::Nonsense(e.to_string()))?;
    let (user, sign_in, event) = register(&app.act(), data, UserText::default(), hash);
    let mut tx = Tx::new();
    tx.register(&user, &sign_in, &event);
    match app.unscoped().commit(tx).await {
        // Made by a run that was repeated: there already is what was to be made.
        Err(store::Error::Refused(_)) => Ok(()),
        done => Ok(done?),
    }
}
