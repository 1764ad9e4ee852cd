//! Users, teams, roles and reach.

use crate::crm::{PASSWORD, unique};
use crate::people::text;
use crate::{Crm, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// Background work after a change: seconds, as promised.
const SOON: Duration = Duration::from_secs(10);

pub async fn reach_follows_owner_team_and_role(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let manager = crm.person("MANAGER", Some(&here)).await;
    let (rep, mate) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&here)).await);
    let stranger = crm.person("MANAGER", Some(&there)).await;
    let path = format!("/customers/{}", text(&manager.customer(json!({"ownerId": rep.id})).await["id"]));
    for (person, status) in [(&rep, 200), (&manager, 200), (&mate, 404), (&stranger, 404)] {
        person.get(&path).await.expect(status);
        person.patch(&path, json!({"company": unique()})).await.expect(status);
    }
    rep.delete(&path).await.expect(403);
    rep.post("/customers", json!({"name": "X"})).await.expect(403);
    stranger.delete(&path).await.expect(404);
    let id = path.trim_start_matches("/customers/").to_owned();
    assert_eq!(rep.ids("/customers").await, std::slice::from_ref(&id));
    assert_eq!(mate.ids("/customers").await, Vec::<String>::new());
    assert!(manager.ids("/customers?limit=100").await.contains(&id));
    assert!(!stranger.ids("/customers?limit=100").await.contains(&id));
    assert_eq!(mate.ids(&format!("/customers?ownerId={}", rep.id)).await, Vec::<String>::new());
    assert_eq!(rep.ids("/users").await, std::slice::from_ref(&rep.id));
    let mut team = manager.ids("/users").await;
    team.sort();
    let mut expected = vec![manager.id.clone(), rep.id.clone(), mate.id.clone()];
    expected.sort();
    assert_eq!(team, expected);
    rep.get(&format!("/users/{}", rep.id)).await.expect(200);
    rep.get(&format!("/users/{}", mate.id)).await.expect(404);
}

pub async fn a_manager_sees_and_hands_out_the_pool(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let id = text(&admin.customer(json!({"ownerId": null})).await["id"]);
    assert!(manager.ids("/customers?ownerId=none&limit=100").await.contains(&id));
    assert!(manager.ids("/customers?limit=100").await.contains(&id));
    assert_eq!(rep.ids("/customers?ownerId=none").await, Vec::<String>::new());
    manager.patch(&format!("/customers/{id}"), json!({"company": "X"})).await.expect(403);
    let call = manager.make("/activities", json!({"customerId": id, "type": "CALL"})).await;
    assert_eq!(manager.ids(&format!("/activities?customerId={id}")).await, [text(&call["id"])], "what hangs below the pool is worked with");
    manager.patch(&format!("/customers/{id}/assign"), json!({"ownerId": rep.id})).await.expect(200);
    assert_eq!(rep.ids("/customers").await, [id]);
}

pub async fn records_follow_their_owner_to_another_team(crm: Crm) {
    let admin = crm.admin().await;
    let (old, new) = (crm.team().await, crm.team().await);
    let rep = crm.person("SALES_REP", Some(&old)).await;
    let (before, after) = (crm.person("MANAGER", Some(&old)).await, crm.person("MANAGER", Some(&new)).await);
    let id = text(&before.customer(json!({"ownerId": rep.id})).await["id"]);
    admin.patch(&format!("/users/{}", rep.id), json!({"teamId": new, "lastName": "Moved"})).await.expect(200);
    let path = format!("/customers/{id}");
    let moved = eventually("the record is the new team's", SOON, || async {
        let reply = after.get(&path).await;
        (reply.status == 200).then(|| reply.data().clone())
    })
    .await;
    assert_eq!(moved["teamId"], json!(new));
    assert_eq!(moved["version"], json!(1), "a stamp is nobody's change");
    before.get(&path).await.expect(404);
    eventually("the list follows", SOON, || async { after.ids("/customers?limit=100").await.contains(&id).then_some(()) }).await;
    eventually("the owner's name follows", SOON, || async { (after.get(&path).await.data()["ownerName"] == json!("Test Moved")).then_some(()) })
        .await;
}

