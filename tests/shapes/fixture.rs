//! The table as the release before left it: a line for each item, in DynamoDB's JSON, in the order of their keys.
//!
//! `FIXTURE=1 cargo test --workspace --test crm fixture_of_this_release` writes it anew by the code that is there: to be run
//! on the commit of a release, before anything is built on it.

use crate::structure::root;
use local::{TABLE, Table, demo};
use serde_json::{Value, json};
use tests::background::settle;
use tests::people::text;
use tests::{Crm, Person};

/// Where it is.
const PATH: &str = "tests/shapes/previous.jsonl";
/// What is left out: it belongs to the process that wrote it, or ends by itself.
const PASSING: [&str; 5] = ["JWKS", "SESSION", "IDEMPOTENCY", "THROTTLE", "DONE"];

/// Somebody of the demo, signed in.
pub async fn demo_person(crm: &Crm, name: &str) -> Person {
    crm.sign_in(&demo::address(name), demo::PASSWORD).await
}

/// The items of the fixture.
pub fn items() -> Vec<Value> {
    crate::structure::read(PATH).lines().map(|line| serde_json::from_str(line).expect("an item a line")).collect()
}

/// Puts the items of the fixture into an empty table.
pub async fn load(table: &Table) {
    let mut definition = store::schema::definition();
    definition["TableName"] = TABLE.into();
    table.create_table(definition).await.expect("a table");
    for some in items().chunks(25) {
        let puts: Vec<Value> = some.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        table.request("BatchWriteItem", json!({"RequestItems": {TABLE: puts}})).await.expect("written");
    }
}

/// What the demo lacks: sources as people type them, in the pool, of somebody without a team and archived; a lead that became a
/// customer, with what hung below it; one of each that is closed, done or archived.
async fn more(crm: &Crm) {
    let (admin, sales) = (demo_person(crm, "admin").await, demo_person(crm, "sales").await);
    for (title, source, owner) in [
        ("Booth visitor", "Trade Fair", Some(&sales.id)),
        ("Booth visitor, second day", "trade  fair", Some(&sales.id)),
        ("Walked by the booth", "TRADE FAIR", None),
        ("Met by Ada", "Trade fair", Some(&admin.id)),
        ("Form with a capital", "Website", Some(&sales.id)),
        ("Café campaign", "Café", Some(&admin.id)),
    ] {
        admin.lead(json!({"title": title, "source": source, "ownerId": owner})).await;
    }
    let archived = text(&admin.lead(json!({"title": "Too late", "source": "Trade Fair", "ownerId": sales.id})).await["id"]);
    admin.delete(&format!("/leads/{archived}")).await.expect(204);
    let customer = text(&admin.customer(json!({"name": "Gone since", "phone": "+49 (0)30 123456", "metadata": {"score": 1.5}})).await["id"]);
    admin.delete(&format!("/customers/{customer}")).await.expect(204);
    let lead = text(&sales.lead(json!({"title": "Won at once", "lastName": "Hopper", "source": "Referral"})).await["id"]);
    sales.make("/activities", json!({"leadId": lead, "type": "CALL", "body": "Wants it."})).await;
    sales.make("/follow-ups", json!({"leadId": lead, "dueAt": "2031-01-02T09:00:00Z", "notes": "Say thanks."})).await;
    sales.make("/tasks", json!({"leadId": lead, "title": "Write the contract"})).await;
    let won = text(&sales.post(&format!("/leads/{lead}/convert"), json!({})).await.expect(200).data()["customer"]["id"]);
    let task = text(&sales.make("/tasks", json!({"title": "Done already", "customerId": won})).await["id"]);
    sales.patch(&format!("/tasks/{task}/status"), json!({"status": "DONE"})).await.expect(200);
    let follow_up = text(&sales.make("/follow-ups", json!({"customerId": won, "dueAt": "2026-01-02T09:00:00Z"})).await["id"]);
    sales.patch(&format!("/follow-ups/{follow_up}"), json!({"status": "COMPLETED"})).await.expect(200);
    admin.post("/auth/logout", json!({"all": true})).await.expect(204);
    sales.post("/auth/logout", json!({"all": true})).await.expect(204);
}

#[tokio::test]
async fn fixture_of_this_release() {
    if std::env::var("FIXTURE").is_err() {
        return;
    }
    let crm = Crm::bare(Table::memory().expect("memory"), None).await.expect("opens");
    let mut posts = crm.posts().await;
    demo::load(crm.embedded()).await.expect("the demo");
    more(&crm).await;
    settle(&mut posts).await;
    let mut items = crm.embedded().table.items(TABLE).await.expect("items");
    items.retain(|item| !PASSING.contains(&item["type"]["S"].as_str().unwrap_or_default()));
    items.sort_by_key(|item| (text(&item["pk"]["S"]), text(&item["sk"]["S"])));
    let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
    std::fs::write(root().join(PATH), lines).expect("written");
}
