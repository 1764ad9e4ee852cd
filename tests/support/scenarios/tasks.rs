//! Tasks, once and in series.

use crate::Crm;
use crate::people::text;
use serde_json::{Value, json};

pub async fn a_task_is_created_moved_and_deleted(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let created = rep.post("/tasks", json!({"title": " Call ", "description": "At\nlength", "dueAt": "2020-01-01T10:00:00Z"})).await.expect(201);
    let task = created.data().clone();
    let path = format!("/tasks/{}", text(&task["id"]));
    assert_eq!((&task["title"], &task["status"], &task["priority"]), (&json!("Call"), &json!("TODO"), &json!("NORMAL")));
    assert_eq!((&task["ownerId"], &task["overdue"], &task["teamId"]), (&json!(rep.id), &json!(true), &json!(team)));
    assert_eq!(rep.get(&path).await.data(), &task);
    for (person, status) in [(&manager, 200), (&mate, 404)] {
        person.get(&path).await.expect(status);
        person.patch(&path, json!({"priority": "HIGH"})).await.expect(status);
    }
    let to = async |status: &str| rep.patch(&format!("{path}/status"), json!({"status": status})).await;
    let done = to("DONE").await.expect(200);
    assert_eq!((&done.data()["overdue"], done.data()["completedAt"].is_string()), (&json!(false), true));
    let refused = to("IN_PROGRESS").await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("TASK_TRANSITION", &json!(["TODO"])));
    assert_eq!(refused.pointers(), ["/status"]);
    assert_eq!(to("DONE").await.expect(200).header("etag"), done.header("etag"));
    assert_eq!(to("TODO").await.expect(200).data()["completedAt"], json!(null));
    assert_eq!(rep.patch(&path, json!({"status": "DONE"})).await.expect(422).pointers(), ["/status"]);
    // A rep keeps what is theirs; a manager hands it on inside the team.
    assert_eq!(rep.patch(&path, json!({"ownerId": mate.id})).await.expect(422).pointers(), ["/ownerId"]);
    assert_eq!(rep.post("/tasks", json!({"title": "X", "ownerId": mate.id})).await.expect(422).pointers(), ["/ownerId"]);
    manager.patch(&path, json!({"ownerId": mate.id, "dueAt": null})).await.expect(200);
    rep.get(&path).await.expect(404);
    mate.delete(&path).await.expect(204);
    mate.delete(&path).await.expect(404);
}

