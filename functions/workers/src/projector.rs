//! The projector: keeps what is derived from records: what they are found by, the latest contact and
//! next follow-up of leads and customers, and the figures of dashboards.
//!
//! It reads each record as it is now, so repeated and late deliveries change nothing.

use crate::failure::{Failure, answer, park_work, repeated, stream_batch};
use crate::{Interest, Trigger, Worker};
use application::App;
use aws_lambda_events::dynamodb::{EventRecord, StreamRecord};
use domain::activity::Activity;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::order::Order;
use domain::product::Product;
use domain::project::Project;
use domain::promotion::Promotion;
use domain::task::Task;
use domain::text::TextValue;
use domain::user::User;
use domain::{Entity, PartyId, Record};
use futures::FutureExt;
use futures::lock::Mutex;
use messaging::Work;
use messaging::batch::guarded;
use serde_json::Value;
use store::found::standing;
use store::item::Stored;
use store::{Action, FIGURED, Key, Store};

/// Its name.
const NAME: &str = "projector";

/// Records from which something is derived.
pub const INTEREST: Interest = Interest::Records(&[
    Customer::KIND,
    User::KIND,
    Lead::KIND,
    Project::KIND,
    Product::KIND,
    Promotion::KIND,
    Campaign::KIND,
    Order::KIND,
    Activity::KIND,
    FollowUp::KIND,
    Task::KIND,
]);

/// The declaration.
pub const WORKER: Worker = Worker {
    name: NAME,
    about: "Keeps what records are found by, latest contacts, next follow-ups and the figures of dashboards in step with the records",
    trigger: Trigger::Stream(INTEREST),
    actions: &[Action::Get, Action::BatchGet, Action::QueryTable, Action::Put, Action::BatchWrite, Action::Update, Action::Delete, Action::Check],
    needs: &[],
    handle: |app, event| run(app, event).boxed(),
};

async fn run(app: &App, event: Value) -> Result<Value, Failure> {
    let counted = Mutex::new(Counted::default());
    let project_one = |record: EventRecord| async {
        let (figured, number) = (figured(app, &record)?, record.change.sequence_number.clone());
        project_all_but_figures(app, record).await?;
        if let Some(key) = figured {
            counted.lock().await.push((key, number));
        }
        Ok(())
    };
    let mut failed = stream_batch(app, NAME, event, project_one).await?;
    let counted = counted.into_inner();
    let keys: Vec<Key> = counted.iter().map(|(key, _)| key.clone()).collect();
    if let Err(failure) = count_all(app, &keys).await {
        application::log::fault(NAME, &failure.to_string());
        failed.batch_item_failures.extend(counted.into_iter().map(|(_, number)| repeated(number)));
    }
    answer(&failed)
}

/// Records of a batch whose figures have to follow, with their numbers in the stream.
type Counted = Vec<(Key, Option<String>)>;

/// Lets the figures follow the records of a batch, all together. A record that cannot be counted is parked by itself; an error means
/// that trying again can help.
async fn count_all(app: &App, keys: &[Key]) -> Result<(), Failure> {
    let together = guarded(async { Ok::<_, String>(count_figures(app, keys).await) }).await;
    match together {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) if failure.may_pass() => return Err(failure),
        Ok(Err(_)) | Err(_) => {}
    }
    for key in keys {
        let cause = match guarded(async { Ok::<_, String>(count_figures(app, std::slice::from_ref(key)).await) }).await {
            Ok(Ok(())) => continue,
            Ok(Err(failure)) if failure.may_pass() => return Err(failure),
            Ok(Err(failure)) => failure.to_string(),
            Err(panic) => panic,
        };
        park_work(app, NAME, cause, &Work::Count { kind: key.sk.clone(), pk: key.pk.clone() }).await?;
    }
    Ok(())
}

async fn count_figures(app: &App, keys: &[Key]) -> Result<(), Failure> {
    Ok(app.count_figures(keys).await?)
}

/// The record whose figures have to follow, if it is one that adds to figures and the change is one of what it adds.
fn figured(app: &App, record: &EventRecord) -> Result<Option<Key>, Failure> {
    let key = Store::key_of_image(&record.change.keys);
    if !FIGURED.contains(&key.sk.as_str()) || ran_out(record) {
        return Ok(None);
    }
    let (old, new) = (record.change.old_image.clone(), record.change.new_image.clone());
    Ok(Store::changes_figures(old, new, &app.config.zone)?.then_some(key))
}

/// Whether an item ran out of time, so that nobody deleted it.
fn ran_out(record: &EventRecord) -> bool {
    record.user_identity.as_ref().is_some_and(|identity| identity.principal_id == "dynamodb.amazonaws.com")
}

/// Projects one stream record.
pub async fn project(app: &App, record: EventRecord) -> Result<(), Failure> {
    let figured = figured(app, &record)?;
    project_all_but_figures(app, record).await?;
    count_figures(app, figured.as_slice()).await
}

