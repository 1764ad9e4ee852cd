//! Stored forms that change: what the release before stored is read, changed and brought into the present form.

mod fixture;
mod requests;
mod runs;
mod sources;

use crate::faults::Faults;
use local::Table;
use serde_json::{Value, json};
use store::migrations::{MIGRATIONS, shape_of};
use tests::Crm;
use tests::items::Raw;

/// A CRM without workers on what the release before left.
async fn as_left(table: Table) -> Crm {
    fixture::load(&table).await;
    Crm::bare(table, None).await.expect("opens")
}

/// The same on a table in memory.
async fn left() -> Crm {
    as_left(Table::memory().expect("memory")).await
}

/// The same on one that faults can be put before.
async fn left_with_faults() -> (Crm, std::sync::Arc<Faults>) {
    let (table, faults) = Faults::table();
    (as_left(table).await, faults)
}

/// What begins a migration.
fn begin(name: &str) -> Value {
    json!({"task": "migrate", "name": name})
}

/// Hands a message of this id to the worker; whether it was done.
async fn hand(crm: &Crm, id: &str, body: &Value) -> bool {
    let record =
        json!({"messageId": id, "body": body.to_string(), "attributes": {"ApproximateReceiveCount": "1"}, "eventSourceARN": "arn:aws:sqs:r:1:work"});
    crm.hand("work", json!({"Records": [record]})).await == json!({"batchItemFailures": []})
}

/// Every migration from its beginning to its end, without the projector.
async fn migrate(crm: &Crm) {
    for migration in MIGRATIONS {
        carry_out(crm, migration.name).await;
    }
}

/// The migration of this name, to its end.
async fn carry_out(crm: &Crm, name: &str) {
    assert!(hand(crm, &format!("begin {name}"), &begin(name)).await, "{name}");
    assert!(!progress(crm, name, "RUN").await["finishedAt"].is_null(), "one piece does for so little");
}

/// How far a migration is; null before it began.
async fn progress(crm: &Crm, name: &str, run: &str) -> Value {
    let items = crm.items_of("MIGRATION").await;
    let found = items.iter().find(|item| item.text("pk") == format!("MIGRATION#{name}") && item.text("sk") == run);
    found.map_or(Value::Null, |item| item.at("data").clone())
}

/// The four numbers of a run.
fn numbers(progress: &Value) -> [u64; 4] {
    ["looked", "changed", "skipped", "failed"].map(|name| progress[name].as_u64().unwrap_or_default())
}

/// A partition without its shard: `ALL~3#…` as `ALL#…`. What is written anew goes to its shard, where a table is spread.
fn plain(partition: &str) -> String {
    match partition.split_once('#') {
        Some((scope, rest)) => format!("{}#{rest}", scope.split('~').next().unwrap_or_default()),
        None => partition.to_owned(),
    }
}

/// Whether an item is one of a record, or a row of one.
fn is_record(item: &Raw) -> bool {
    store::MIGRATED.contains(&kind(item))
}

/// The kind of record that an item is of.
fn kind(item: &Raw) -> &str {
    item.text("pk").split('#').next().filter(|_| item.at("head").is_object()).unwrap_or_default()
}

/// Whether a record is stored in the present shape of its kind; what has only one needs no mark.
fn is_present(item: &Raw) -> bool {
    let present = u64::from(shape_of(kind(item)));
    present == 1 || (item.at("v") == &json!(present) && &item.at("head")["s"] == item.at("rev"))
}
