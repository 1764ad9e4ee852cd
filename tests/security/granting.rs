//! Nobody grants, makes or becomes more than he is, whatever he was granted.

use domain::permission::Grant;
use domain::{Permission, Reach};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, Person, Reply};

/// What it takes to make users and roles: held by managers here, who are not administrators.
fn makers() -> BTreeSet<Grant> {
    let held = [
        Permission::UsersCreate,
        Permission::UsersRead,
        Permission::UsersUpdate,
        Permission::UsersDelete,
        Permission::RolesRead,
        Permission::RolesUpdate,
    ];
    held.into_iter().map(|permission| Grant { permission, reach: Reach::All }).collect()
}

fn names(grants: &BTreeSet<Grant>) -> Value {
    json!({"permissions": grants.iter().map(ToString::to_string).collect::<Vec<_>>()})
}

async fn grant(admin: &Person, role: &str, grants: &BTreeSet<Grant>) {
    admin.put(&format!("/roles/{role}/permissions"), names(grants)).await.expect(200);
}

/// Refused, with what is too much in the sentence.
#[track_caller]
fn beyond(reply: Reply, named: &str) {
    let reply = reply.expect(403);
    assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{named}: {}", reply.text);
}

fn user(role: &str) -> Value {
    json!({"email": format!("{}@crm.test", unique()), "password": PASSWORD, "role": role, "mustChangePassword": false})
}

#[tokio::test]
async fn whatever_is_granted_nobody_becomes_more_than_he_is() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let (boss, mate, rep) = (crm.person("MANAGER", None).await, crm.person("MANAGER", None).await, crm.person("SALES_REP", None).await);
    let (own, mates, reps) = (format!("/users/{}", boss.id), format!("/users/{}", mate.id), format!("/users/{}", rep.id));
    for wanted in Grant::catalogue().into_iter().filter(|grant| !makers().iter().any(|held| held.permission == grant.permission)) {
        let name = wanted.to_string();
        let with: BTreeSet<Grant> = makers().into_iter().chain([wanted]).collect();
        // As much of it as there is below.
        let below = [Reach::Own, Reach::Team].iter().filter(|reach| wanted.permission.has_reach() && **reach < wanted.reach).max();
        let without: BTreeSet<Grant> = makers().into_iter().chain(below.map(|reach| Grant { reach: *reach, ..wanted })).collect();
        // What reps have and managers do not: nobody is made a rep, and no rep is taken over.
        grant(&admin, "MANAGER", &without).await;
        grant(&admin, "SALES_REP", &BTreeSet::from([wanted])).await;
        beyond(boss.post("/users", user("SALES_REP")).await, &name);
        beyond(boss.patch(&mates, json!({"role": "SALES_REP"})).await, &name);
        for taken in [
            json!({"password": "quite another secret"}),
            json!({"email": format!("{}@crm.test", unique())}),
            json!({"username": unique()}),
            json!({"phone": "+4930123456"}),
            json!({"status": "DISABLED"}),
        ] {
            beyond(boss.patch(&reps, taken).await, &name);
        }
        beyond(boss.delete(&reps).await, &name);
        // Nobody hands it to the own role, nor to another.
        beyond(boss.put("/roles/MANAGER/permissions", names(&with)).await, "MANAGER");
        // Nor takes it from others, who would be poorer for a moment and could be taken over.
        beyond(boss.put("/roles/SALES_REP/permissions", json!({"permissions": []})).await, &name);
        grant(&admin, "SALES_REP", &BTreeSet::new()).await;
        beyond(boss.put("/roles/SALES_REP/permissions", names(&BTreeSet::from([wanted]))).await, &name);
        beyond(boss.patch(&own, json!({"role": "SALES_REP"})).await, "MANAGER");
        // With it in the own hands it can be given.
        grant(&admin, "MANAGER", &with).await;
        boss.put("/roles/SALES_REP/permissions", names(&BTreeSet::from([wanted]))).await.expect(200);
        boss.patch(&mates, json!({"role": "SALES_REP"})).await.expect(200);
        admin.patch(&mates, json!({"role": "MANAGER"})).await.expect(200);
    }
    boss.post("/users", user("SALES_REP")).await.expect(201);
}

