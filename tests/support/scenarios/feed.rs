//! The feed.

use crate::people::text;
use crate::{Crm, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// What happened to one record, newest first.
fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

pub async fn the_feed_tells_what_happened_newest_first(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let lead = rep.lead(json!({"firstName": "Ada"})).await;
    let id = text(&lead["id"]);
    rep.patch(&format!("/leads/{id}/status"), json!({"status": "CONTACTED"})).await.expect(200);
    rep.patch(&format!("/leads/{id}"), json!({"firstName": "Grace"})).await.expect(200);
    let of_one = format!("/feed?entityType=LEAD&entityId={id}");
    let told = eventually("the events stand beside the record", Duration::from_secs(2), || async {
        let events = rep.all(&of_one).await;
        (events.len() == 3).then_some(events)
    })
    .await;
    assert_eq!(kinds(&told), ["lead.updated", "lead.status_changed", "lead.created"]);
    let [changed, moved, ..] = &*told else { panic!("{told:?}") };
    assert_eq!(changed["changes"]["firstName"], json!({"old": "Ada", "new": "Grace"}));
    assert_eq!((&moved["actorId"], &moved["entityId"], &moved["ownerId"]), (&json!(rep.id), &json!(id), &json!(rep.id)));
    assert!(!text(&moved["actorName"]).is_empty() && !text(&moved["summary"]).is_empty() && !text(&moved["entityLabel"]).is_empty(), "{moved}");
    // The same among everything, for who sees what was the rep's.
    for person in [&rep, &manager] {
        eventually("the feed has them", Duration::from_secs(2), || async {
            let page = person.get("/feed").await.expect(200);
            assert_eq!(page.body["meta"]["limit"], json!(10));
            let events: Vec<Value> = page.data().as_array()?.iter().filter(|event| event["entityId"] == id.as_str()).cloned().collect();
            (kinds(&events) == kinds(&told)).then_some(())
        })
        .await;
    }
    // Page by page there is the same as at once.
    let (slowly, at_once) = (rep.all("/feed?limit=2").await, rep.all("/feed?limit=100").await);
    assert_eq!(slowly, at_once);
    assert!(at_once.windows(2).all(|pair| text(&pair[0]["at"]) >= text(&pair[1]["at"])), "newest first");
    let leads = rep.all("/feed?limit=100&entityType=LEAD").await;
    assert!(leads.iter().all(|event| event["entityType"] == "LEAD") && leads.len() >= 3, "{leads:?}");
}

pub async fn what_happened_is_told_to_whom_it_concerns(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let admin = crm.admin().await;
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (rep, stranger) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
    let lead = text(&rep.lead(json!({})).await["id"]);
    let of_one = format!("/feed?entityType=LEAD&entityId={lead}");
    eventually("the owner is told", Duration::from_secs(2), || async { (!rep.all(&of_one).await.is_empty()).then_some(()) }).await;
    stranger.get(&of_one).await.expect(404);
    assert!(stranger.all("/feed?limit=100").await.iter().all(|event| event["entityId"] != lead.as_str()));
    // Of one record it goes by who has it now; in the feed of everything by who had it then.
    admin.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": stranger.id})).await.expect(200);
    rep.get(&of_one).await.expect(404);
    eventually("the new owner sees all of it", Duration::from_secs(2), || async {
        let events = stranger.all(&of_one).await;
        (kinds(&events) == ["lead.assigned", "lead.created"]).then_some(())
    })
    .await;
    assert!(rep.all("/feed?limit=100").await.iter().any(|event| event["entityId"] == lead.as_str()));
    // The pool is a manager's, and so is what happened to a lead in it.
    admin.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": null})).await.expect(200);
    manager.get(&of_one).await.expect(200);
    stranger.get(&of_one).await.expect(404);
    // What is gone is the administrator's to look up.
    admin.delete(&format!("/leads/{lead}?hard=true")).await.expect(204);
    manager.get(&of_one).await.expect(404);
    eventually("the administrator sees the end", Duration::from_secs(2), || async {
        (kinds(&admin.all(&of_one).await).first() == Some(&"lead.deleted")).then_some(())
    })
    .await;
    // What is nobody's is told to who sees everything.
    for (kind, id) in [("ROLE", "MANAGER"), ("SETTINGS", "COMPANY")] {
        manager.get(&format!("/feed?entityType={kind}&entityId={id}")).await.expect(404);
        admin.get(&format!("/feed?entityType={kind}&entityId={id}")).await.expect(200);
    }
    let wrong = rep.get(&format!("/feed?entityId={lead}")).await.expect(422);
    assert_eq!(wrong.pointers(), ["?entityType"]);
    let wrong = rep.get("/feed?entityType=LEAD&entityId=none").await.expect(422);
    assert_eq!(wrong.pointers(), ["?entityId"]);
    let wrong = rep.get("/feed?entityType=PARCEL&limit=0").await.expect(422);
    assert_eq!(wrong.pointers(), ["?entityType", "?limit"]);
}
