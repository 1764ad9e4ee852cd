//! Communications and notes, and what follows from them.

use crate::crm::unique;
use crate::people::text;
use crate::{Crm, Person, eventually, together};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

async fn field(person: &Person, path: &str, name: &str) -> Value {
    person.get(path).await.expect(200).data()[name].clone()
}

/// Waits until a record shows this as the time of the last contact, and its row in the list too.
async fn last_contact(person: &Person, collection: &str, id: &str, wanted: Value) {
    eventually(&format!("lastContactedAt is {wanted}"), SOON, || async {
        let list = person.get(&format!("/{collection}?ownerId=me&limit=100")).await;
        let row = list.data().as_array().into_iter().flatten().find(|row| row["id"] == json!(id)).cloned();
        let page = field(person, &format!("/{collection}/{id}"), "lastContactedAt").await;
        (page == wanted && row.is_some_and(|row| row["lastContactedAt"] == wanted)).then_some(())
    })
    .await;
}

pub async fn the_last_contact_is_the_latest_that_exists(crm: Crm) {
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let lead = text(&rep.lead(json!({})).await["id"]);
    let log = async |kind: &str, at: &str| {
        let body = json!({"leadId": lead, "type": kind, "occurredAt": at, "body": "Hello"});
        text(&rep.make("/activities", body).await["id"])
    };
    let at = |day: u32| format!("2026-03-{day:02}T10:00:00.000Z");
    let (second, third) = (log("CALL", &at(2)).await, log("MEETING", &at(3)).await);
    log("EMAIL", &at(1)).await;
    log("NOTE", &at(9)).await;
    last_contact(&rep, "leads", &lead, json!(at(3))).await;
    let path = |id: &str| format!("/activities/{id}");
    rep.patch(&path(&third), json!({"occurredAt": at(1)})).await.expect(200);
    last_contact(&rep, "leads", &lead, json!(at(2))).await;
    rep.patch(&path(&second), json!({"type": "NOTE"})).await.expect(200);
    last_contact(&rep, "leads", &lead, json!(at(1))).await;
    rep.patch(&path(&second), json!({"type": "CALL", "occurredAt": at(8)})).await.expect(200);
    last_contact(&rep, "leads", &lead, json!(at(8))).await;
    rep.delete(&path(&second)).await.expect(204);
    rep.delete(&path(&second)).await.expect(404);
    last_contact(&rep, "leads", &lead, json!(at(1))).await;
    assert_eq!(field(&rep, &format!("/leads/{lead}"), "version").await, json!(1), "a logged call is no edit");
    assert_eq!(field(&rep, &format!("/leads/{lead}"), "counts").await["activities"], json!(3));
    let early = rep.post("/activities", json!({"leadId": lead, "type": "NOTE", "occurredAt": "2999-01-01T00:00:00Z"})).await.expect(422);
    assert_eq!(early.pointers(), ["/body", "/occurredAt"]);
    assert_eq!(rep.post("/activities", json!({"type": "CALL"})).await.expect(422).pointers(), ["/leadId"]);
    let both = rep.post("/activities", json!({"type": "CALL", "leadId": lead, "customerId": lead})).await.expect(422);
    assert_eq!(both.pointers(), ["/customerId", "/leadId"]);
}

