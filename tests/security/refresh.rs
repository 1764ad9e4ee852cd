//! Attacks with refresh tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use tests::crm::PASSWORD;
use tests::people::text;
use tests::{Crm, Person, Reply, together};

const LIFETIME: i64 = 30 * 24 * 3600;

async fn refresh(crm: &Crm, token: &str) -> Reply {
    crm.nobody().post("/auth/refresh", json!({"refreshToken": token})).await
}

async fn next(crm: &Crm, person: &Person) -> Person {
    Person::from_session(crm, refresh(crm, &person.refresh).await.expect(200).data())
}

async fn alive(person: &Person) -> bool {
    person.get("/auth/me").await.status == 200
}

async fn refused(crm: &Crm, token: &str) {
    assert_eq!(refresh(crm, token).await.expect(401).code(), "UNAUTHENTICATED");
}

/// Why sessions were ended, as the events say.
async fn ended(crm: &Crm) -> Vec<Value> {
    let events = crm.items_of("EVENT").await;
    let ended = events.iter().map(|event| event.at("data")).filter(|event| event["type"] == "session.reuse_detected");
    ended.map(|event| event["data"]["reason"].clone()).collect()
}

async fn rep() -> (Crm, Person) {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    (crm, rep)
}

/// The token with other bytes from a place on: user 0, session 16, secret 32.
fn changed(token: &str, at: usize, with: &[u8]) -> String {
    let mut bytes = B64.decode(token).expect("base64");
    bytes[at..at + with.len()].copy_from_slice(with);
    B64.encode(bytes)
}

fn part(token: &str, at: usize, length: usize) -> Vec<u8> {
    B64.decode(token).expect("base64")[at..at + length].to_vec()
}

#[tokio::test]
async fn a_repeat_within_the_grace_gives_the_same_successor() {
    let (crm, first) = rep().await;
    let a = next(&crm, &first).await;
    crm.advance(9);
    let b = next(&crm, &first).await;
    assert_eq!(a.refresh, b.refresh);
    assert!(alive(&a).await && alive(&b).await);
    next(&crm, &a).await;
    assert_eq!(ended(&crm).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_second_repeat_within_the_grace_ends_the_session() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    next(&crm, &first).await;
    refused(&crm, &first.refresh).await;
    assert!(!alive(&second).await);
    refused(&crm, &second.refresh).await;
    assert_eq!(ended(&crm).await, ["REPEATED_AGAIN"]);
}

#[tokio::test]
async fn another_client_that_repeats_within_the_grace_ends_the_session() {
    for (agent, place) in [("app/2", None), ("app/1", Some([198, 51, 100, 7]))] {
        let (crm, first) = rep().await;
        let with = async |crm: &Crm, agent: &str| {
            let body = json!({"refreshToken": first.refresh});
            crm.nobody().ask("POST", "/auth/refresh", Some(&body), &[("user-agent", agent)]).await
        };
        let second = Person::from_session(&crm, with(&crm, "app/1").await.expect(200).data());
        let elsewhere = place.map_or_else(|| crm.clone(), |place| crm.from_address(place));
        with(&elsewhere, agent).await.expect(401);
        assert!(!alive(&second).await);
        assert_eq!(ended(&crm).await, ["OTHER_CLIENT"]);
    }
}

#[tokio::test]
async fn the_event_of_a_session_that_was_ended_says_why_and_holds_no_token() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    crm.advance(12);
    refused(&crm, &first.refresh).await;
    let events = crm.items_of("EVENT").await;
    let event = events.iter().find(|event| event.at("data")["type"] == "session.reuse_detected").expect("an event").at("data").clone();
    assert_eq!((&event["data"]["reason"], &event["entityId"]), (&json!("SPENT_TOKEN"), &json!(first.id)));
    assert!(event["data"]["sessionId"].is_string());
    for token in [&first.refresh, &second.refresh] {
        assert!(!event.to_string().contains(&token[40..]), "{event}");
    }
    // Whoever is refused again meets a session that is gone, which is no news.
    refused(&crm, &first.refresh).await;
    assert_eq!(ended(&crm).await, ["SPENT_TOKEN"]);
}