#[tokio::test]
async fn only_an_administrator_makes_or_changes_one() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let (boss, rep) = (crm.person("MANAGER", None).await, crm.person("SALES_REP", None).await);
    let everything: BTreeSet<Grant> = Grant::catalogue().into_iter().collect();
    grant(&admin, "MANAGER", &everything).await;
    let target = format!("/users/{}", crm.person("ADMIN", None).await.id);
    beyond(boss.post("/users", user("ADMIN")).await, "ADMIN");
    beyond(boss.patch(&format!("/users/{}", rep.id), json!({"role": "ADMIN"})).await, "ADMIN");
    beyond(boss.patch(&format!("/users/{}", boss.id), json!({"role": "ADMIN"})).await, "MANAGER");
    for change in
        [json!({"password": "quite another secret"}), json!({"role": "MANAGER"}), json!({"phone": "+4930123456"}), json!({"status": "DISABLED"})]
    {
        beyond(boss.patch(&target, change).await, "ADMIN");
    }
    beyond(boss.delete(&target).await, "ADMIN");
    boss.put("/roles/ADMIN/permissions", json!({"permissions": []})).await.expect(409);
    // Not even an administrator changes the own role; another does.
    beyond(admin.patch(&format!("/users/{}", admin.id), json!({"role": "MANAGER"})).await, "ADMIN");
    admin.patch(&format!("/users/{}", admin.id), json!({"role": "ADMIN"})).await.expect(200);
    admin.patch(&target, json!({"role": "MANAGER"})).await.expect(200);
    assert_eq!(text(&admin.get(&target).await.data()["role"]), "MANAGER");
}

/// Who may move people moves neither himself nor those who may do more: what `_team` reaches goes by it.
#[tokio::test]
async fn nobody_widens_the_own_reach_by_moving_people() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let (here, there) = (crm.team().await, crm.team().await);
    let boss = crm.person("MANAGER", Some(&here)).await;
    let (rep, stranger) = (crm.person("SALES_REP", Some(&there)).await, crm.person("MANAGER", Some(&there)).await);
    let more = Grant::catalogue().into_iter().filter(|grant| {
        let moves = [Permission::UsersRead, Permission::UsersUpdate, Permission::UsersDelete, Permission::TeamsUpdate, Permission::TeamsDelete];
        moves.contains(&grant.permission)
    });
    let held = domain::Grants::default_for(domain::Role::Manager);
    let grants: BTreeSet<Grant> = held.iter().copied().filter(|grant| !grant.permission.name().starts_with("users:")).chain(more).collect();
    // The widest reach of each counts.
    let grants: BTreeSet<Grant> = grants
        .iter()
        .filter(|grant| grants.iter().all(|other| other.permission != grant.permission || other.reach <= grant.reach))
        .copied()
        .collect();
    grant(&admin, "MANAGER", &grants).await;
    let (own, other) = (format!("/teams/{here}"), format!("/teams/{there}"));
    beyond(boss.patch(&format!("/users/{}", boss.id), json!({"teamId": there})).await, "own team");
    beyond(boss.patch(&other, json!({"memberIds": [rep.id, stranger.id, boss.id]})).await, "own team");
    beyond(boss.patch(&other, json!({"managerId": boss.id})).await, "own team");
    beyond(boss.patch(&own, json!({"memberIds": [boss.id, admin.id]})).await, "ADMIN");
    beyond(boss.patch(&own, json!({"managerId": admin.id})).await, "ADMIN");
    boss.patch(&own, json!({"memberIds": [boss.id, rep.id]})).await.expect(200);
    // Who may do more is neither made less nor disabled first.
    let lesser = BTreeSet::from([
        Grant { permission: Permission::UsersUpdate, reach: Reach::All },
        Grant { permission: Permission::UsersDelete, reach: Reach::All },
    ]);
    grant(&admin, "SALES_REP", &lesser).await;
    for change in [json!({"role": "SALES_REP"}), json!({"status": "DISABLED"}), json!({"teamId": null})] {
        beyond(rep.patch(&format!("/users/{}", stranger.id), change).await, "MANAGER");
    }
    beyond(rep.delete(&format!("/users/{}?reassignTo={}", stranger.id, rep.id)).await, "MANAGER");
}
