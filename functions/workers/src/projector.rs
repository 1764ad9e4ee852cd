//! The projector: keeps what is derived from records: the search words, and the latest contact and
//! next follow-up of leads and customers.
//!
//! It reads each record as it is now, so repeated and late deliveries change nothing.

use crate::failure::Failure;
use crate::failure::stream_batch;
use crate::{Interest, Trigger, Worker};
use application::App;
use domain::activity::Activity;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::project::Project;
use domain::text::TextValue;
use domain::user::User;
use domain::{Entity, PartyId, Record};
use futures::FutureExt;
use serde_json::Value;
use store::Action;
use store::Store;
use store::item::Stored;
use store::search::{Searchable, Standing};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "projector",
    about: "Keeps search words, latest contacts and next follow-ups in step with the records",
    trigger: Trigger::Stream(Interest::Records(&[Customer::KIND, User::KIND, Lead::KIND, Project::KIND, Activity::KIND, FollowUp::KIND])),
    actions: &[Action::Get, Action::BatchGet, Action::QueryTable, Action::Put, Action::Update, Action::Delete, Action::Check],
    needs: &[],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    stream_batch(app, WORKER.name, event, |record| project(app, record)).await
}

/// Projects one stream record.
pub async fn project(app: &App, record: Value) -> Result<(), Failure> {
    // An item that ran out of time was not deleted by anyone.
    if record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com" {
        return Ok(());
    }
    let kind = record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        Customer::KIND => words::<Customer>(app, &record).await.map(drop),
        User::KIND => words::<User>(app, &record).await.map(drop),
        Project::KIND => words::<Project>(app, &record).await.map(drop),
        Lead::KIND => {
            let (old, new) = words::<Lead>(app, &record).await?;
            let became = |lead: &Record<Lead>| lead.data.converted_customer_id;
            match (old.as_ref().and_then(became), new.as_ref().and_then(became)) {
                (None, Some(customer)) => Ok(app.unscoped().refresh_customer(customer).await?),
                _ => Ok(()),
            }
        }
        Activity::KIND => {
            let contact = |activity: &Record<Activity>| activity.party().filter(|_| activity.data.kind.is_contact());
            dates::<Activity, _>(app, &record, contact, |activity| activity.data.occurred_at).await
        }
        FollowUp::KIND => {
            let pending = |follow_up: &Record<FollowUp>| follow_up.party().filter(|_| follow_up.is_open());
            dates::<FollowUp, _>(app, &record, pending, |follow_up| follow_up.data.due_at).await
        }
        _ => Ok(()),
    }
}

/// A record before and after a change.
type Images<E> = (Option<Record<E>>, Option<Record<E>>);

fn images<E: Stored>(record: &Value) -> Result<Images<E>, Failure> {
    let image = |name: &str| -> Result<Option<Record<E>>, Failure> {
        match &record["dynamodb"][name] {
            Value::Null => Ok(None),
            image => Ok(Some(Store::record_of_image(image.clone())?)),
        }
    };
    Ok((image("OldImage")?, image("NewImage")?))
}

/// Follows a change of a searchable record, if it touches what the words or values depend on; gives
/// the record before and after.
async fn words<E: Searchable>(app: &App, record: &Value) -> Result<Images<E>, Failure> {
    let (old, new) = images::<E>(record)?;
    let stands = |record: &Record<E>| Standing::of::<E>(&record.row);
    if old.as_ref().map(stands) == new.as_ref().map(stands) {
        return Ok((old, new));
    }
    let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default();
    let id = pk.split_once('#').map(|(_, id)| id).unwrap_or_default();
    let id = E::Id::read(id).map_err(|invalid| Failure::Nonsense(format!("{pk}: {}", invalid.message)))?;
    app.unscoped().reindex::<E>(id).await?;
    Ok((old, new))
}

/// Follows a change of something with a date that its leads and customers show, if the party, its
/// counting or the date changed.
async fn dates<E: Stored, T: PartialEq>(
    app: &App,
    record: &Value,
    party: impl Fn(&Record<E>) -> Option<PartyId>,
    date: impl Fn(&Record<E>) -> T,
) -> Result<(), Failure> {
    let (old, new) = images::<E>(record)?;
    let seen = |image: &Option<Record<E>>| image.as_ref().and_then(|record| party(record).map(|party| (party, date(record))));
    let (before, after) = (seen(&old), seen(&new));
    if before == after {
        return Ok(());
    }
    let mut parties: Vec<PartyId> = before.into_iter().chain(after).map(|(party, _)| party).collect();
    parties.dedup();
    for party in parties {
        match party {
            PartyId::Lead(lead) => app.unscoped().refresh_lead(lead).await?,
            PartyId::Customer(customer) => app.unscoped().refresh_customer(customer).await?,
        }
    }
    Ok(())
}
