//! What is done again of a time: events that nobody was told of, and what was derived of nothing.

use crate::faults::Faults;
use local::Fault;
use serde_json::{Value, json};
use tests::background::settle;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person};

/// Leads and customers that were made, given away, called, converted and deleted, and a person who changed teams: all of it while
/// nobody listened.
async fn unheard(crm: &Crm) -> (Person, Person, String) {
    let admin = crm.admin().await;
    let (here, there) = (crm.team().await, crm.team().await);
    let (rep, heir) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
    for n in 0..4 {
        let customer = format!("/customers/{}", text(&admin.customer(json!({"name": format!("Unheard {n}"), "ownerId": rep.id})).await["id"]));
        admin.patch(&customer, json!({"name": format!("Renamed {n}")})).await.expect(200);
        let lead = text(&admin.lead(json!({"title": format!("Lead {n}"), "ownerId": rep.id})).await["id"]);
        let call = text(&admin.make("/activities", json!({"leadId": lead, "type": "CALL"})).await["id"]);
        admin.make("/tasks", json!({"title": "Due", "leadId": lead, "ownerId": rep.id, "dueAt": "2031-01-01T00:00:00Z"})).await;
        admin.make("/follow-ups", json!({"leadId": lead, "dueAt": "2031-01-01T00:00:00Z", "assigneeId": rep.id})).await;
        match n {
            0 => drop(admin.patch(&format!("{customer}/assign"), json!({"ownerId": heir.id})).await.expect(200)),
            1 => drop(admin.post(&format!("/leads/{lead}/convert"), json!({})).await.expect(200)),
            2 => drop(admin.delete(&format!("/leads/{lead}?hard=true")).await.expect(204)),
            _ => drop(admin.delete(&format!("/activities/{call}")).await.expect(204)),
        }
    }
    let moved = text(&admin.customer(json!({"name": "Of who moved", "ownerId": rep.id})).await["id"]);
    admin.patch(&format!("/users/{}", rep.id), json!({"teamId": there})).await.expect(200);
    (admin, heir, moved)
}

async fn run(crm: &Crm, admin: &Person, job: &str, body: Value) -> Value {
    let run = admin.post(&format!("/admin/jobs/{job}/run"), body).await.expect(202).data()["runId"].clone();
    // Only those at the queues work: what is in the stream was lost.
    let mut posts = crm.posts().await;
    settle(&mut posts).await;
    let jobs = admin.get("/admin/jobs").await.expect(200);
    let found = jobs.data().as_array().expect("jobs").iter().find(|found| found["name"] == job).expect("listed").clone();
    assert_eq!((&found["schedule"], &found["nextRunAt"]), (&Value::Null, &Value::Null), "it is started by hand alone");
    found["lastRuns"].as_array().expect("runs").iter().find(|found| found["runId"] == run).expect("it ran").clone()
}

fn hour_ago(crm: &Crm) -> String {
    crm.embedded().app().clock.now().plus_seconds(-3600).to_string()
}

