//! Campaigns: whom they go to, how far they are, and who may do what with them.

use crate::crm::unique;
use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

/// A manager of a team with a rep who has customers: one who wants no messages, one without an address, and one whom mails reach.
async fn office(crm: &Crm) -> (Person, Person) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    for more in [json!({"marketingOptOut": true}), json!({"email": null}), json!({"email": format!("{}@works.example", unique())})] {
        let mut body = json!({"ownerId": rep.id, "lifecycle": "PROSPECT"});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        manager.customer(body).await;
    }
    (manager, rep)
}

fn spring(rep: &Person) -> Value {
    json!({
        "name": "Spring", "channel": "EMAIL", "subject": "Spring, {{ name }}", "body": "Dear {{ firstName or name }}, it is spring.",
        "segment": {"lifecycle": ["PROSPECT"], "ownerIds": [rep.id]},
    })
}

pub async fn a_campaign_goes_once_to_the_customers_of_its_segment(crm: Crm) {
    let (manager, rep) = office(&crm).await;
    let made = manager.make("/campaigns", spring(&rep)).await;
    assert_eq!((&made["status"], &made["ownerId"], &made["stats"]["targeted"]), (&json!("DRAFT"), &json!(manager.id), &json!(0)));
    let campaign = format!("/campaigns/{}", text(&made["id"]));
    eventually("the preview has them", SOON, || async {
        let preview = manager.get(&format!("{campaign}/preview")).await.expect(200).data().clone();
        (preview == json!({"customers": 3, "reachable": 1, "complete": true})).then_some(())
    })
    .await;
    // A rep neither sees nor starts campaigns.
    rep.get(&campaign).await.expect(403);
    rep.post(&format!("{campaign}/execute"), json!({})).await.expect(403);
    let key = unique();
    let execute = async || manager.ask("POST", &format!("{campaign}/execute"), None, &[("idempotency-key", &key)]).await.expect(202);
    let started = execute().await;
    assert_eq!(execute().await.data(), started.data(), "who asks again under the same key gets what was answered");
    assert_eq!((&started.data()["status"], &started.data()["starterId"]), (&json!("RUNNING"), &json!(manager.id)));
    let again = manager.post(&format!("{campaign}/execute"), json!({})).await.expect(409);
    assert_eq!(again.code(), "CAMPAIGN_TRANSITION");
    let done = eventually("it is over", SOON, || async {
        let page = manager.get(&campaign).await.expect(200).data().clone();
        (page["status"] == "COMPLETED").then_some(page)
    })
    .await;
    let stats = |name: &str| done["stats"][name].as_u64().expect("a number");
    assert_eq!((stats("targeted"), stats("queued")), (3, 0));
    assert!(stats("skipped") >= 2 && done["finishedAt"].is_string(), "{done}");
    let listed = format!("/messages?campaignId={}", text(&done["id"]));
    let messages = eventually("the messages are listed", SOON, || async {
        let messages = rep.all(&listed).await;
        (messages.len() == 3).then_some(messages)
    })
    .await;
    for reason in ["OPTED_OUT", "NO_ADDRESS"] {
        assert!(messages.iter().any(|message| message["skipReason"] == reason && message["kind"] == "CAMPAIGN"), "{reason}: {messages:?}");
    }
    let told = async || manager.all("/notifications?type=IN_APP").await.iter().filter(|told| told["event"] == "CAMPAIGN_FINISHED").count();
    eventually("the owner is told", SOON, || async { (told().await == 1).then_some(()) }).await;
    // What is over is not changed.
    manager.patch(&campaign, json!({"name": "Summer"})).await.expect(409);
    manager.patch(&campaign, json!({"status": "CANCELLED"})).await.expect(409);
}

pub async fn a_campaign_is_written_scheduled_and_called_off(crm: Crm) {
    let (manager, rep) = office(&crm).await;
    let mut wrong = spring(&rep);
    (wrong["channel"], wrong["body"], wrong["scheduledAt"]) = (json!("SMS"), json!("Dear {{ nmae }}"), json!("2020-01-01T00:00:00Z"));
    let refused = manager.post("/campaigns", wrong).await.expect(422);
    assert_eq!(refused.pointers(), ["/body", "/scheduledAt", "/subject"]);
    let mut body = spring(&rep);
    body["scheduledAt"] = json!("2999-01-01T00:00:00Z");
    let campaign = format!("/campaigns/{}", text(&manager.make("/campaigns", body).await["id"]));
    let status = async |change: Value| manager.patch(&campaign, change).await.expect(200).data()["status"].clone();
    assert_eq!(status(json!({"name": "Early spring"})).await, "SCHEDULED");
    assert_eq!(status(json!({"scheduledAt": null})).await, "DRAFT");
    manager.patch(&campaign, json!({"status": "SCHEDULED"})).await.expect(422);
    assert_eq!(status(json!({"scheduledAt": "2999-01-01T00:00:00Z"})).await, "SCHEDULED");
    let word = text(&json!(rep.id))[24..].to_owned();
    manager.patch(&campaign, json!({"name": format!("Spring {word}")})).await.expect(200);
    eventually("it is found", SOON, || async { (manager.ids(&format!("/campaigns?q={word}&status=SCHEDULED")).await.len() == 1).then_some(()) })
        .await;
    assert_eq!(status(json!({"status": "CANCELLED"})).await, "CANCELLED");
    let refused = manager.post(&format!("{campaign}/execute"), json!({})).await.expect(409);
    assert_eq!(refused.body["allowed"], json!([]));
}
