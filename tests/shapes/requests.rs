//! Requests on what the release before left: every GET route and a PATCH of each kind, before its records are brought
//! into the present shape, amid that and after it.

use super::fixture::{self, demo_person};
use super::{begin, hand, is_present, is_record, kind, left_with_faults, migrate, progress};
use crate::faults::Faults;
use local::Fault;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::migrations::MIGRATIONS;
use tests::background::{Post, settle};
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person};

/// How far the run is when requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Amid,
    After,
}

const STAGES: [Stage; 3] = [Stage::Before, Stage::Amid, Stage::After];

/// What the release before left, as far brought into the present shape, and the workers at their posts since before that.
async fn at(stage: Stage) -> (Crm, Vec<Post>) {
    let (crm, faults) = left_with_faults().await;
    let posts = crm.posts().await;
    match stage {
        Stage::Before => {}
        Stage::After => migrate(&crm).await,
        Stage::Amid => halfway(&crm, &faults).await,
    }
    let old = crm.items().await.iter().filter(|item| is_record(item) && !is_present(item)).count();
    assert_eq!((old > 0, progress(&crm, MIGRATIONS[0].name, "RUN").await.is_null()), (stage != Stage::After, stage == Stage::Before));
    (crm, posts)
}

/// Every migration dies after some of its records.
async fn halfway(crm: &Crm, faults: &Arc<Faults>) {
    for migration in MIGRATIONS {
        let writes = AtomicU32::new(0);
        faults.before(move |operation| match (operation.role, operation.name.as_str()) {
            (Some("work"), "TransactWriteItems") if writes.fetch_add(1, Ordering::SeqCst) >= 2 => Err(Fault::access_denied("TransactWriteItems")),
            _ => Ok(()),
        });
        assert!(!hand(crm, migration.name, &begin(migration.name)).await, "it died");
        faults.none();
    }
}

/// The collections with the kinds of their records, and a field that a PATCH changes.
const COLLECTIONS: [(&str, &str, &str); 9] = [
    ("/customers", "CUSTOMER", "company"),
    ("/leads", "LEAD", "company"),
    ("/activities", "ACTIVITY", "outcome"),
    ("/follow-ups", "FOLLOWUP", "notes"),
    ("/tasks", "TASK", "title"),
    ("/projects", "PROJECT", "name"),
    ("/worklogs", "WORKLOG", "description"),
    ("/users", "USER", "lastName"),
    ("/teams", "TEAM", "name"),
];

/// GET routes that are of no collection.
const WITHOUT_RECORDS: [&str; 21] = [
    "/auth/me",
    "/auth/sessions",
    "/settings",
    "/message-templates",
    "/customer-levels",
    "/roles",
    "/permissions",
    "/notifications",
    "/products",
    "/promotions",
    "/campaigns",
    "/orders",
    "/transactions",
    "/messages",
    "/feed",
    "/admin/jobs",
    "/dashboard",
    "/dashboard/me",
    "/admin/dead-letters",
    "/health",
    "/health/ready",
];

/// A record of the fixture: the path of its own, its item's `data` and version.
struct Left {
    path: String,
    kind: &'static str,
    field: &'static str,
    data: Value,
    version: Value,
}

/// The records of the fixture by the collection.
async fn records(crm: &Crm) -> Vec<Left> {
    let items = crm.items().await;
    let mut found = Vec::new();
    for (collection, kind, field) in COLLECTIONS {
        for item in items.iter().filter(|item| item.text("type") == kind) {
            let id = item.text("pk").split_once('#').map(|(_, id)| id).unwrap_or_default();
            let (data, version) = (item.at("data").clone(), item.at("version").clone());
            found.push(Left { path: format!("{collection}/{id}"), kind, field, data, version });
        }
    }
    found
}

