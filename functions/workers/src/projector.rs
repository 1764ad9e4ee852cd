//! The projector: keeps what is derived from records: what they are found by, and the latest contact and
//! next follow-up of leads and customers.
//!
//! It reads each record as it is now, so repeated and late deliveries change nothing.

use crate::failure::Failure;
use crate::failure::stream_batch;
use crate::{Interest, Trigger, Worker};
use application::App;
use aws_lambda_events::dynamodb::{EventRecord, StreamRecord};
use domain::activity::Activity;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::project::Project;
use domain::text::TextValue;
use domain::user::User;
use domain::{Entity, PartyId, Record};
use futures::FutureExt;
use messaging::Work;
use serde_json::Value;
use store::found::standing;
use store::item::Stored;
use store::{Action, Key, Store};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "projector",
    about: "Keeps what records are found by, latest contacts and next follow-ups in step with the records",
    trigger: Trigger::Stream(Interest::Records(&[Customer::KIND, User::KIND, Lead::KIND, Project::KIND, Activity::KIND, FollowUp::KIND])),
    actions: &[Action::Get, Action::QueryTable, Action::Put, Action::BatchWrite, Action::Update, Action::Check],
    needs: &[],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    stream_batch(app, WORKER.name, event, |record| Work::Project { record }, |record| project(app, record)).await
}

/// Projects one stream record.
pub async fn project(app: &App, record: EventRecord) -> Result<(), Failure> {
    // An item that ran out of time was not deleted by anyone.
    if record.user_identity.is_some_and(|identity| identity.principal_id == "dynamodb.amazonaws.com") {
        return Ok(());
    }
    let record = record.change;
    let key = Store::key_of_image(&record.keys);
    match key.sk.as_str() {
        Customer::KIND => rows::<Customer>(app, &key, record).await.map(drop),
        User::KIND => rows::<User>(app, &key, record).await.map(drop),
        Project::KIND => rows::<Project>(app, &key, record).await.map(drop),
        Lead::KIND => {
            let (old, new) = rows::<Lead>(app, &key, record).await?;
            let became = |lead: &Record<Lead>| lead.data.converted_customer_id;
            match (old.as_ref().and_then(became), new.as_ref().and_then(became)) {
                (None, Some(customer)) => Ok(app.refresh_customer(customer).await?),
                _ => Ok(()),
            }
        }
        Activity::KIND => {
            let contact = |activity: &Record<Activity>| activity.party().filter(|_| activity.data.kind.is_contact());
            dates::<Activity, _>(app, record, contact, |activity| activity.data.occurred_at).await
        }
        FollowUp::KIND => {
            let pending = |follow_up: &Record<FollowUp>| follow_up.party().filter(|_| follow_up.is_open());
            dates::<FollowUp, _>(app, record, pending, |follow_up| follow_up.data.due_at).await
        }
        _ => Ok(()),
    }
}

/// A record before and after a change.
type Images<E> = (Option<Record<E>>, Option<Record<E>>);

fn images<E: Stored>(record: StreamRecord) -> Result<Images<E>, Failure> {
    Ok((Store::record_of_image(record.old_image)?, Store::record_of_image(record.new_image)?))
}

/// Follows a change of a record that is found by more than its list, if it touches where its rows stand;
/// gives the record before and after.
async fn rows<E: Stored>(app: &App, key: &Key, record: StreamRecord) -> Result<Images<E>, Failure> {
    let (old, new) = images::<E>(record)?;
    let stands = |record: &Option<Record<E>>| record.as_ref().and_then(|record| standing(&record.row));
    if stands(&old) == stands(&new) {
        return Ok((old, new));
    }
    let pk = &key.pk;
    let id = pk.split_once('#').map(|(_, id)| id).unwrap_or_default();
    let id = E::Id::read(id).map_err(|invalid| Failure::Nonsense(format!("{pk}: {}", invalid.message)))?;
    app.unscoped().refind::<E>(id, old.as_ref().map(|record| &record.row)).await?;
    Ok((old, new))
}

/// Follows a change of something with a date that its leads and customers show, if the party, its
/// counting or the date changed.
async fn dates<E: Stored, T: PartialEq>(
    app: &App,
    record: StreamRecord,
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
            PartyId::Lead(lead) => app.refresh_lead(lead).await?,
            PartyId::Customer(customer) => app.refresh_customer(customer).await?,
        }
    }
    Ok(())
}