pub async fn a_disabled_users_customers_go_where_they_are_sent(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let (rep, heir) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    }
    admin.delete(&format!("/customers/{}", ids[0])).await.expect(204);
    let unknown = admin.delete(&format!("/users/{}?reassignTo=01900000-0000-7000-8000-000000000000", rep.id)).await.expect(422);
    assert_eq!(unknown.pointers(), ["?reassignTo"]);
    admin.delete(&format!("/users/{}?reassignTo={}", rep.id, heir.id)).await.expect(204);
    eventually("live and archived customers have a new owner", SOON, || async {
        let mut owners = Vec::new();
        for id in &ids {
            owners.push(admin.get(&format!("/customers/{id}")).await.data()["ownerId"].clone());
        }
        owners.iter().all(|owner| *owner == json!(heir.id)).then_some(())
    })
    .await;
}

pub async fn a_disabled_users_customers_go_to_the_pool(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "DISABLED"})).await.expect(200);
    eventually("the customer is unowned", SOON, || async { (admin.get(&path).await.data()["ownerId"] == Value::Null).then_some(()) }).await;
}

pub async fn a_disabled_users_open_work_goes_to_the_manager(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    admin.patch(&format!("/teams/{team}"), json!({"managerId": manager.id})).await.expect(200);
    let lead = text(&rep.lead(json!({})).await["id"]);
    let due = "2031-01-01T09:00:00Z";
    let open = text(&rep.make("/tasks", json!({"title": "Open", "dueAt": due})).await["id"]);
    let done = text(&rep.make("/tasks", json!({"title": "Done", "status": "DONE"})).await["id"]);
    let follow_up = text(&rep.make("/follow-ups", json!({"leadId": lead, "dueAt": due, "notes": "Kept"})).await["id"]);
    let customer = admin.customer(json!({})).await;
    let project = text(&admin.make("/projects", json!({"name": "Rollout", "customerId": customer["id"], "ownerId": rep.id})).await["id"]);
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    let owner = async |path: String, field: &str| admin.get(&path).await.data()[field].clone();
    eventually("open work is the manager's, the lead nobody's", SOON, || async {
        let moved = [
            owner(format!("/tasks/{open}"), "ownerId").await,
            owner(format!("/follow-ups/{follow_up}"), "assigneeId").await,
            owner(format!("/projects/{project}"), "ownerId").await,
        ];
        let pooled = owner(format!("/leads/{lead}"), "ownerId").await == Value::Null;
        (moved.iter().all(|owner| *owner == json!(manager.id)) && pooled).then_some(())
    })
    .await;
    assert_eq!(owner(format!("/tasks/{done}"), "ownerId").await, json!(rep.id), "who did it stays");
    assert_eq!(owner(format!("/follow-ups/{follow_up}"), "notes").await, json!("Kept"));
    let listed = admin.get(&format!("/follow-ups?leadId={lead}")).await;
    assert_eq!(listed.data()[0]["notes"], json!("Kept"), "what a list shows of the notes is kept too");
}

pub async fn the_last_administrator_stays(crm: Crm) {
    let admin = crm.admin().await;
    let second = crm.person("ADMIN", None).await;
    admin.patch(&format!("/users/{}", second.id), json!({"role": "MANAGER"})).await.expect(200);
    assert_eq!(second.get("/auth/me").await.data()["role"], "MANAGER", "a role counts at once");
    second.post("/users", json!({"email": "x@crm.test", "password": "quite another secret"})).await.expect(403);
    // Others may be administrators of a shared deployment, so this only holds where there is one.
    let admins = admin.get("/users?role=ADMIN&status=ACTIVE&limit=100").await;
    if admins.data().as_array().unwrap().len() == 1 {
        let refused = admin.delete(&format!("/users/{}", admin.id)).await.expect(409);
        assert_eq!(refused.code(), "LAST_ADMIN");
        admin.patch(&format!("/users/{}", admin.id), json!({"role": "MANAGER"})).await.expect(403);
        admin.patch(&format!("/users/{}", admin.id), json!({"status": "DISABLED"})).await.expect(409);
        assert_eq!(admin.get("/auth/me").await.status, 200);
    }
}

