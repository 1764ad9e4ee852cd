//! Dashboards.

use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// Waits until a dashboard tells this.
async fn tells(person: &Person, path: &str, what: &str, told: impl Fn(&Value) -> bool) -> Value {
    eventually(what, Duration::from_secs(2), || async {
        let dashboard = person.get(path).await.expect(200).data().clone();
        told(&dashboard).then_some(dashboard)
    })
    .await
}

pub async fn figures_follow_what_happens_within_two_seconds(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let admin = crm.admin().await;
    let (manager, other) = (crm.person("MANAGER", Some(&here)).await, crm.person("MANAGER", Some(&there)).await);
    let rep = crm.person("SALES_REP", Some(&here)).await;
    let empty = manager.get("/dashboard").await.expect(200).data().clone();
    assert_eq!((&empty["scope"], &empty["totals"]["customers"], &empty["topReps"]), (&json!("team"), &json!(0), &json!([])));
    rep.get("/dashboard").await.expect(403);
    let customer = text(&admin.customer(json!({"ownerId": rep.id, "engagement": "HOT"})).await["id"]);
    let lead = text(&rep.lead(json!({})).await["id"]);
    rep.make("/activities", json!({"leadId": lead, "type": "CALL"})).await;
    rep.make("/activities", json!({"leadId": lead, "type": "NOTE", "body": "No contact"})).await;
    rep.make("/follow-ups", json!({"leadId": lead, "dueAt": "2020-01-31T09:30:00Z"})).await;
    let task = text(&rep.make("/tasks", json!({"title": "Late", "dueAt": "2020-01-31T09:30:00Z"})).await["id"]);
    let told = tells(&manager, "/dashboard", "all of it is counted", |told| {
        let totals = &told["totals"];
        totals["overdueTasks"] == 1 && totals["followUpsOverdue"] == 1 && totals["communicationsLast7Days"] == 1 && totals["customers"] == 1
    })
    .await;
    assert_eq!(told["customersByEngagement"], json!({"HOT": 1, "WARM": 0, "INACTIVE": 0}));
    assert_eq!(told["customersByLevel"], json!({"BRONZE": 1, "SILVER": 0, "GOLD": 0, "PLATINUM": 0}));
    assert_eq!((&told["leadsByStatus"]["NEW"], &told["totals"]["leads"], &told["totals"]["openTasks"]), (&json!(1), &json!(1), &json!(1)));
    let days = told["leadsPerDay"].as_array().cloned().unwrap_or_default();
    assert_eq!((days.len(), &days[13]["count"], days.iter().filter(|day| day["count"] == 0).count()), (14, &json!(1), 13));
    assert_eq!(told["topReps"], json!([{"userId": rep.id, "name": told["topReps"][0]["name"], "activeCustomers": 1}]));
    assert_eq!(told["recentActivity"], *manager.get("/feed").await.expect(200).data(), "the beginning of the caller's feed");
    let own = tells(&rep, "/dashboard/me", "one's own are counted", |told| told["overdueTasks"] == 1 && told["followUpsOverdue"] == 1).await;
    assert_eq!((&own["myOpenTasks"], &own["myCustomers"], &own["myLeadsByStatus"]["NEW"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(other.get("/dashboard").await.expect(200).data()["totals"]["customers"], 0, "another team");

    rep.patch(&format!("/tasks/{task}/status"), json!({"status": "DONE"})).await.expect(200);
    admin.delete(&format!("/leads/{lead}?hard=true")).await.expect(204);
    admin.patch(&format!("/customers/{customer}"), json!({"engagement": "INACTIVE"})).await.expect(200);
    let told = tells(&manager, "/dashboard", "what is gone is taken away", |told| {
        told["totals"]["openTasks"] == 0 && told["totals"]["leads"] == 0 && told["totals"]["followUpsPending"] == 0
    })
    .await;
    assert_eq!((&told["topReps"], &told["leadsPerDay"][13]["count"]), (&json!([]), &json!(0)));
    // A move takes the figures along.
    admin.patch(&format!("/users/{}", rep.id), json!({"teamId": there})).await.expect(200);
    tells(&other, "/dashboard", "the customer is of the other team", |told| told["totals"]["customers"] == 1).await;
    tells(&manager, "/dashboard", "and none of this one", |told| told["totals"]["customers"] == 0).await;
}
