//! Projects and work logs.

use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

pub async fn a_project_is_seen_by_owner_members_and_team(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let admin = crm.admin().await;
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (rep, stranger) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
    let customer = manager.customer(json!({})).await["id"].clone();
    let body =
        json!({"name": "Rollout of wombats", "customerId": customer, "startDate": "2031-01-01", "endDate": "2031-06-30", "description": "All of it"});
    let created = manager.post("/projects", body.clone()).await.expect(201);
    let project = created.data().clone();
    let path = format!("/projects/{}", text(&project["id"]));
    assert_eq!((&project["status"], &project["ownerId"], &project["memberIds"]), (&json!("PLANNED"), &json!(manager.id), &json!([])));
    rep.get(&path).await.expect(404);
    rep.post("/projects", body).await.expect(403);
    let refused = manager.patch(&path, json!({"memberIds": [rep.id, stranger.id]})).await.expect(422);
    assert_eq!(refused.pointers(), ["/memberIds/1"]);
    manager.patch(&path, json!({"memberIds": [rep.id, rep.id]})).await.expect(200);
    assert_eq!(rep.get(&path).await.expect(200).data()["memberIds"], json!([rep.id]));
    let id = text(&project["id"]);
    eventually("a member finds it among the own", Duration::from_secs(2), || async { (rep.ids("/projects").await == [id.clone()]).then_some(()) })
        .await;
    assert_eq!(rep.ids("/projects?status=PLANNED").await, std::slice::from_ref(&id));
    assert_eq!(rep.ids(&format!("/projects?ownerId={}", manager.id)).await, std::slice::from_ref(&id));
    assert_eq!(rep.ids("/projects?ownerId=me").await, Vec::<String>::new());
    rep.get(&format!("/projects?customerId={}", text(&customer))).await.expect(404);
    eventually("a member finds it by words", Duration::from_secs(5), || async {
        (rep.ids("/projects?q=wombats").await == [id.clone()]).then_some(())
    })
    .await;
    assert_eq!(manager.ids("/projects?q=roll%20wom").await, std::slice::from_ref(&id));
    assert_eq!(stranger.ids("/projects?q=wombats").await, Vec::<String>::new());
    // A member of another team's project sees it beside those of the own team.
    let boss = crm.person("MANAGER", Some(&there)).await;
    admin.patch(&path, json!({"memberIds": [boss.id]})).await.expect(200);
    assert_eq!(rep.ids("/projects").await, Vec::<String>::new());
    eventually("the list follows the members", Duration::from_secs(2), || async { boss.ids("/projects").await.contains(&id).then_some(()) }).await;
    eventually("words follow the members", Duration::from_secs(5), || async {
        (boss.ids("/projects?q=wombats").await == [id.clone()] && rep.ids("/projects?q=wombats").await.is_empty()).then_some(())
    })
    .await;
    rep.patch(&path, json!({"name": "X"})).await.expect(403);
    let to = async |status: &str| manager.patch(&path, json!({"status": status})).await;
    let refused = to("COMPLETED").await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("PROJECT_TRANSITION", &json!(["ACTIVE", "CANCELLED"])));
    assert_eq!(refused.pointers(), ["/status"]);
    to("ACTIVE").await.expect(200);
    to("ON_HOLD").await.expect(200);
    assert_eq!(manager.ids("/projects?status=ON_HOLD").await, std::slice::from_ref(&id));
    let late = manager.patch(&path, json!({"endDate": "2030-01-01"})).await.expect(422);
    assert_eq!(late.pointers(), ["/endDate"]);
}

