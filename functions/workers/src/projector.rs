//! The projector: keeps what is derived from records, here the search words.
//!
//! It reads each record as it is now, so repeated and late deliveries change nothing.

use crate::failure::stream_batch;
use crate::ports::{Failure, Ports};
use crate::{Interest, Trigger, Worker};
use api::Action;
use domain::customer::Customer;
use domain::input::TextValue;
use domain::user::User;
use domain::{Entity, Record};
use futures::FutureExt;
use serde_json::Value;
use store::Store;
use store::search::Searchable;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "projector",
    about: "Keeps search words in step with the records",
    trigger: Trigger::Stream(Interest::Records(&[Customer::KIND, User::KIND])),
    actions: &[Action::Get, Action::Query, Action::Put, Action::Delete],
    needs: &[],
    handle: |ports, event| run(ports, event).boxed(),
};

async fn run(ports: &Ports, event: Value) -> Result<Value, Failure> {
    stream_batch(ports, WORKER.name, event, |record| project(ports, record)).await
}

/// Projects one stream record.
pub async fn project(ports: &Ports, record: Value) -> Result<(), Failure> {
    let kind = record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        Customer::KIND => follow::<Customer>(ports, &record).await,
        User::KIND => follow::<User>(ports, &record).await,
        _ => Ok(()),
    }
}

/// Follows a change of a searchable record, if it touches what the words depend on.
async fn follow<E: Searchable>(ports: &Ports, record: &Value) -> Result<(), Failure> {
    // An item that ran out of time was not deleted by anyone.
    if record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com" {
        return Ok(());
    }
    let image = |name: &str| -> Result<Option<Record<E>>, Failure> {
        match &record["dynamodb"][name] {
            Value::Null => Ok(None),
            image => Ok(Some(Store::record_of_image(image.clone())?)),
        }
    };
    let (old, new) = (image("OldImage")?, image("NewImage")?);
    let depends_on = |record: &Record<E>| (E::words(record), E::state(record), E::owner(record), E::team(record));
    if old.as_ref().map(depends_on) == new.as_ref().map(depends_on) {
        return Ok(());
    }
    let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default();
    let id = pk.split_once('#').map(|(_, id)| id).unwrap_or_default();
    let id = E::Id::read(id).map_err(|invalid| Failure::Nonsense(format!("{pk}: {}", invalid.message)))?;
    ports.store.reindex::<E>(id).await?;
    Ok(())
}
