//! Notifications in the application.

use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// The unread part of an inbox, once it holds so many.
async fn told(person: &Person, count: usize) -> Vec<Value> {
    eventually("the inbox is told", Duration::from_secs(10), || async {
        let page = person.get("/notifications?unread=true").await.expect(200);
        let found = page.data().as_array().expect("a list").clone();
        (found.len() == count && page.body["meta"]["unread"] == json!(count)).then_some(found)
    })
    .await
}

pub async fn who_is_given_something_is_told_once(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let lead = text(&manager.lead(json!({"title": "Ada Lovelace", "ownerId": manager.id})).await["id"]);
    manager.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    let inbox = told(&rep, 1).await;
    let first = &inbox[0];
    assert_eq!((&first["event"], &first["type"], &first["status"]), (&json!("LEAD_ASSIGNED"), &json!("IN_APP"), &json!("SENT")));
    assert_eq!((&first["entityType"], &first["entityId"], &first["recipientId"]), (&json!("LEAD"), &json!(lead), &json!(rep.id)));
    assert_eq!(first["title"], "You were given a lead: Ada Lovelace");
    assert!(text(&first["message"]).ends_with("gave you a lead: Ada Lovelace"), "{first}");
    // A customer and a task as well; of one's own acts one knows.
    let customer = text(&manager.customer(json!({"ownerId": manager.id})).await["id"]);
    manager.patch(&format!("/customers/{customer}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    let task = manager.make("/tasks", json!({"title": "Write the offer", "ownerId": rep.id})).await;
    rep.make("/tasks", json!({"title": "My own"})).await;
    manager.patch(&format!("/tasks/{}", text(&task["id"])), json!({"title": "Write it now"})).await.expect(200);
    let inbox = told(&rep, 3).await;
    let mut events: Vec<String> = inbox.iter().map(|notification| text(&notification["event"])).collect();
    events.sort();
    assert_eq!(events, ["CUSTOMER_ASSIGNED", "LEAD_ASSIGNED", "TASK_ASSIGNED"]);
    assert_eq!(manager.ids("/notifications?type=ALL").await, Vec::<String>::new());
    // Each is somebody's own.
    let path = format!("/notifications/{}/read", text(&first["id"]));
    manager.patch(&path, json!({})).await.expect(404);
    let refused = manager.get(&format!("/notifications?recipientId={}", rep.id)).await.expect(403);
    assert!(refused.text.contains("notifications:read_all"), "{}", refused.text);
    let admin = crm.admin().await;
    assert_eq!(admin.ids(&format!("/notifications?recipientId={}", rep.id)).await.len(), 3);
    let refused = admin.patch(&path, json!({})).await.expect(403);
    assert!(refused.text.contains("its recipient"), "{}", refused.text);
}

pub async fn what_was_read_is_unread_no_more(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    for number in 0..3 {
        manager.make("/tasks", json!({"title": format!("Task {number}"), "ownerId": rep.id})).await;
    }
    let inbox = told(&rep, 3).await;
    let path = format!("/notifications/{}/read", text(&inbox[0]["id"]));
    let read = rep.patch(&path, json!({})).await.expect(200);
    assert!(read.data()["readAt"].is_string(), "{}", read.text);
    let again = rep.patch(&path, json!({})).await.expect(200);
    assert_eq!(again.data(), read.data(), "reading it again changes nothing");
    let rest = told(&rep, 2).await;
    assert!(rest.iter().all(|notification| notification["id"] != inbox[0]["id"]));
    assert_eq!(rep.ids("/notifications").await.len(), 3, "the inbox keeps what was read");
    assert_eq!(rep.ids("/notifications?unread=false").await, [text(&inbox[0]["id"])]);
    let all = rep.patch("/notifications/all/read", json!({})).await.expect(200);
    assert_eq!(all.data()["updated"], json!(2));
    told(&rep, 0).await;
    eventually("nothing is left to read", Duration::from_secs(2), || async {
        let all = rep.patch("/notifications/all/read", json!({})).await.expect(200);
        (all.data()["updated"] == json!(0)).then_some(())
    })
    .await;
    assert_eq!(rep.ids("/notifications?status=SENT").await.len(), 3);
    assert_eq!(rep.ids("/notifications?type=EMAIL").await.len(), 0);
}

pub async fn a_user_turns_off_what_the_inbox_tells(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    rep.patch(&format!("/users/{}", rep.id), json!({"notificationPrefs": {"TASK_ASSIGNED": {"IN_APP": false}}})).await.expect(200);
    manager.make("/tasks", json!({"title": "Not told", "ownerId": rep.id})).await;
    let lead = text(&manager.lead(json!({"ownerId": manager.id})).await["id"]);
    manager.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    let inbox = told(&rep, 1).await;
    assert_eq!(inbox[0]["event"], "LEAD_ASSIGNED");
}