pub async fn only_an_empty_team_can_be_deleted(crm: Crm) {
    let admin = crm.admin().await;
    let name = format!("Crew {}", unique());
    let team = admin.post("/teams", json!({"name": name})).await.expect(201);
    let path = format!("/teams/{}", text(&team.data()["id"]));
    admin.post("/teams", json!({"name": name.to_uppercase()})).await.expect(409);
    let rep = crm.person("SALES_REP", Some(&text(&team.data()["id"]))).await;
    assert_eq!(admin.delete(&path).await.expect(409).code(), "TEAM_NOT_EMPTY");
    admin.patch(&format!("/users/{}", rep.id), json!({"teamId": null})).await.expect(200);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.expect(404);
    admin.post("/teams", json!({"name": name})).await.expect(201);
    let gone = admin
        .post("/users", json!({"email": format!("{}@crm.test", unique()), "password": "quite another secret", "teamId": team.data()["id"]}))
        .await;
    assert_eq!(gone.expect(422).pointers(), ["/teamId"]);
}

pub async fn a_disabled_member_is_marked_and_does_not_keep_a_team(crm: Crm) {
    let admin = crm.admin().await;
    let team = crm.team().await;
    let path = format!("/teams/{team}");
    let (rep, mate) = (crm.person("SALES_REP", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    let shown = mate.get(&path).await.expect(200);
    let marks = |shown: &Value| -> Vec<(String, bool)> {
        let mut marks: Vec<_> =
            shown["members"].as_array().into_iter().flatten().map(|member| (text(&member["id"]), member["disabled"] == true)).collect();
        marks.sort();
        marks
    };
    let mut expected = vec![(rep.id.clone(), true), (mate.id.clone(), false)];
    expected.sort();
    assert_eq!(marks(shown.data()), expected);
    assert!(shown.header("etag").is_some());
    let refused = admin.delete(&path).await.expect(409);
    assert_eq!((refused.code(), text(&refused.body["detail"]).contains("1 active")), ("TEAM_NOT_EMPTY", true));
    admin.patch(&format!("/users/{}", mate.id), json!({"teamId": null})).await.expect(200);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect(404);
    // A manager who is disabled is marked as well; more than can leave at once keep the team, unharmed.
    let crowd = crm.team().await;
    let path = format!("/teams/{crowd}");
    let mut people = Vec::new();
    for _ in 0..21 {
        let user = json!({"email": format!("{}@crm.test", unique()), "password": PASSWORD, "teamId": crowd});
        people.push(text(&admin.make("/users", user).await["id"]));
    }
    admin.patch(&path, json!({"managerId": people[0]})).await.expect(200);
    for person in &people {
        admin.delete(&format!("/users/{person}")).await.expect(204);
    }
    assert_eq!(admin.get(&path).await.data()["manager"]["disabled"], json!(true));
    assert_eq!(admin.delete(&path).await.expect(409).code(), "LIMIT_REACHED");
    admin.patch(&format!("/users/{}", people[1]), json!({"teamId": null})).await.expect(200);
    admin.delete(&path).await.expect(204);
    assert_eq!(admin.get(&format!("/users/{}", people[2])).await.data()["teamId"], Value::Null);
    // Whoever comes back is in no team, and can be.
    let back = admin.patch(&format!("/users/{}", rep.id), json!({"status": "ACTIVE"})).await.expect(200);
    assert_eq!((&back.data()["teamId"], &back.data()["status"]), (&Value::Null, &json!("ACTIVE")));
    let other = crm.team().await;
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "DISABLED", "teamId": other})).await.expect(200);
    assert_eq!(marks(admin.get(&format!("/teams/{other}")).await.data()), [(rep.id.clone(), true)]);
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "ACTIVE"})).await.expect(200);
    assert_eq!(marks(admin.get(&format!("/teams/{other}")).await.data()), [(rep.id.clone(), false)]);
}

