//! Passwords that are set: how hard to guess they are, who has to change one, and who has to know it.

use serde_json::json;
use tests::crm::{PASSWORD, unique};
use tests::{Crm, Person, Reply, together};

const NEXT: &str = "quite another secret";

async fn rep() -> (Crm, Person) {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    (crm, rep)
}

#[track_caller]
fn weak(reply: Reply, pointer: &str) {
    let reply = reply.expect(422);
    assert_eq!(reply.pointers(), [pointer]);
    let error = &reply.body["errors"][0];
    assert_eq!(error["rule"], "weak");
    let message = error["message"].as_str().expect("text");
    assert!(message.starts_with("is easy to guess") && message.contains("Add another word"), "{message}");
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused_wherever_it_is_set() {
    let (crm, rep) = rep().await;
    let (admin, mark) = (crm.admin().await, unique());
    let user = format!("/users/{}", rep.id);
    let named = json!({"firstName": "Hieronymus", "lastName": "Wachtveitl", "username": format!("hiwa{mark}")});
    admin.patch(&user, named).await.expect(200);
    for guessed in ["password123", "hieronymuswachtveitl", &format!("hiwa{mark}"), &rep.email.clone()] {
        weak(rep.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": guessed})).await, "/newPassword");
        weak(admin.patch(&user, json!({"password": guessed})).await, "/password");
    }
    let both = rep.post("/auth/password", json!({"currentPassword": "not this one", "newPassword": "password123"})).await.expect(422);
    assert_eq!(both.pointers(), ["/currentPassword", "/newPassword"]);
    let fresh =
        |password: &str| json!({"email": format!("{mark}@crm.test"), "firstName": "Hieronymus", "lastName": "Wachtveitl", "password": password});
    weak(admin.post("/users", fresh("hieronymuswachtveitl")).await, "/password");
    weak(admin.post("/users", fresh("0123456789")).await, "/password");
    admin.post("/users", fresh(NEXT)).await.expect(201);
    // What says nothing about a person may be that person's password.
    rep.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "correct horse battery"})).await.expect(204);
}

#[tokio::test]
async fn whoever_was_registered_sets_a_password_first_unless_that_was_not_wanted() {
    let crm = Crm::start().await;
    for (sent, status) in [(json!({}), 403), (json!({"mustChangePassword": true}), 403), (json!({"mustChangePassword": false}), 200)] {
        let mut body = json!({"email": format!("{}@crm.test", unique()), "password": PASSWORD});
        body.as_object_mut().expect("object").extend(sent.as_object().expect("object").clone());
        let made = crm.admin().await.post("/users", body.clone()).await.expect(201);
        assert_eq!(made.data()["mustChangePassword"], json!(status == 403));
        let person = crm.sign_in(body["email"].as_str().expect("text"), PASSWORD).await;
        person.get("/customers").await.expect(status);
    }
}

#[tokio::test]
async fn the_own_address_changes_with_the_current_password_only() {
    let (crm, rep) = rep().await;
    let user = format!("/users/{}", rep.id);
    let next = format!("{}@crm.test", unique());
    for (sent, rule) in [(json!({"email": next}), "required"), (json!({"email": next, "currentPassword": "not this one"}), "mismatch")] {
        let refused = rep.patch(&user, sent).await.expect(422);
        assert_eq!((refused.pointers(), &refused.body["errors"][0]["rule"]), (vec!["/currentPassword"], &json!(rule)));
    }
    rep.patch(&user, json!({"firstName": "Robin", "email": rep.email})).await.expect(200);
    rep.patch(&user, json!({"email": next, "currentPassword": PASSWORD})).await.expect(200);
    crm.sign_in(&next, PASSWORD).await;
    // Guesses count here as they do at sign-in.
    for _ in 0..4 {
        rep.patch(&user, json!({"email": rep.email, "currentPassword": "not this one"})).await.expect(422);
    }
    let throttled = rep.patch(&user, json!({"email": rep.email, "currentPassword": PASSWORD})).await.expect(429);
    assert!(throttled.header("retry-after").is_some());
    // An administrator needs no password to change somebody else's.
    crm.admin().await.patch(&user, json!({"email": rep.email})).await.expect(200);
    let admin = crm.admin().await;
    admin.patch(&format!("/users/{}", admin.id), json!({"email": next})).await.expect(422);
}

#[tokio::test]
async fn of_passwords_set_at_once_one_is_set_and_the_others_are_told_why() {
    let (crm, rep) = rep().await;
    let there = crm.sign_in(&rep.email, PASSWORD).await;
    let replies = together(4, |n| {
        let person = if n % 2 == 0 { rep.clone() } else { there.clone() };
        async move { person.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": format!("{NEXT} {n}")})).await }
    })
    .await;
    let set: Vec<usize> = (0..4).filter(|n| replies[*n].status == 204).collect();
    assert_eq!(set.len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 204) {
        assert_eq!((reply.status, reply.pointers()), (422, vec!["/currentPassword"]), "{}", reply.text);
    }
    crm.sign_in(&rep.email, &format!("{NEXT} {}", set[0])).await;
}