pub async fn work_is_logged_and_summed_up(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let customer = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let project = manager.make("/projects", json!({"name": "P", "customerId": customer, "memberIds": [rep.id]})).await["id"].clone();
    let task = rep.make("/tasks", json!({"title": "T", "projectId": project})).await["id"].clone();
    let log = async |mut fields: Value, day: &str, minutes: u32| {
        fields["workDate"] = json!(day);
        fields["minutes"] = json!(minutes);
        fields["description"] = json!("Work");
        rep.make("/worklogs", fields).await
    };
    let first = log(json!({"taskId": task}), "2026-01-31", 60).await;
    assert_eq!((&first["projectId"], &first["customerId"], &first["userId"]), (&project, &customer, &json!(rep.id)), "filled in");
    log(json!({"projectId": project}), "2026-02-01", 30).await;
    log(json!({"customerId": customer}), "2026-02-28", 15).await;
    let total = async |filter: &str| {
        let page = rep.get(&format!("/worklogs?limit=1&{filter}")).await.expect(200);
        page.body["meta"]["totalMinutes"].clone()
    };
    let (c, p, t) = (text(&customer), text(&project), text(&task));
    assert_eq!(total(&format!("customerId={c}")).await, json!(105));
    assert_eq!(total(&format!("projectId={p}")).await, json!(90));
    assert_eq!(total(&format!("taskId={t}")).await, json!(60));
    assert_eq!(total(&format!("customerId={c}&from=2026-02-01")).await, json!(45));
    assert_eq!(total(&format!("customerId={c}&from=2026-01-31&to=2026-02-01")).await, json!(90));
    assert_eq!(total("userId=me&from=2026-02-01&to=2026-12-31").await, json!(45));
    let told = async |person: &Person, user: &str| {
        let page = person.get(&format!("/worklogs?userId={user}&from=2026-02-01&to=2026-12-31")).await.expect(200);
        page.body["meta"]["totalMinutes"].clone()
    };
    let stranger = crm.person("MANAGER", Some(&crm.team().await)).await;
    assert_eq!((told(&manager, &rep.id).await, told(&stranger, &rep.id).await), (json!(45), Value::Null), "of one's own people");
    assert_eq!(told(&rep, &manager.id).await, Value::Null);
    assert_eq!(total("userId=me").await, Value::Null, "one user needs two dates");
    assert_eq!(total("").await, Value::Null);
    assert_eq!(total(&format!("customerId={c}&projectId={p}")).await, Value::Null);
    let days: Vec<Value> =
        rep.get(&format!("/worklogs?customerId={c}")).await.data().as_array().expect("list").iter().map(|log| log["workDate"].clone()).collect();
    assert_eq!(days, ["2026-02-28", "2026-02-01", "2026-01-31"], "latest first");
    assert_eq!(rep.ids(&format!("/worklogs?customerId={c}&from=2026-02-01&to=2026-02-01&sort=workDate")).await.len(), 1);
    assert_eq!(manager.ids(&format!("/worklogs?userId={}", rep.id)).await.len(), 3);
    let page = manager.get(&format!("/projects/{p}")).await.expect(200).data().clone();
    assert_eq!((&page["loggedMinutes"], &page["counts"]), (&json!(90), &json!({"tasks": 1, "tasksOpen": 1, "tasksDone": 0})));
    rep.patch(&format!("/tasks/{t}/status"), json!({"status": "DONE"})).await.expect(200);
    let page = manager.get(&format!("/projects/{p}")).await.expect(200).data().clone();
    assert_eq!(page["counts"], json!({"tasks": 1, "tasksOpen": 0, "tasksDone": 1}));
    // A member logs work on the project's tasks, whoever has them.
    let mate = crm.person("SALES_REP", Some(&team)).await;
    let body = json!({"taskId": task, "workDate": "2026-03-01", "minutes": 5, "description": "Helped"});
    mate.post("/worklogs", body.clone()).await.expect(422);
    manager.patch(&format!("/projects/{p}"), json!({"memberIds": [rep.id, mate.id]})).await.expect(200);
    mate.get(&format!("/tasks/{t}")).await.expect(200);
    mate.post("/worklogs", body).await.expect(201);
    let other = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let odd = json!({"workDate": "2026-01-01", "minutes": 5, "description": "X", "customerId": other, "projectId": project});
    assert_eq!(rep.post("/worklogs", odd).await.expect(422).pointers(), ["/customerId"]);
    let wrong = rep.post("/worklogs", json!({"workDate": "2999-01-01", "minutes": 5, "description": "X"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/customerId", "/workDate"]);
    let wrong = rep.post("/worklogs", json!({"minutes": 1441, "workDate": "2026-01-01"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/customerId", "/description", "/minutes"]);
}

pub async fn wrong_entries_can_be_removed(crm: Crm) {
    let admin = crm.admin().await;
    let (rep, mate) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let customer = admin.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let body = json!({"workDate": "2026-01-31", "minutes": 60, "description": "Work", "customerId": customer});
    let wrong = text(&rep.make("/worklogs", body.clone()).await["id"]);
    rep.make("/worklogs", body).await;
    mate.delete(&format!("/worklogs/{wrong}")).await.expect(404);
    rep.delete(&format!("/worklogs/{wrong}")).await.expect(204);
    rep.delete(&format!("/worklogs/{wrong}")).await.expect(404);
    let list = rep.get(&format!("/worklogs?customerId={}", text(&customer))).await.expect(200);
    assert_eq!(list.body["meta"]["totalMinutes"], json!(60));
}