pub async fn a_customers_timeline_has_that_of_its_leads(crm: Crm) {
    let admin = crm.admin().await;
    let customer = text(&admin.customer(json!({})).await["id"]);
    let log = async |parent: Value, kind: &str, day: u32| {
        let mut body = json!({"type": kind, "body": format!("On day {day}"), "occurredAt": format!("2026-04-{day:02}T08:00:00Z")});
        body.as_object_mut().expect("object").extend(parent.as_object().expect("object").clone());
        text(&admin.make("/activities", body).await["id"])
    };
    let mut made = vec![(2, log(json!({"customerId": customer}), "CALL", 2).await)];
    for (call, note) in [(5, 1), (3, 4)] {
        let lead = text(&admin.lead(json!({})).await["id"]);
        made.push((call, log(json!({"leadId": lead}), "CALL", call).await));
        made.push((note, log(json!({"leadId": lead}), "NOTE", note).await));
        admin.post(&format!("/leads/{lead}/convert"), json!({"customerId": customer})).await.expect(200);
        assert_eq!(admin.ids(&format!("/activities?leadId={lead}")).await.len(), 2, "they stay the lead's too");
    }
    made.sort();
    let timeline: Vec<String> = made.iter().map(|(_, id)| id.clone()).collect();
    let list = format!("/activities?customerId={customer}&limit=2");
    // What was said to a lead is the customer's some seconds after the conversion.
    eventually("all are the customer's", SOON, || async { (admin.ids(&list).await.len() == 5).then_some(()) }).await;
    for id in &timeline {
        assert_eq!(field(&admin, &format!("/activities/{id}"), "version").await, json!(1), "nobody's change");
    }
    assert_eq!(admin.ids(&format!("{list}&sort=occurredAt")).await, timeline);
    assert_eq!(admin.ids(&format!("{list}&type=NOTE")).await, [timeline[3].clone(), timeline[0].clone()]);
    assert_eq!(admin.ids(&format!("{list}&from=2026-04-02&to=2026-04-03")).await, [timeline[2].clone(), timeline[1].clone()]);
    let page = admin.get(&format!("/customers/{customer}")).await.expect(200).data().clone();
    assert_eq!(page["counts"]["activities"], json!(5));
    assert_eq!(page["latestNotes"].as_array().map(Vec::len), Some(2));
    let path = format!("/customers/{customer}");
    eventually("the leads' contacts count", SOON, || async {
        (field(&admin, &path, "lastContactedAt").await == json!("2026-04-05T08:00:00.000Z")).then_some(())
    })
    .await;
    admin.delete(&format!("/activities/{}", timeline[4])).await.expect(409);
    let own = log(json!({"customerId": customer}), "CALL", 9).await;
    for (deleted, latest) in [(false, "2026-04-09T08:00:00.000Z"), (true, "2026-04-05T08:00:00.000Z")] {
        if deleted {
            admin.delete(&format!("/activities/{own}")).await.expect(204);
        }
        eventually("its own count beside them", SOON, || async { (field(&admin, &path, "lastContactedAt").await == json!(latest)).then_some(()) })
            .await;
    }
    let neither = admin.get(&format!("/activities?customerId={customer}&createdBy=me")).await.expect(422);
    assert_eq!(neither.pointers(), ["?createdBy", "?customerId"]);
    admin.get("/activities").await.expect(422);
    admin.get("/activities?leadId=01900000-0000-7000-8000-000000000000").await.expect(404);
}

pub async fn notes_are_answered_with_the_latest_five(crm: Crm) {
    let admin = crm.admin().await;
    let customer = text(&admin.customer(json!({})).await["id"]);
    let path = format!("/customers/{customer}/notes");
    let mut last = Value::Null;
    for n in 0..7 {
        let reply = admin.post(&path, json!({"body": format!("Note {n} {}", "x".repeat(600))})).await.expect(201);
        assert!(reply.header("location").is_some_and(|place| place.starts_with("/api/v1/activities/")));
        last = reply.data().clone();
    }
    let notes = last.as_array().expect("list");
    let starts: Vec<&str> = notes.iter().map(|note| &note["body"].as_str().expect("body")[..6]).collect();
    assert_eq!(starts, ["Note 6", "Note 5", "Note 4", "Note 3", "Note 2"]);
    assert_eq!(notes[0]["body"].as_str().map(|body| body.chars().count()), Some(501), "cut at 500, and a sign that it is");
    assert_eq!(field(&admin, &format!("/customers/{customer}"), "latestNotes").await, last);
    let row = admin.get(&format!("/activities?customerId={customer}&limit=1")).await.data()[0].clone();
    assert_eq!(row["body"].as_str().map(|body| body.chars().count()), Some(201));
    let whole = field(&admin, &format!("/activities/{}", text(&row["id"])), "body").await;
    assert_eq!(whole.as_str().map(str::len), Some(607));
    assert_eq!(admin.post(&path, json!({"body": " "})).await.expect(422).pointers(), ["/body"]);
    let key = unique();
    let keyed = async || admin.ask("POST", &path, Some(&json!({"body": "Once"})), &[("idempotency-key", &key)]).await.expect(201);
    assert_eq!(keyed().await.data(), keyed().await.data());
    assert_eq!(field(&admin, &format!("/customers/{customer}"), "counts").await["activities"], json!(8));
}