#[tokio::test]
async fn what_the_stream_lost_is_published_and_derived_again_and_nothing_is_done_twice() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let (admin, heir, moved) = unheard(&crm).await;
    assert_eq!(admin.ids("/customers?q=renamed").await, Vec::<String>::new(), "nobody listened");
    let from = hour_ago(&crm);
    let dry = run(&crm, &admin, "republish", json!({"from": from, "dryRun": true})).await;
    assert!(dry["counts"]["looked"].as_u64().is_some_and(|looked| looked > 20), "{dry}");
    assert_eq!((&dry["state"], admin.all("/notifications").await.len()), (&json!("SUCCEEDED"), 0));
    let told = async || {
        let notes = crm.items_of("NOTIFICATION").await;
        notes.iter().filter(|note| note.at("data")["event"] == "LEAD_ASSIGNED" || note.at("data")["event"] == "CUSTOMER_ASSIGNED").count()
    };
    assert_eq!(told().await, 0);
    // Published first: what follows from events changes records, which are derived of then.
    for times in 1..=2 {
        let again = run(&crm, &admin, "republish", json!({"from": from})).await;
        assert_eq!((&again["state"], &again["from"]), (&json!("SUCCEEDED"), &json!(from)), "{again}");
        crm.advance(61);
        settle(&mut crm.posts().await).await;
        let notified = told().await;
        assert!(notified > 0, "who was given something is told");
        if times == 1 {
            let customer = admin.get(&format!("/customers/{moved}")).await.expect(200);
            let team = customer.data()["teamId"].clone();
            assert_eq!(heir.get("/auth/me").await.expect(200).data()["teamId"], team, "it went with who owns it");
        }
    }
    let notified = told().await;
    run(&crm, &admin, "republish", json!({"from": from})).await;
    assert_eq!(told().await, notified, "and once, however often it is published");
    for _ in 0..2 {
        let again = run(&crm, &admin, "reproject", json!({"from": from})).await;
        assert_eq!(again["state"], json!("SUCCEEDED"), "{again}");
    }
    assert_eq!(disagreements(&crm.items().await, Look::Settled), Vec::<String>::new());
    assert_eq!(admin.ids("/customers?q=renamed").await.len(), 4);
    assert_eq!(crm.items_of("PARKED").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_holds_up_none_of_the_others_and_a_run_that_failed_goes_on_when_it_is_sent_again() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(text(&admin.customer(json!({"name": format!("Readable {n}")})).await["id"]));
    }
    let from = hour_ago(&crm);
    let key = json!({"pk": {"S": format!("CUSTOMER#{}", ids[1])}, "sk": {"S": "CUSTOMER"}});
    let table = &crm.embedded().table;
    let good = table.request("GetItem", json!({"TableName": local::TABLE, "Key": key})).await.expect("get")["Item"].clone();
    let mut broken = good.clone();
    broken["data"]["M"]["name"] = json!({"N": "7"});
    table.request("PutItem", json!({"TableName": local::TABLE, "Item": broken})).await.expect("put");
    run(&crm, &admin, "reproject", json!({"from": from})).await;
    assert_eq!(admin.ids("/customers?q=readable").await.len(), 2, "one is parked, the others are found");
    assert_eq!(crm.items_of("PARKED").await.len(), 1);
    table.request("PutItem", json!({"TableName": local::TABLE, "Item": good})).await.expect("put");
    admin.post("/admin/dead-letters/redrive", json!({})).await.expect(202);
    settle(&mut crm.posts().await).await;
    assert_eq!((admin.ids("/customers?q=readable").await.len(), crm.items_of("PARKED").await.len()), (3, 0));
    // An event that nobody can read is counted, and named.
    let event = json!({"pk": {"S": format!("CUSTOMER#{}", ids[0])}, "sk": {"S": format!("EVENT#{from}#x")}, "type": {"S": "EVENT"}, "data": {"M": {}},
        "a": {"S": format!("ALL#FEED#{}", &from[..7])}, "s": {"S": format!("{}#x", crm.embedded().app().clock.now().plus_seconds(-1))}});
    table.request("PutItem", json!({"TableName": local::TABLE, "Item": event})).await.expect("put");
    let partial = run(&crm, &admin, "republish", json!({"from": from})).await;
    assert_eq!((&partial["state"], &partial["counts"]["failed"]), (&json!("PARTIAL"), &json!(1)), "{partial}");
}

#[tokio::test]
async fn a_run_by_hand_that_failed_goes_on_when_its_message_is_sent_again() {
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let from = hour_ago(&crm);
    faults.before(|operation| match (operation.role, operation.name.as_str()) {
        (Some("jobs"), "Query") => Err(Fault::access_denied("Query")),
        _ => Ok(()),
    });
    let mut posts = crm.posts().await;
    let id = admin.post("/admin/jobs/reproject/run", json!({"from": from})).await.expect(202).data()["runId"].clone();
    for _ in 0..4 {
        settle(&mut posts).await;
        crm.advance(60);
    }
    let state = async || {
        let jobs = admin.get("/admin/jobs").await.expect(200).data().clone();
        let job = jobs.as_array().expect("jobs").iter().find(|job| job["name"] == "reproject").expect("listed").clone();
        assert_eq!((job["lastRuns"].as_array().map(Vec::len), &job["lastRuns"][0]["runId"]), (Some(1), &id));
        text(&job["lastRuns"][0]["state"])
    };
    assert_eq!((state().await.as_str(), crm.items_of("PARKED").await.len()), ("FAILED", 1));
    faults.none();
    admin.post("/admin/dead-letters/redrive", json!({})).await.expect(202);
    settle(&mut posts).await;
    assert_eq!((state().await.as_str(), crm.items_of("PARKED").await.len()), ("SUCCEEDED", 0));
}

#[tokio::test]
async fn a_time_goes_with_the_jobs_that_are_about_one_and_has_to_be_of_late() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let wrong = async |job: &str, body: Value| -> Vec<String> {
        let refused = admin.post(&format!("/admin/jobs/{job}/run"), body).await.expect(422);
        refused.pointers().into_iter().map(str::to_owned).collect()
    };
    let from = hour_ago(&crm);
    assert_eq!(wrong("republish", json!({})).await, ["/from"]);
    assert_eq!(wrong("reproject", json!({"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"})).await, ["/from", "/to"]);
    assert_eq!(wrong("reproject", json!({"from": "yesterday"})).await, ["/from"]);
    assert_eq!(wrong("republish", json!({"from": from, "date": "2026-01-01"})).await, ["/date"]);
    assert_eq!(wrong("tasks-due", json!({"from": from, "to": from})).await, ["/from", "/to"]);
    let empty = run(&crm, &admin, "republish", json!({"from": from, "to": crm.embedded().app().clock.now().plus_seconds(-3000).to_string()})).await;
    assert_eq!((&empty["state"], &empty["counts"]["looked"], &empty["counts"]["sent"]), (&json!("SUCCEEDED"), &json!(0), &Value::Null));
}