pub async fn tasks_are_listed_by_due_date_owner_and_parent(crm: Crm) {
    let team = crm.team().await;
    let manager = crm.person("MANAGER", Some(&team)).await;
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let lead = text(&rep.lead(json!({})).await["id"]);
    let customer = text(&manager.customer(json!({"ownerId": rep.id})).await["id"]);
    let project = text(&manager.make("/projects", json!({"name": "P", "customerId": customer})).await["id"]);
    let today = text(&manager.make("/projects", json!({"name": "Q", "customerId": customer})).await["createdAt"])[..10].to_owned();
    let make = async |mut fields: Value| {
        fields["title"] = json!("T");
        text(&rep.make("/tasks", fields).await["id"])
    };
    let old = make(json!({"dueAt": "2020-01-01T10:00:00Z", "leadId": lead})).await;
    let now = make(json!({"dueAt": format!("{today}T23:59:59Z"), "customerId": customer, "status": "IN_PROGRESS"})).await;
    let far = make(json!({"dueAt": "2090-01-01T10:00:00Z", "customerId": customer, "leadId": lead})).await;
    let undated = make(json!({"status": "DONE"})).await;
    let theirs = text(&manager.make("/tasks", json!({"title": "M", "customerId": customer, "projectId": project})).await["id"]);
    let ids = async |filter: &str| rep.ids(&format!("/tasks?limit=1&{filter}")).await;
    assert_eq!(ids("").await, [old.clone(), now.clone(), far.clone(), undated.clone()], "earliest first, undated last");
    assert_eq!(ids("sort=-dueAt").await, [far.clone(), now.clone(), old.clone(), undated.clone()], "latest first, undated last");
    assert_eq!(ids("sort=-dueAt&status=DONE").await, std::slice::from_ref(&undated));
    assert_eq!(ids(&format!("sort=-dueAt&leadId={lead}&ownerId=me")).await, [far.clone(), old.clone()]);
    assert_eq!(ids("status=open").await, [old.clone(), now.clone(), far.clone()]);
    assert_eq!(ids("status=DONE").await, std::slice::from_ref(&undated));
    assert_eq!(ids("due=overdue").await, std::slice::from_ref(&old));
    assert_eq!(ids("due=today&status=open").await, std::slice::from_ref(&now));
    assert_eq!(ids("due=soon&status=TODO").await, Vec::<String>::new());
    assert_eq!(ids(&format!("due=after:{today}")).await, std::slice::from_ref(&far));
    assert_eq!(ids("due=before:2020-01-01").await, Vec::<String>::new());
    assert_eq!(ids(&format!("leadId={lead}&ownerId=me")).await, [old.clone(), far.clone()]);
    assert_eq!(ids(&format!("leadId={lead}&customerId={customer}")).await, std::slice::from_ref(&far));
    // A list of a customer shows all its tasks, whoever does them.
    assert_eq!(ids(&format!("customerId={customer}")).await, [now.clone(), far.clone(), theirs.clone()]);
    for limit in [1, 2, 3, 20] {
        let page = format!("/tasks?customerId={customer}&sort=-dueAt&limit={limit}");
        assert_eq!(rep.ids(&page).await, [far.clone(), now.clone(), theirs.clone()], "undated last on pages of {limit}");
    }
    assert_eq!(ids(&format!("customerId={customer}&due=overdue")).await, Vec::<String>::new());
    rep.get(&format!("/tasks/{theirs}")).await.expect(200);
    rep.patch(&format!("/tasks/{theirs}"), json!({"priority": "HIGH"})).await.expect(200);
    // The project is one of the customer's, so that its tasks are seen with it.
    rep.get(&format!("/projects/{project}")).await.expect(200);
    assert_eq!(rep.ids(&format!("/tasks?projectId={project}")).await, std::slice::from_ref(&theirs));
    assert_eq!(manager.ids(&format!("/tasks?projectId={project}&status=open")).await, std::slice::from_ref(&theirs));
    assert_eq!(manager.ids("/tasks?limit=2").await.len(), 5);
    assert_eq!(manager.ids(&format!("/tasks?ownerId={}&status=open", rep.id)).await.len(), 3);
    assert_eq!(rep.get("/tasks?due=overdue&status=DONE").await.expect(422).pointers(), ["?status"]);
    let counts = rep.get(&format!("/customers/{customer}")).await.data()["counts"].clone();
    assert_eq!((&counts["tasksOpen"], &counts["projects"]), (&json!(3), &json!(2)));
    // A task that moves is found under its new parent, and not under the old one.
    rep.patch(&format!("/tasks/{far}"), json!({"customerId": null, "leadId": null})).await.expect(200);
    assert_eq!(ids(&format!("leadId={lead}")).await, [old]);
    assert_eq!(ids(&format!("customerId={customer}")).await, [now, theirs]);
    assert_eq!(rep.get(&format!("/leads/{lead}")).await.data()["counts"]["tasksOpen"], json!(1));
}

