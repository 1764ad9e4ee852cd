//! Signing in and out.

use crate::crm::{PASSWORD, unique};
use crate::people::text;
use crate::{Crm, Person};
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
    let body = json!({"email": format!("{name}@crm.test"), "username": name, "password": PASSWORD, "mustChangePassword": false});
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

pub async fn a_refresh_whose_answer_was_lost_is_asked_again_once(crm: Crm) {
    let rep = crm.person("SALES_REP", None).await;
    let refresh = async |token: &str| crm.nobody().post("/auth/refresh", json!({"refreshToken": token})).await;
    let (first, again) = (refresh(&rep.refresh).await.expect(200), refresh(&rep.refresh).await.expect(200));
    assert_eq!(first.data()["refreshToken"], again.data()["refreshToken"]);
    refresh(&text(&first.data()["refreshToken"])).await.expect(200);
}

pub async fn the_own_sessions_are_listed_and_one_of_them_is_ended(crm: Crm) {
    let here = crm.person("SALES_REP", None).await;
    let body = json!({"email": here.email, "password": PASSWORD});
    let there = crm.nobody().ask("POST", "/auth/login", Some(&body), &[("user-agent", "app/1")]).await.expect(200);
    let there = Person::from_session(&crm, there.data());
    let there = Person::from_session(&crm, crm.nobody().post("/auth/refresh", json!({"refreshToken": there.refresh})).await.expect(200).data());
    let gone = crm.sign_in(&here.email, PASSWORD).await;
    gone.post("/auth/logout", json!({})).await.expect(204);
    let list = here.get("/auth/sessions").await.expect(200);
    let sessions = list.data().as_array().expect("a list");
    assert_eq!((sessions.len(), &list.body["meta"]["nextCursor"]), (2, &json!(null)));
    let find = |current: bool| sessions.iter().find(|session| session["current"] == json!(current)).expect("listed");
    let (mine, other) = (find(true), find(false));
    assert_eq!((&other["userAgent"], &mine["lastUsedAt"]), (&json!("app/1"), &json!(null)));
    for session in [mine, other] {
        assert!(session["openedAt"].is_string() && session["ip"].is_string() && session["expiresAt"].as_str() > session["openedAt"].as_str());
    }
    assert!(other["lastUsedAt"].as_str() >= other["openedAt"].as_str());
    let path = format!("/auth/sessions/{}", text(&other["id"]));
    crm.person("SALES_REP", None).await.delete(&path).await.expect(404);
    crm.admin().await.delete(&path).await.expect(404);
    assert_eq!(me(&there).await, 200);
    here.delete(&path).await.expect(204);
    assert_eq!((me(&there).await, me(&here).await), (401, 200));
    crm.nobody().post("/auth/refresh", json!({"refreshToken": there.refresh})).await.expect(401);
    here.delete(&path).await.expect(404);
    here.delete(&format!("/auth/sessions/{}", text(&mine["id"]))).await.expect(204);
    assert_eq!(me(&here).await, 401);
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
    let body = json!({"email": email, "password": PASSWORD});
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