#[tokio::test]
async fn a_session_ends_after_ninety_days_however_often_it_is_refreshed() {
    let (crm, first) = rep().await;
    let mut person = first.clone();
    for _ in 0..5 {
        crm.advance(15 * 24 * 3600);
        person = next(&crm, &person).await;
    }
    crm.advance(15 * 24 * 3600 - 60);
    person = next(&crm, &person).await;
    assert!(alive(&person).await);
    crm.advance(61);
    assert!(!alive(&person).await);
    refused(&crm, &person.refresh).await;
    assert_eq!(ended(&crm).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_repeat_after_the_grace_ends_the_session() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    crm.advance(12);
    refused(&crm, &first.refresh).await;
    refused(&crm, &second.refresh).await;
    assert!(!alive(&second).await);
}

#[tokio::test]
async fn a_token_two_generations_old_ends_the_session_even_within_the_grace() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    let third = next(&crm, &second).await;
    refused(&crm, &first.refresh).await;
    refused(&crm, &third.refresh).await;
    assert!(!alive(&third).await);
}

#[tokio::test]
async fn the_grace_counts_from_the_last_rotation_and_for_its_token_alone() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    crm.advance(60);
    let third = next(&crm, &second).await;
    assert_eq!(next(&crm, &second).await.refresh, third.refresh);
    crm.advance(12);
    refused(&crm, &second.refresh).await;
    assert!(!alive(&third).await);
}

#[tokio::test]
async fn a_token_is_nothing_after_logout() {
    let (crm, first) = rep().await;
    let other = crm.sign_in(&first.email, PASSWORD).await;
    crm.nobody().post("/auth/logout", json!({"refreshToken": first.refresh})).await.expect(204);
    refused(&crm, &first.refresh).await;
    assert!(!alive(&first).await && alive(&other).await);
    next(&crm, &other).await;
}

#[tokio::test]
async fn a_spent_token_can_still_end_the_session_it_came_from() {
    let (crm, first) = rep().await;
    let second = next(&crm, &first).await;
    crm.nobody().post("/auth/logout", json!({"refreshToken": first.refresh})).await.expect(204);
    refused(&crm, &second.refresh).await;
}

#[tokio::test]
async fn a_token_of_a_session_that_ended_ends_no_other() {
    let (crm, first) = rep().await;
    let other = crm.sign_in(&first.email, PASSWORD).await;
    first.post("/auth/logout", json!({})).await.expect(204);
    // Logging out leaves the hash behind: it counts for nothing.
    crm.nobody().post("/auth/logout", json!({"refreshToken": first.refresh, "all": true})).await.expect(204);
    assert!(alive(&other).await);
    let other = next(&crm, &other).await;
    let stored = crm.items_of("CREDENTIAL").await;
    let mine = stored.iter().find(|item| item.at("data")["userId"] == json!(first.id)).expect("credential");
    assert_eq!(mine.at("data")["refresh"].as_object().map(|sessions| sessions.len()), Some(1), "what was left goes with the next refresh");
    assert!(alive(&other).await);
}

#[tokio::test]
async fn every_token_is_nothing_after_logging_out_everywhere() {
    let (crm, first) = rep().await;
    let other = crm.sign_in(&first.email, PASSWORD).await;
    first.post("/auth/logout", json!({"all": true})).await.expect(204);
    refused(&crm, &first.refresh).await;
    refused(&crm, &other.refresh).await;
}

#[tokio::test]
async fn a_new_password_leaves_the_token_of_its_own_session_alone() {
    let (crm, first) = rep().await;
    let other = crm.sign_in(&first.email, PASSWORD).await;
    first.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "a longer secret"})).await.expect(204);
    refused(&crm, &other.refresh).await;
    next(&crm, &first).await;
}

#[tokio::test]
async fn a_password_reset_by_an_administrator_ends_every_token() {
    let (crm, first) = rep().await;
    crm.admin().await.patch(&format!("/users/{}", first.id), json!({"password": "set by somebody"})).await.expect(200);
    refused(&crm, &first.refresh).await;
}

