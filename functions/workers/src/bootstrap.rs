//! The bootstrap: makes the signing keys and the first administrator when a stack is created, and
//! rotates the keys when the template's `KeyRotation` changes. Started by a custom resource of the
//! template, so `sam deploy` needs no step by hand.

use crate::ports::{Failure, Ports};
use crate::{Need, Trigger, Worker};
use api::Action;
use api::tokens::{make_keys, random};
use domain::Role;
use domain::input::TextValue;
use domain::password::{self, Password};
use domain::user::{UserData, UserStatus, UserText, register};
use domain::value::Email;
use futures::FutureExt;
use serde_json::{Value, json};
use store::Tx;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "bootstrap",
    about: "Makes the signing keys and the first administrator",
    trigger: Trigger::CustomResource,
    actions: &[Action::Get, Action::Put, Action::Update],
    needs: &[Need::Secret, Need::Cpu],
    handle: |ports, event| run(ports, event).boxed(),
};

/// Handles a CloudFormation custom resource event and answers it at its `ResponseURL`.
async fn run(ports: &Ports, event: Value) -> Result<Value, Failure> {
    let outcome = match event["RequestType"].as_str() {
        // Removing the stack removes the secret and, if it is not retained, the table.
        Some("Delete") => Ok(()),
        Some(kind) => set_up(ports, kind == "Update").await,
        None => Err(Failure::Nonsense("not a custom resource event".into())),
    };
    if let Err(failure) = &outcome {
        api::log::fault("bootstrap", &failure.to_string());
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
async fn set_up(ports: &Ports, rotate: bool) -> Result<(), Failure> {
    make_keys(&ports.store, ports.secrets()?, ports.clock.now(), rotate).await?;
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (read("BOOTSTRAP_ADMIN_EMAIL"), read("BOOTSTRAP_ADMIN_PASSWORD")) {
        (Some(email), Some(password)) => {
            let wrong = |invalid: domain::input::Invalid| Failure::Nonsense(format!("the first administrator: {}", invalid.message));
            first_admin(ports, Email::read(&email).map_err(wrong)?, &Password::new(&password).map_err(wrong)?, true).await
        }
        _ => Ok(()),
    }
}

/// Registers the first administrator, if nobody has the address yet.
pub async fn first_admin(ports: &Ports, email: Email, password: &Password, must_change_password: bool) -> Result<(), Failure> {
    if ports.store.user_of_login(email.as_str()).await?.is_some() {
        return Ok(());
    }
    let hash = password::hash(password, &random()?).map_err(|e| Failure::Nonsense(e.to_string()))?;
    let data = UserData {
        email,
        username: None,
        first_name: None,
        last_name: None,
        phone: None,
        role: Role::Admin,
        team_id: None,
        status: UserStatus::Active,
        must_change_password,
        locale: None,
    };
    let (user, auth, event) = register(&ports.act(), data, UserText::default(), hash);
    let mut tx = Tx::new();
    tx.register(&user, &auth, &event);
    match ports.store.commit(tx).await {
        // Made by a run that was repeated: there already is what was to be made.
        Err(store::Error::Refused(_)) => Ok(()),
        done => Ok(done?),
    }
}
