//! Follow-ups.

use crate::people::text;
use crate::{Crm, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

pub async fn a_follow_up_is_scheduled_and_done(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let lead = text(&rep.lead(json!({})).await["id"]);
    let late = manager.make("/follow-ups", json!({"leadId": lead, "dueAt": "2031-05-02T10:00:00Z", "notes": "Call back"})).await;
    assert_eq!((&late["assigneeId"], &late["status"], &late["overdue"]), (&json!(rep.id), &json!("PENDING"), &json!(false)), "the owner's");
    let early = rep.make("/follow-ups", json!({"leadId": lead, "dueAt": "2031-05-01T10:00:00Z"})).await;
    let lead_path = format!("/leads/{lead}");
    let next = async || rep.get(&lead_path).await.expect(200).data()["nextFollowUp"]["id"].clone();
    assert_eq!(next().await, early["id"]);
    let early_path = format!("/follow-ups/{}", text(&early["id"]));
    let changed = rep.patch(&early_path, json!({"dueAt": "2031-05-03T10:00:00Z", "notes": "Later"})).await.expect(200);
    assert_eq!((&changed.data()["status"], changed.header("etag")), (&json!("PENDING"), Some("\"2\"")));
    assert_eq!(next().await, late["id"]);
    eventually("the list shows the next date", SOON, || async {
        let row = rep.get("/leads").await.data()[0].clone();
        (row["nextFollowUpAt"] == late["dueAt"]).then_some(())
    })
    .await;
    // A rep gives nobody else anything; a manager does, inside the team.
    assert_eq!(rep.patch(&early_path, json!({"assigneeId": mate.id})).await.expect(422).pointers(), ["/assigneeId"]);
    let given = manager.patch(&early_path, json!({"assigneeId": mate.id})).await.expect(200);
    assert_eq!(given.data()["ownerName"], json!(format!("Test {}", text(&mate.get("/auth/me").await.data()["lastName"]))));
    rep.get(&early_path).await.expect(200);
    // Whoever may change the lead changes what hangs below it, whoever it was given to.
    rep.patch(&early_path, json!({"notes": "Call after ten"})).await.expect(200);
    crm.person("SALES_REP", Some(&team)).await.patch(&early_path, json!({"notes": "X"})).await.expect(404);
    mate.get(&early_path).await.expect(200);
    mate.get(&lead_path).await.expect(404);
    let done = mate.patch(&early_path, json!({"status": "COMPLETED"})).await.expect(200);
    assert!(done.data()["completedAt"].is_string());
    let refused = mate.patch(&early_path, json!({"status": "PENDING"})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("FOLLOW_UP_TRANSITION", &json!([])));
    assert_eq!(mate.delete(&early_path).await.expect(409).code(), "FOLLOW_UP_TRANSITION");
    rep.delete(&format!("/follow-ups/{}", text(&late["id"]))).await.expect(204);
    assert_eq!(next().await, Value::Null);
    eventually("the list shows none", SOON, || async {
        let row = rep.get("/leads").await.data()[0].clone();
        (row["nextFollowUpAt"] == json!(null)).then_some(())
    })
    .await;
    let wrong = rep.post("/follow-ups", json!({"customerId": lead, "dueAt": "soon"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/customerId", "/dueAt"]);
}

pub async fn due_goes_by_days_and_means_pending(crm: Crm) {
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let lead = text(&rep.lead(json!({})).await["id"]);
    let today = text(&rep.make("/tasks", json!({"title": "now"})).await["createdAt"])[..10].to_owned();
    let schedule = async |at: String| text(&rep.make("/follow-ups", json!({"leadId": lead, "dueAt": at})).await["id"]);
    let old = schedule("2020-01-01T10:00:00Z".into()).await;
    let done = schedule("2020-01-02T10:00:00Z".into()).await;
    rep.patch(&format!("/follow-ups/{done}"), json!({"status": "COMPLETED"})).await.expect(200);
    let now = schedule(format!("{today}T23:59:59Z")).await;
    let far = schedule("2090-01-01T10:00:00Z".into()).await;
    let ids = async |filter: &str| rep.ids(&format!("/follow-ups?limit=1&{filter}")).await;
    assert_eq!(ids("").await, [old.clone(), done.clone(), now.clone(), far.clone()], "earliest first");
    assert_eq!(ids("sort=-dueAt&status=PENDING").await, [far.clone(), now.clone(), old.clone()]);
    assert_eq!(ids("due=overdue").await, std::slice::from_ref(&old));
    assert_eq!(ids("due=today").await, std::slice::from_ref(&now));
    assert_eq!(ids("due=soon").await, std::slice::from_ref(&now));
    assert_eq!(ids("due=before:2020-01-02").await, std::slice::from_ref(&old));
    assert_eq!(ids(&format!("due=after:{today}")).await, std::slice::from_ref(&far));
    assert_eq!(ids("due=before:2021-01-01&status=COMPLETED").await, std::slice::from_ref(&done));
    assert_eq!(ids(&format!("leadId={lead}&due=overdue")).await, std::slice::from_ref(&old));
    assert_eq!(ids("assigneeId=me&status=COMPLETED").await, std::slice::from_ref(&done));
    assert_eq!(rep.get("/follow-ups?due=overdue&status=COMPLETED").await.expect(422).pointers(), ["?status"]);
    assert_eq!(rep.get("/follow-ups?due=tomorrow").await.expect(422).pointers(), ["?due"]);
    let rows = rep.get("/follow-ups").await;
    let overdue: Vec<&Value> = rows.data().as_array().expect("list").iter().map(|row| &row["overdue"]).collect();
    assert_eq!(overdue, [&json!(true), &json!(false), &json!(false), &json!(false)]);
}
