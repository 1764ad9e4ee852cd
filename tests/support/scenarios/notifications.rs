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

/// Waits until somebody was welcomed, and reads that.
async fn welcomed(person: &Person) {
    let inbox = told(person, 1).await;
    assert_eq!(inbox[0]["event"], "USER_WELCOME");
    person.patch("/notifications/all/read", json!({})).await.expect(200);
    told(person, 0).await;
}

pub async fn who_is_given_something_is_told_once(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    welcomed(&rep).await;
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
    let of_manager = manager.all("/notifications?type=ALL").await;
    assert!(of_manager.iter().all(|notification| notification["event"] == "USER_WELCOME"), "{of_manager:?}");
    // Each is somebody's own.
    let path = format!("/notifications/{}/read", text(&first["id"]));
    manager.patch(&path, json!({})).await.expect(404);
    let refused = manager.get(&format!("/notifications?recipientId={}", rep.id)).await.expect(403);
    assert!(refused.text.contains("notifications:read_all"), "{}", refused.text);
    let admin = crm.admin().await;
    assert_eq!(admin.ids(&format!("/notifications?recipientId={}", rep.id)).await.len(), 4);
    let refused = admin.patch(&path, json!({})).await.expect(403);
    assert!(refused.text.contains("its recipient"), "{}", refused.text);
}

pub async fn what_was_read_is_unread_no_more(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    welcomed(&rep).await;
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
    assert_eq!(rep.ids("/notifications").await.len(), 4, "the inbox keeps what was read, the welcome too");
    let of_before = rep.ids("/notifications?unread=false").await;
    assert_eq!((of_before.len(), &of_before[0]), (2, &text(&inbox[0]["id"])));
    let all = rep.patch("/notifications/all/read", json!({})).await.expect(200);
    assert_eq!(all.data()["updated"], json!(2));
    told(&rep, 0).await;
    eventually("nothing is left to read", Duration::from_secs(2), || async {
        let all = rep.patch("/notifications/all/read", json!({})).await.expect(200);
        (all.data()["updated"] == json!(0)).then_some(())
    })
    .await;
    assert_eq!(rep.ids("/notifications?status=SENT").await.len(), 4);
    // Each was told by mail as well, where the deployment sends any.
    eventually("the mails are sent, or not at all", Duration::from_secs(20), || async {
        let mails = rep.all("/notifications?type=EMAIL").await;
        (mails.len() == 4 && mails.iter().all(|mail| mail["status"] == "SENT" || mail["status"] == "SKIPPED")).then_some(())
    })
    .await;
    assert_eq!(rep.get("/notifications?type=ALL").await.expect(200).body["meta"]["unread"], json!(0), "what is in the application counts");
}

pub async fn a_user_turns_off_what_the_inbox_tells(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    welcomed(&rep).await;
    rep.patch(&format!("/users/{}", rep.id), json!({"notificationPrefs": {"TASK_ASSIGNED": {"IN_APP": false}}})).await.expect(200);
    manager.make("/tasks", json!({"title": "Not told", "ownerId": rep.id})).await;
    let lead = text(&manager.lead(json!({"ownerId": manager.id})).await["id"]);
    manager.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    let inbox = told(&rep, 1).await;
    assert_eq!(inbox[0]["event"], "LEAD_ASSIGNED");
}

pub async fn a_template_is_changed_within_its_words_and_turned_off(crm: Crm) {
    let team = crm.team().await;
    let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", Some(&team)).await);
    welcomed(&rep).await;
    let list = admin.get("/message-templates").await.expect(200);
    let kinds: Vec<String> = list.data().as_array().expect("a list").iter().map(|template| text(&template["kind"])).collect();
    let all = [
        "WELCOME",
        "BIRTHDAY",
        "INACTIVITY",
        "USER_WELCOME",
        "FOLLOW_UP_DUE",
        "LEAD_ASSIGNED",
        "CUSTOMER_ASSIGNED",
        "TASK_ASSIGNED",
        "TASK_DUE",
        "CAMPAIGN_FINISHED",
    ];
    assert_eq!(kinds, all);
    let path = "/message-templates/TASK_ASSIGNED";
    let before = list.data().as_array().and_then(|list| list.iter().find(|template| template["kind"] == "TASK_ASSIGNED")).expect("there").clone();
    // Others in the same deployment are told by it as well, so its words stay.
    let words =
        |template: &Value| json!({"subject": template["subject"], "body": template["body"], "channels": template["channels"], "enabled": true});
    let same = admin.ask("PUT", path, Some(&words(&before)), &[]).await.expect(200);
    assert_eq!((&same.data()["version"], &same.data()["placeholders"]), (&before["version"], &json!(["recipientName", "actorName", "name", "link"])));
    let mut wrong = words(&before);
    (wrong["subject"], wrong["body"], wrong["channels"]) = (json!("{{ nmae }}"), json!("One\n{{ name"), json!(["EMAIL", "EMAIL"]));
    let refused = admin.ask("PUT", path, Some(&wrong), &[]).await.expect(422);
    assert_eq!(refused.pointers(), ["/body", "/channels", "/subject"]);
    assert!(refused.text.contains("there are recipientName, actorName, name, link") && refused.text.contains("line 2: "), "{}", refused.text);
    // One that nobody is told by.
    let path = "/message-templates/CAMPAIGN_FINISHED";
    let mine = crate::crm::unique();
    let body = json!({"subject": format!("Done: {{{{ name }}}} {mine}"), "body": "It is done.", "channels": ["IN_APP"], "enabled": false});
    let changed = admin.ask("PUT", path, Some(&body), &[]).await.expect(200);
    let version = changed.data()["version"].as_u64().expect("a version");
    assert_eq!(changed.header("etag"), Some(format!("\"{version}\"").as_str()));
    let late = admin.ask("PUT", path, Some(&body), &[("if-match", &format!("\"{}\"", version + 7))]).await;
    late.expect(412);
    let listed = admin.get("/message-templates").await.expect(200);
    let found =
        listed.data().as_array().and_then(|list| list.iter().find(|template| template["kind"] == "CAMPAIGN_FINISHED")).expect("there").clone();
    assert_eq!(&found, changed.data());
    let feed = admin.get("/feed?entityType=TEMPLATE&entityId=CAMPAIGN_FINISHED").await.expect(200);
    assert_eq!(feed.data()[0]["type"], "template.updated");
    rep.get("/message-templates").await.expect(403);
    rep.ask("PUT", path, Some(&body), &[]).await.expect(403);
}