/// What is derived of one record alone.
async fn project_all_but_figures(app: &App, record: EventRecord) -> Result<(), Failure> {
    if ran_out(&record) {
        return Ok(());
    }
    let record = record.change;
    let key = Store::key_of_image(&record.keys);
    match key.sk.as_str() {
        Customer::KIND => rows::<Customer>(app, &key, record).await,
        User::KIND => rows::<User>(app, &key, record).await,
        Product::KIND => rows::<Product>(app, &key, record).await,
        Promotion::KIND => rows::<Promotion>(app, &key, record).await,
        Campaign::KIND => rows::<Campaign>(app, &key, record).await,
        Project::KIND => rows::<Project>(app, &key, record).await,
        Lead::KIND => rows::<Lead>(app, &key, record).await,
        Order::KIND => {
            let buyer = |order: &Record<Order>| vec![PartyId::Customer(order.data.customer_id)];
            let shown = |order: &Record<Order>| (order.data.status.counts(), order.data.placed_at, order.data.total_minor.get());
            dates::<Order, _>(app, record, buyer, shown).await
        }
        Activity::KIND => {
            let contact = |activity: &Record<Activity>| activity.parties().filter(|_| activity.data.kind.is_contact()).collect();
            dates::<Activity, _>(app, record, contact, |activity| activity.data.occurred_at).await
        }
        FollowUp::KIND => {
            let pending = |follow_up: &Record<FollowUp>| follow_up.party().filter(|_| follow_up.is_open()).into_iter().collect();
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

/// Follows a change of a record that is found by more than its list, if it touches where its rows stand.
async fn rows<E: Stored>(app: &App, key: &Key, record: StreamRecord) -> Result<(), Failure> {
    let (old, new) = images::<E>(record)?;
    let stands = |record: &Option<Record<E>>| record.as_ref().and_then(|record| standing(&record.row));
    if stands(&old) == stands(&new) {
        return Ok(());
    }
    app.unscoped().refind::<E>(id_of::<E>(key)?, old.as_ref().map(|record| &record.row)).await?;
    Ok(())
}

/// The id in the key of a record.
fn id_of<E: Entity>(Key { pk, .. }: &Key) -> Result<E::Id, Failure> {
    let id = pk.split_once('#').map(|(_, id)| id).unwrap_or_default();
    E::Id::read(id).map_err(|invalid| Failure::Nonsense(format!("{pk}: {}", invalid.message)))
}

/// Derives anew everything that is derived of a record, whatever was derived before. Of what was found by something that it has no
/// more a row may be left, which lists pass over.
pub(crate) async fn anew(app: &App, key: &Key) -> Result<(), Failure> {
    async fn refind<E: Stored>(app: &App, key: &Key) -> Result<(), Failure> {
        app.unscoped().refind::<E>(id_of::<E>(key)?, None).await?;
        Ok(())
    }
    match key.sk.as_str() {
        Customer::KIND => {
            refind::<Customer>(app, key).await?;
            app.refresh_customer(id_of::<Customer>(key)?).await?;
        }
        Lead::KIND => {
            refind::<Lead>(app, key).await?;
            app.refresh_lead(id_of::<Lead>(key)?).await?;
        }
        User::KIND => refind::<User>(app, key).await?,
        Product::KIND => refind::<Product>(app, key).await?,
        Promotion::KIND => refind::<Promotion>(app, key).await?,
        Campaign::KIND => refind::<Campaign>(app, key).await?,
        Project::KIND => refind::<Project>(app, key).await?,
        Order::KIND => {
            let order = app.unscoped().get_latest::<Order>(id_of::<Order>(key)?).await?;
            refresh(app, order.iter().map(|order| PartyId::Customer(order.data.customer_id)).collect()).await?;
        }
        Activity::KIND => {
            let activity = app.unscoped().get_latest::<Activity>(id_of::<Activity>(key)?).await?;
            refresh(app, activity.iter().flat_map(|activity| activity.parties()).collect()).await?;
        }
        FollowUp::KIND => {
            let follow_up = app.unscoped().get_latest::<FollowUp>(id_of::<FollowUp>(key)?).await?;
            refresh(app, follow_up.iter().filter_map(|follow_up| follow_up.party()).collect()).await?;
        }
        _ => {}
    }
    count_figures(app, std::slice::from_ref(key)).await
}

/// Puts the dates of leads and customers into their rows.
async fn refresh(app: &App, parties: Vec<PartyId>) -> Result<(), Failure> {
    for party in parties {
        match party {
            PartyId::Lead(lead) => app.refresh_lead(lead).await?,
            PartyId::Customer(customer) => app.refresh_customer(customer).await?,
        }
    }
    Ok(())
}

/// Follows a change of something with a date that its leads and customers show: at each of them where
/// its counting or the date changed.
async fn dates<E: Stored, T: PartialEq>(
    app: &App,
    record: StreamRecord,
    parties: impl Fn(&Record<E>) -> Vec<PartyId>,
    date: impl Fn(&Record<E>) -> T,
) -> Result<(), Failure> {
    let (old, new) = images::<E>(record)?;
    let shown =
        |image: Option<Record<E>>| image.map_or_else(Vec::new, |record| parties(&record).into_iter().map(|party| (party, date(&record))).collect());
    let (before, after) = (shown(old), shown(new));
    let gone = before.iter().filter(|shown| !after.contains(shown));
    let new = after.iter().filter(|shown| !before.contains(shown));
    let mut concerned: Vec<PartyId> = gone.chain(new).map(|(party, _)| *party).collect();
    concerned.sort_unstable();
    concerned.dedup();
    refresh(app, concerned).await
}