pub async fn activities_are_reached_through_their_parent(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let lead = text(&rep.lead(json!({})).await["id"]);
    let own = format!("/activities/{}", text(&rep.make("/activities", json!({"leadId": lead, "type": "CALL", "outcome": "Busy"})).await["id"]));
    let bosss = text(&manager.make("/activities", json!({"leadId": lead, "type": "CALL"})).await["id"]);
    mate.get(&own).await.expect(404);
    mate.get(&format!("/activities?leadId={lead}")).await.expect(404);
    mate.post("/activities", json!({"leadId": lead, "type": "CALL"})).await.expect(422);
    // One's own are one's own to change; a manager changes the team's.
    rep.patch(&format!("/activities/{bosss}"), json!({"outcome": "X"})).await.expect(403);
    rep.get(&format!("/activities/{bosss}")).await.expect(200);
    manager.patch(&own, json!({"outcome": "Reached", "durationMin": 12})).await.expect(200);
    assert_eq!(rep.ids("/activities?createdBy=me").await.len(), 1);
    // What one wrote about what is out of reach now does not stand in the way of the rest.
    let gone = text(&rep.lead(json!({})).await["id"]);
    for _ in 0..25 {
        rep.make("/activities", json!({"leadId": gone, "type": "CALL"})).await;
    }
    manager.patch(&format!("/leads/{gone}/assign"), json!({"ownerId": mate.id})).await.expect(200);
    let page = rep.get("/activities?createdBy=me&limit=5").await.expect(200);
    assert_eq!((page.data().as_array().map(Vec::len), &page.body["meta"]["nextCursor"]), (Some(1), &json!(null)));
    assert_eq!(manager.ids(&format!("/activities?createdBy={}", rep.id)).await.len(), 26);
    assert_eq!(mate.ids(&format!("/activities?createdBy={}", rep.id)).await, Vec::<String>::new());
    // What is handed over is out of reach at once, whoever wrote it.
    manager.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": mate.id})).await.expect(200);
    rep.get(&own).await.expect(404);
    assert_eq!(rep.ids("/activities?createdBy=me").await, Vec::<String>::new());
    assert_eq!(mate.ids(&format!("/activities?leadId={lead}")).await.len(), 2);
}

pub async fn twenty_activities_at_once_are_all_counted(crm: Crm) {
    let admin = crm.admin().await;
    let lead = text(&admin.lead(json!({})).await["id"]);
    let replies = together(20, |n| {
        let (admin, lead) = (admin.clone(), lead.clone());
        let at = format!("2026-05-01T10:00:{n:02}Z");
        async move { admin.post("/activities", json!({"leadId": lead, "type": "CALL", "occurredAt": at})).await }
    })
    .await;
    assert!(replies.iter().all(|reply| reply.status == 201), "{:?}", replies.iter().find(|reply| reply.status != 201));
    let path = format!("/leads/{lead}");
    assert_eq!(field(&admin, &path, "counts").await["activities"], json!(20));
    eventually("the latest counts", SOON, || async {
        (field(&admin, &path, "lastContactedAt").await == json!("2026-05-01T10:00:19.000Z")).then_some(())
    })
    .await;
}