pub async fn a_series_has_a_next_date(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let monthly = json!({"title": "Report", "dueAt": "2091-01-31T09:00:00Z", "recurrence": {"every": 1, "unit": "MONTH"}});
    let task = rep.make("/tasks", monthly).await;
    let path = format!("/tasks/{}", text(&task["id"]));
    assert_eq!(task["nextOccurrenceAt"], json!("2091-02-28T09:00:00.000Z"));
    assert_eq!(task["recurrence"], json!({"every": 1, "unit": "MONTH", "until": null}));
    let changed = rep.patch(&path, json!({"recurrence": {"every": 2, "unit": "WEEK", "until": "2091-02-13"}})).await.expect(200);
    assert_eq!(changed.data()["nextOccurrenceAt"], json!(null), "the next would be a day too late");
    let changed = rep.patch(&path, json!({"recurrence": {"every": 2, "unit": "WEEK", "until": "2091-02-14"}})).await.expect(200);
    assert_eq!(changed.data()["nextOccurrenceAt"], json!("2091-02-14T09:00:00.000Z"));
    let changed = rep.patch(&path, json!({"dueAt": "2091-01-30T09:00:00Z"})).await.expect(200);
    assert_eq!(changed.data()["nextOccurrenceAt"], json!("2091-02-13T09:00:00.000Z"), "the series moves along");
    rep.patch(&format!("{path}/status"), json!({"status": "DONE"})).await.expect(200);
    assert_eq!(rep.get(&path).await.data()["nextOccurrenceAt"], json!("2091-02-13T09:00:00.000Z"), "finishing it does not end the series");
    let ended = rep.patch(&path, json!({"recurrence": null})).await.expect(200);
    assert_eq!(ended.data()["nextOccurrenceAt"], json!(null));
    let wrong = rep.post("/tasks", json!({"title": "X", "recurrence": {"every": 0, "unit": "YEAR", "from": 1}})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/recurrence/every", "/recurrence/from", "/recurrence/unit"]);
}

pub async fn links_have_to_be_inside_reach(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let customer = admin.customer(json!({})).await;
    let lead = admin.lead(json!({})).await;
    let project = admin.make("/projects", json!({"name": "P", "customerId": customer["id"]})).await;
    let links = json!({"title": "X", "customerId": customer["id"], "leadId": lead["id"], "projectId": project["id"]});
    let refused = rep.post("/tasks", links.clone()).await.expect(422);
    assert_eq!(refused.pointers(), ["/customerId", "/leadId", "/projectId"], "all at once");
    assert_eq!(rep.ids("/tasks").await, Vec::<String>::new());
    let task = admin.make("/tasks", links).await;
    let own = rep.make("/tasks", json!({"title": "Own"})).await;
    rep.patch(&format!("/tasks/{}", text(&own["id"])), json!({"leadId": lead["id"]})).await.expect(422);
    assert_eq!(admin.ids(&format!("/tasks?projectId={}", text(&project["id"]))).await, [text(&task["id"])]);
}

pub async fn a_task_opened_again_goes_to_the_customer_its_lead_became(crm: Crm) {
    let rep = crm.person("SALES_REP", Some(&crm.team().await)).await;
    let lead = text(&rep.lead(json!({})).await["id"]);
    let make = async |body: Value| format!("/tasks/{}", text(&rep.make("/tasks", body).await["id"]));
    let done = make(json!({"title": "Done", "leadId": lead, "status": "DONE"})).await;
    let again = make(json!({"title": "Again", "leadId": lead, "status": "DONE"})).await;
    let other = make(json!({"title": "Elsewhere"})).await;
    let customer = rep.post(&format!("/leads/{lead}/convert"), json!({})).await.expect(200).data()["customer"]["id"].clone();
    let opened = rep.patch(&format!("{done}/status"), json!({"status": "TODO"})).await.expect(200);
    assert_eq!((&opened.data()["leadId"], &opened.data()["customerId"]), (&json!(null), &customer));
    let recurring = rep.patch(&again, json!({"recurrence": {"every": 1, "unit": "DAY"}})).await.expect(200);
    assert_eq!((&recurring.data()["leadId"], &recurring.data()["customerId"]), (&json!(null), &customer));
    assert_eq!(rep.get(&format!("/customers/{}", text(&customer))).await.data()["counts"]["tasksOpen"], json!(1));
    assert_eq!(rep.patch(&other, json!({"leadId": lead})).await.expect(409).code(), "LEAD_CONVERTED");
}

pub async fn a_task_in_a_project_is_for_its_customer(crm: Crm) {
    let admin = crm.admin().await;
    let (ours, other) = (admin.customer(json!({})).await["id"].clone(), admin.customer(json!({})).await["id"].clone());
    let project = admin.make("/projects", json!({"name": "P", "customerId": ours})).await["id"].clone();
    let elsewhere = admin.make("/projects", json!({"name": "Q", "customerId": other})).await["id"].clone();
    let task = admin.make("/tasks", json!({"title": "T", "projectId": project})).await;
    assert_eq!(task["customerId"], ours);
    admin.make("/tasks", json!({"title": "T", "projectId": project, "customerId": ours})).await;
    let at_odds = json!({"title": "T", "projectId": project, "customerId": other});
    assert_eq!(admin.post("/tasks", at_odds).await.expect(422).pointers(), ["/customerId"]);
    let path = format!("/tasks/{}", text(&task["id"]));
    for wrong in [json!({"customerId": other}), json!({"customerId": null})] {
        assert_eq!(admin.patch(&path, wrong).await.expect(422).pointers(), ["/customerId"]);
    }
    admin.patch(&path, json!({"customerId": ours, "projectId": project})).await.expect(200);
    let moved = admin.patch(&path, json!({"projectId": elsewhere})).await.expect(200);
    assert_eq!(moved.data()["customerId"], other, "the customer comes with the project");
    let free = admin.patch(&path, json!({"projectId": null, "customerId": ours})).await.expect(200);
    assert_eq!((&free.data()["customerId"], &free.data()["projectId"]), (&ours, &json!(null)));
    assert_eq!(admin.patch(&path, json!({"projectId": elsewhere})).await.expect(422).pointers(), ["/customerId"]);
    // A member of the project sends back what was read, though the customer is somebody else's.
    let member = crm.person("SALES_REP", Some(&crm.team().await)).await;
    admin.patch(&format!("/projects/{}", text(&project)), json!({"memberIds": [member.id]})).await.expect(200);
    let own = member.make("/tasks", json!({"title": "Own", "projectId": project, "customerId": ours})).await;
    let back = json!({"title": "Mine", "projectId": project, "customerId": ours, "leadId": null});
    member.patch(&format!("/tasks/{}", text(&own["id"])), back).await.expect(200);
}