/// The paths of every GET route but those of one record, whose ids are filled in from the fixture.
fn lists(records: &[Left], admin: &Person) -> Vec<String> {
    let first = |kind: &str| {
        let path = &records.iter().find(|record| record.kind == kind).expect("one of each").path;
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let mut paths: Vec<String> = ["/customers", "/leads"]
        .iter()
        .flat_map(|list| {
            [format!("{list}?limit=100"), format!("{list}?limit=100&archived=true"), format!("{list}?sort=name&limit=100"), format!("{list}?q=wayne")]
        })
        .collect();
    paths.extend(["/follow-ups", "/tasks", "/projects", "/worklogs", "/users", "/teams"].map(|list| format!("{list}?limit=100")));
    for status in ["NEW", "CONTACTED", "QUALIFIED", "CLOSED", "CONVERTED"] {
        paths.push(format!("/leads?status={status}&limit=100"));
    }
    for source in ["website", "referral", "Trade%20Fair"] {
        paths.push(format!("/leads?source={source}&status=NEW&limit=100"));
    }
    paths.push(format!("/leads?ownerId={}", admin.id));
    paths.push(format!("/activities?createdBy={}&limit=100", first("USER")));
    for kind in ["LEAD", "CUSTOMER"] {
        let field = if kind == "LEAD" { "leadId" } else { "customerId" };
        for record in records.iter().filter(|record| record.kind == kind) {
            let id = record.path.rsplit('/').next().unwrap_or_default();
            paths.extend(["activities", "follow-ups", "tasks"].map(|list| format!("/{list}?{field}={id}&limit=100")));
        }
    }
    paths
}

/// What an answer says of the records, without the moment at which it was given.
fn said(body: &Value) -> Value {
    let mut body = body.clone();
    for volatile in ["requestId", "meta"] {
        if let Some(map) = body.as_object_mut() {
            map.remove(volatile);
        }
    }
    body
}

#[tokio::test]
async fn every_get_route_answers_alike_before_amid_and_after() {
    let mut answers: Vec<BTreeMap<String, Value>> = Vec::new();
    for stage in STAGES {
        let (crm, _) = at(stage).await;
        let admin = demo_person(&crm, "admin").await;
        let records = records(&crm).await;
        let mut answered = BTreeMap::new();
        for record in records.iter().filter(|record| record.kind != "WORKLOG") {
            let answer = admin.get(&record.path).await.expect(200);
            assert_eq!(answer.data()["version"], record.version, "{stage:?} {}", record.path);
            for (name, value) in record.data.as_object().expect("a map") {
                let shown = answer.data().get(name);
                assert!(shown.is_none_or(|shown| shown == value), "{stage:?} {}: {name} is {shown:?}, stored as {value}", record.path);
            }
            // Who signed in just now shows it.
            if record.kind != "USER" {
                answered.insert(record.path.clone(), said(&answer.body));
            }
        }
        for path in lists(&records, &admin) {
            let answer = admin.get(&path).await.expect(200);
            if !path.starts_with("/users") {
                answered.insert(path, said(&answer.body));
            }
        }
        for (collection, kind, _) in COLLECTIONS.iter().filter(|(_, kind, _)| *kind != "ACTIVITY") {
            let archived = if ["CUSTOMER", "LEAD"].contains(kind) { admin.ids(&format!("{collection}?archived=true")).await.len() } else { 0 };
            let (listed, stored) = (admin.ids(collection).await.len() + archived, records.iter().filter(|record| record.kind == *kind).count());
            assert_eq!(listed, stored, "{stage:?} {collection}");
        }
        for path in WITHOUT_RECORDS {
            assert!(admin.get(path).await.status == 200, "{stage:?} {path}");
        }
        answers.push(answered);
    }
    for (path, before) in &answers[0] {
        for (stage, later) in STAGES.iter().zip(&answers).skip(1) {
            assert_eq!(later.get(path), Some(before), "{stage:?} {path}");
        }
    }
}

#[tokio::test]
async fn every_get_route_is_asked() {
    let (crm, _) = left_with_faults().await;
    let admin = demo_person(&crm, "admin").await;
    let records = records(&crm).await;
    let mut asked: BTreeSet<String> = lists(&records, &admin).iter().map(|path| path.split('?').next().unwrap_or_default().to_owned()).collect();
    asked.extend(COLLECTIONS.iter().filter(|(_, kind, _)| *kind != "WORKLOG").map(|(collection, ..)| format!("{collection}/{{id}}")));
    asked.extend(WITHOUT_RECORDS.map(str::to_owned));
    // Of which the release before had none.
    asked.extend(
        [
            "/products/{id}",
            "/orders/{id}",
            "/promotions/{id}",
            "/campaigns/{id}",
            "/campaigns/{id}/preview",
            "/messages/{id}",
            "/customers/{id}/promotions",
        ]
        .map(str::to_owned),
    );
    // What stands in no table.
    asked.extend(["/docs", "/openapi.json", "/unsubscribe/{token}"].map(str::to_owned));
    let routes = local::routes().into_iter().flat_map(|(_, routes)| routes).filter(|route| route.method == "GET");
    let missing: Vec<&str> = routes.map(|route| route.path).filter(|path| !asked.contains(*path)).collect();
    assert!(missing.is_empty(), "GET routes that are not tried on what the release before left: {missing:?}");
}

#[tokio::test]
async fn a_change_of_each_kind_stores_the_present_shape_before_amid_and_after() {
    for stage in STAGES {
        let (crm, mut posts) = at(stage).await;
        let admin = demo_person(&crm, "admin").await;
        let (mut changed, mut written) = (BTreeSet::new(), BTreeSet::new());
        for record in records(&crm).await {
            if record.kind == "WORKLOG" {
                // Nobody changes one; it can be deleted, with its part of the minutes.
                if changed.insert(record.kind) {
                    admin.delete(&record.path).await.expect(204);
                }
                continue;
            }
            let sent = json!({record.field: format!("Changed {stage:?}")});
            let answer = admin.patch(&record.path, sent.clone()).await;
            // A lead that became a customer, and what was said to it, is read-only.
            if answer.code() == "LEAD_CONVERTED" {
                continue;
            }
            let answer = answer.expect(200);
            assert_eq!(answer.data()[record.field], sent[record.field], "{stage:?} {}", record.path);
            assert_eq!(answer.data()["version"].as_u64(), record.version.as_u64().map(|version| version + 1), "{stage:?} {}", record.path);
            changed.insert(record.kind);
            let id = record.path.rsplit('/').next().unwrap_or_default();
            written.insert(format!("{}#{id}", record.kind));
        }
        for item in crm.items().await.iter().filter(|item| written.contains(item.text("pk")) && is_record(item)) {
            let (v, s) = (item.at("v"), &item.at("head")["s"]);
            assert_eq!(
                (v, s),
                (&json!(store::migrations::shape_of(kind(item))), item.at("rev")),
                "{stage:?} {} / {}",
                item.text("pk"),
                item.text("sk")
            );
        }
        assert_eq!(changed.len(), COLLECTIONS.len(), "{stage:?}: one of each kind");
        settle(&mut posts).await;
        // An unfinished run goes on; all that is left is brought into the present shape.
        for migration in MIGRATIONS {
            assert!(hand(&crm, migration.name, &begin(migration.name)).await);
        }
        settle(&mut posts).await;
        let items = crm.items().await;
        assert!(items.iter().filter(|item| is_record(item)).all(is_present), "{stage:?}");
        assert_eq!(disagreements(&items, Look::Uncounted), Vec::<String>::new(), "{stage:?}");
        assert!(text(&progress(&crm, MIGRATIONS[0].name, "RUN").await["finishedAt"]).starts_with("20"));
    }
}

#[tokio::test]
async fn a_new_table_has_nothing_to_bring_into_shape_and_an_old_one_is_brought_there_at_the_start() {
    let crm = super::left().await;
    let started = crm.embedded().start_migrations().await.expect("started");
    assert_eq!(started.len(), MIGRATIONS.len());
    let mut posts = crm.posts().await;
    settle(&mut posts).await;
    assert!(crm.items().await.iter().filter(|item| is_record(item)).all(is_present));
    assert_eq!(disagreements(&crm.items().await, Look::Uncounted), Vec::<String>::new());
    assert!(crm.embedded().start_migrations().await.expect("started").is_empty(), "once");
    assert!(!fixture::items().is_empty());
}