pub async fn what_a_user_is_told_is_turned_on_and_off_by_name(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/users/{}", rep.id);
    let prefs = json!({"TASK_DUE": {"EMAIL": true, "IN_APP": false}, "LEAD_ASSIGNED": {}});
    assert_eq!(rep.patch(&path, json!({"notificationPrefs": prefs})).await.expect(200).data()["notificationPrefs"], prefs);
    let wrong = json!({"TASK_DUE": {"email": true, "SMS": "yes"}, "LUNCH": {"EMAIL": true}, "": {}, "TASK_ASSIGNED": 1});
    let refused = rep.patch(&path, json!({"notificationPrefs": wrong})).await.expect(422);
    let at = "/notificationPrefs";
    let expected = ["/", "/LUNCH", "/TASK_ASSIGNED", "/TASK_DUE/SMS", "/TASK_DUE/email"].map(|place| format!("{at}{place}"));
    assert_eq!(refused.pointers(), expected);
    assert_eq!(rep.get(&path).await.data()["notificationPrefs"], prefs);
}

pub async fn a_role_can_be_granted_more(crm: Crm) {
    let admin = crm.admin().await;
    let roles = admin.get("/roles").await.expect(200);
    assert_eq!(roles.data().as_array().unwrap().len(), 3);
    let permissions = admin.get("/permissions").await.expect(200);
    assert!(permissions.data().as_array().unwrap().iter().any(|p| p["name"] == "customers:read_team"));
    admin.put("/roles/ADMIN/permissions", json!({"permissions": []})).await.expect(409);
    let wrong = admin.put("/roles/SALES_REP/permissions", json!({"permissions": ["customers:read", "teams:read"]})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/permissions/0"]);
    admin.put("/roles/BOSS/permissions", json!({"permissions": []})).await.expect(404);
    crm.person("MANAGER", None).await.get("/roles").await.expect(200);
    crm.person("SALES_REP", None).await.get("/roles").await.expect(403);
}

pub async fn a_team_takes_its_members_from_others(crm: Crm) {
    let admin = crm.admin().await;
    let (old, new) = (crm.team().await, crm.team().await);
    let (rep, boss) = (crm.person("SALES_REP", Some(&old)).await, crm.person("MANAGER", None).await);
    let changed = admin.patch(&format!("/teams/{new}"), json!({"memberIds": [rep.id], "managerId": boss.id})).await.expect(200);
    assert_eq!(changed.data()["manager"]["id"], json!(boss.id));
    assert_eq!(changed.data()["members"][0]["id"], json!(rep.id));
    assert_eq!(rep.get("/auth/me").await.data()["team"]["id"], json!(new), "a team counts at once");
    assert!(boss.ids("/users").await.contains(&rep.id), "a manager reaches the teams they manage");
    let teams = rep.get("/teams?limit=100").await.expect(200);
    let found = teams.data().as_array().unwrap().iter().find(|team| team["id"] == json!(old)).cloned().unwrap();
    assert_eq!(found["members"], json!([]));
    let unknown = admin.patch(&format!("/teams/{new}"), json!({"memberIds": ["01900000-0000-7000-8000-000000000000"]})).await.expect(422);
    assert_eq!(unknown.pointers(), ["/memberIds/0"]);
    rep.patch(&format!("/teams/{new}"), json!({"name": "Mine"})).await.expect(403);
}