#[tokio::test]
async fn a_disabled_user_has_no_tokens_and_gets_none_back() {
    let (crm, first) = rep().await;
    let (admin, path) = (crm.admin().await, format!("/users/{}", first.id));
    admin.patch(&path, json!({"status": "DISABLED"})).await.expect(200);
    refused(&crm, &first.refresh).await;
    admin.patch(&path, json!({"status": "ACTIVE"})).await.expect(200);
    refused(&crm, &first.refresh).await;
    assert!(!alive(&first).await);
}

#[tokio::test]
async fn a_token_expires_and_a_refresh_prolongs_it() {
    let (crm, first) = rep().await;
    let idle = crm.sign_in(&first.email, PASSWORD).await;
    crm.advance(LIFETIME - 60);
    let second = next(&crm, &first).await;
    crm.advance(61);
    refused(&crm, &idle.refresh).await;
    next(&crm, &second).await;
}

#[tokio::test]
async fn another_users_id_in_a_token_harms_nobody() {
    let (crm, first) = rep().await;
    let victim = crm.person("SALES_REP", None).await;
    refused(&crm, &changed(&first.refresh, 0, &part(&victim.refresh, 0, 16))).await;
    refused(&crm, &changed(&first.refresh, 0, &[0; 16])).await;
    assert!(alive(&first).await && alive(&victim).await);
    next(&crm, &first).await;
    next(&crm, &victim).await;
}

#[tokio::test]
async fn an_unknown_session_in_a_token_harms_nobody() {
    let (crm, first) = rep().await;
    refused(&crm, &changed(&first.refresh, 16, &[7; 16])).await;
    assert!(alive(&first).await);
    next(&crm, &first).await;
}

#[tokio::test]
async fn the_secret_of_one_session_does_not_open_another_and_ends_it() {
    let (crm, first) = rep().await;
    let other = crm.sign_in(&first.email, PASSWORD).await;
    refused(&crm, &changed(&first.refresh, 32, &part(&other.refresh, 32, 32))).await;
    assert!(!alive(&first).await, "a wrong secret on a live session is an attack");
    assert!(alive(&other).await);
}

#[tokio::test]
async fn a_guessed_secret_on_a_live_session_ends_it() {
    let (crm, first) = rep().await;
    refused(&crm, &changed(&first.refresh, 32, &[9; 32])).await;
    assert!(!alive(&first).await);
    refused(&crm, &first.refresh).await;
}

#[tokio::test]
async fn a_token_that_is_no_token_is_422() {
    let (crm, first) = rep().await;
    let long = format!("{}A", first.refresh);
    for bad in ["", "x", &first.refresh[1..], &long, &first.token, "é", &"A".repeat(10_000)] {
        assert_eq!(refresh(&crm, bad).await.expect(422).pointers(), ["/refreshToken"]);
    }
    assert!(alive(&first).await);
}

#[tokio::test]
async fn of_fifty_racing_with_one_token_two_get_its_successor_and_the_session_ends() {
    let (crm, first) = rep().await;
    let replies = together(50, |_| {
        let (crm, token) = (crm.clone(), first.refresh.clone());
        async move { refresh(&crm, &token).await }
    })
    .await;
    let answered = |reply: &&Reply| reply.status == 200;
    let mut tokens: Vec<String> = replies.iter().filter(answered).map(|reply| text(&reply.data()["refreshToken"])).collect();
    assert_eq!(tokens.len(), 2, "the answer and its one repetition");
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    let stored = crm.items().await;
    assert!(!stored.iter().any(|item| serde_json::to_string(&item.0).expect("JSON").contains(&tokens[0])), "only the hash is kept");
    refused(&crm, &first.refresh).await;
    refused(&crm, &tokens[0]).await;
    assert!(!alive(&first).await);
    assert_eq!(ended(&crm).await, ["REPEATED_AGAIN"]);
}

#[tokio::test]
async fn the_twenty_first_session_ends_the_one_unused_for_longest() {
    let (crm, first) = rep().await;
    crm.advance(1);
    let second = crm.sign_in(&first.email, PASSWORD).await;
    crm.advance(1);
    let first = next(&crm, &first).await;
    crm.advance(1);
    for _ in 0..19 {
        crm.sign_in(&first.email, PASSWORD).await;
    }
    refused(&crm, &second.refresh).await;
    next(&crm, &first).await;
}
