//! Signing in and out.

use crate::crm::{PASSWORD, unique};
use crate::people::text;
use crate::{Crm, Person, together};
use serde_json::json;

async fn me(person: &Person) -> u16 {
    person.get("/auth/me").await.status
}

pub async fn a_user_signs_in_sees_who_they_are_and_signs_out(crm: Crm) {
    let team = crm.team().await;
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let found = rep.get("/auth/me").await.expect(200);
    assert_eq!(found.data()["email"], rep.email);
    assert_eq!(found.data()["team"]["id"], json!(team));
    assert!(found.data()["scopes"].as_array().unwrap().contains(&json!("customers:read_own")));
    assert!(!found.text.contains("argon2"), "{}", found.text);
    rep.post("/auth/logout", json!({})).await.expect(204);
    assert_eq!(me(&rep).await, 401);
    rep.post("/auth/logout", json!({})).await.expect(204);
    crm.nobody().post("/auth/refresh", json!({"refreshToken": rep.refresh})).await.expect(401);
}

pub async fn a_username_signs_in_like_an_address(crm: Crm) {
    let name = format!("u-{}", unique());
    let body = json!({"email": format!("{name}@crm.test"), "username": name, "password": PASSWORD});
    crm.admin().await.post("/users", body).await.expect(201);
    let session = crm.nobody().post("/auth/login", json!({"username": name.to_uppercase(), "password": PASSWORD})).await.expect(200);
    assert_eq!(session.data()["user"]["username"], json!(name));
    assert_eq!(session.data()["tokenType"], "Bearer");
}

pub async fn a_wrong_password_is_401_and_the_sixth_is_429(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    for _ in 0..5 {
        let refused = crm.nobody().post("/auth/login", json!({"email": rep.email, "password": "not this one"})).await.expect(401);
        assert_eq!(refused.code(), "INVALID_CREDENTIALS");
    }
    let throttled = crm.nobody().post("/auth/login", json!({"email": rep.email, "password": PASSWORD})).await.expect(429);
    assert!(throttled.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(me(&rep).await, 200, "a session that is open stays open");
}

pub async fn a_bad_address_is_422_and_never_500(crm: Crm) {
    for bad in ["x", "a@b", "a b@c.de", "a@b..cd", "\u{0}@x.de", &"a".repeat(400)] {
        let refused = crm.nobody().post("/auth/login", json!({"email": bad, "password": "whatever"})).await.expect(422);
        assert_eq!(refused.pointers(), ["/email"], "{bad}");
    }
    for neither in [json!({"password": "x"}), json!({"email": "", "password": "x"})] {
        assert_eq!(crm.nobody().post("/auth/login", neither).await.expect(422).pointers(), ["/email", "/username"]);
    }
    crm.nobody().post("/auth/login", json!({"email": "nobody@crm.test", "password": "x"})).await.expect(401);
}

pub async fn fifty_refreshes_of_one_token_have_one_successor(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let replies = together(50, |_| {
        let (crm, token) = (crm.clone(), rep.refresh.clone());
        async move { crm.nobody().post("/auth/refresh", json!({"refreshToken": token})).await }
    })
    .await;
    let mut successors: Vec<String> = replies.iter().map(|reply| text(&reply.data()["refreshToken"])).collect();
    successors.sort();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    crm.nobody().post("/auth/refresh", json!({"refreshToken": successors[0]})).await.expect(200);
}

pub async fn a_spent_refresh_token_ends_the_session(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let refresh = async |token: &str| crm.nobody().post("/auth/refresh", json!({"refreshToken": token})).await;
    let second = Person::from_session(&crm, refresh(&rep.refresh).await.expect(200).data());
    let third = Person::from_session(&crm, refresh(&second.refresh).await.expect(200).data());
    assert_eq!(me(&third).await, 200);
    refresh(&rep.refresh).await.expect(401);
    assert_eq!(me(&third).await, 401, "the whole session is dead");
    refresh(&third.refresh).await.expect(401);
}

pub async fn a_new_password_ends_the_other_sessions(crm: Crm) {
    let here = crm.person("SALES_REP", None).await;
    let there = crm.sign_in(&here.email, PASSWORD).await;
    let wrong = here.post("/auth/password", json!({"currentPassword": "not this one", "newPassword": "a longer secret"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/currentPassword"]);
    let short = here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "short"})).await.expect(422);
    assert_eq!(short.pointers(), ["/newPassword"]);
    here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": PASSWORD})).await.expect(422);
    here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "a longer secret"})).await.expect(204);
    assert_eq!((me(&here).await, me(&there).await), (200, 401));
    crm.nobody().post("/auth/refresh", json!({"refreshToken": there.refresh})).await.expect(401);
    crm.nobody().post("/auth/login", json!({"email": here.email, "password": PASSWORD})).await.expect(401);
    crm.sign_in(&here.email, "a longer secret").await;
}

pub async fn logging_out_everywhere_ends_every_session(crm: Crm) {
    let here = crm.person("SALES_REP", None).await;
    let there = crm.sign_in(&here.email, PASSWORD).await;
    crm.nobody().post("/auth/logout", json!({"refreshToken": there.refresh, "all": true})).await.expect(204);
    assert_eq!((me(&here).await, me(&there).await), (401, 401));
    crm.nobody().post("/auth/logout", json!({})).await.expect(401);
    let wrong = crm.nobody().post("/auth/logout", json!({"refreshToken": "x", "every": true})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/every", "/refreshToken"]);
}

pub async fn a_user_who_must_change_the_password_can_do_nothing_else(crm: Crm) {
    let email = format!("{}@crm.test", unique());
    let body = json!({"email": email, "password": PASSWORD, "mustChangePassword": true});
    crm.admin().await.post("/users", body).await.expect(201);
    let fresh = crm.sign_in(&email, PASSWORD).await;
    let refused = fresh.get("/customers").await.expect(403);
    assert_eq!(refused.code(), "PASSWORD_CHANGE_REQUIRED");
    assert_eq!(me(&fresh).await, 200);
    fresh.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "a longer secret"})).await.expect(204);
    fresh.get("/customers").await.expect(200);
    assert_eq!(fresh.get("/auth/me").await.data()["mustChangePassword"], json!(false));
}

pub async fn a_disabled_user_is_out_at_once(crm: Crm) {
    let admin = crm.admin().await;
    let rep = crm.person("SALES_REP", None).await;
    admin.delete(&format!("/users/{}", rep.id)).await.expect(204);
    assert_eq!(me(&rep).await, 401);
    crm.nobody().post("/auth/refresh", json!({"refreshToken": rep.refresh})).await.expect(401);
    crm.nobody().post("/auth/login", json!({"email": rep.email, "password": PASSWORD})).await.expect(401);
    admin.patch(&format!("/users/{}", rep.id), json!({"status": "ACTIVE"})).await.expect(200);
    assert_eq!(me(&rep).await, 401, "an old session does not come back");
    crm.sign_in(&rep.email, PASSWORD).await;
}
