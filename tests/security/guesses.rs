//! Guessing passwords: how many guesses are looked at, and who is held up by them.

use crate::faults::Faults;
use local::Fault;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::keys::Reserved;
use tests::crm::{PASSWORD, unique};
use tests::{Crm, Person, Reply, together};

const WINDOW: i64 = 15 * 60;

/// Somewhere else, a place a number.
const fn elsewhere(n: u8) -> [u8; 4] {
    [198, 51, 100, n]
}

async fn login(crm: &Crm, email: &str, password: &str) -> Reply {
    crm.nobody().post("/auth/login", json!({"email": email, "password": password})).await
}

/// Signs in with a program that calls itself so.
async fn login_with(crm: &Crm, agent: &str, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password});
    crm.nobody().ask("POST", "/auth/login", Some(&body), &[("user-agent", agent)]).await
}

async fn rep() -> (Crm, Person) {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    (crm, rep)
}

fn counts(replies: &[Reply], looked_at: u16) -> (usize, usize) {
    let of = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    for reply in replies.iter().filter(|reply| reply.status == 429) {
        let seconds: i64 = reply.header("retry-after").expect("retry-after").parse().expect("seconds");
        assert!((1..=WINDOW).contains(&seconds), "{seconds}");
        assert_eq!(reply.code(), "THROTTLED");
    }
    (of(looked_at), of(429))
}

/// Fifty guesses for an account from ten places: as many as it takes.
async fn guess_from_everywhere(crm: &Crm, email: &str) {
    for n in 1..=10 {
        for _ in 0..5 {
            login(&crm.from_address(elsewhere(n)), email, "not this one").await.expect(401);
        }
    }
    login(&crm.from_address(elsewhere(11)), email, "not this one").await.expect(429);
}

#[tokio::test]
async fn what_the_table_cannot_answer_is_no_guess() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let rep = crm.person("SALES_REP", None).await;
    faults.before(|operation| match (operation.role, operation.touches(Reserved::Credentials)) {
        (Some("login" | "password"), true) => Err(Fault::access_denied("GetItem")),
        _ => Ok(()),
    });
    let change = json!({"currentPassword": PASSWORD, "newPassword": "a much better one, really"});
    for _ in 0..6 {
        login(&crm, &rep.email, PASSWORD).await.expect(500);
        rep.post("/auth/password", change.clone()).await.expect(500);
    }
    // The first counter counts, and one of the other two.
    let counted = Arc::new(AtomicU32::new(0));
    let counts = counted.clone();
    faults.before(move |operation| {
        let is_count = operation.role == Some("login") && operation.name == "UpdateItem";
        if is_count && counts.fetch_add(1, Ordering::Relaxed) == 1 { Err(Fault::access_denied("UpdateItem")) } else { Ok(()) }
    });
    for _ in 0..6 {
        counted.store(0, Ordering::Relaxed);
        login(&crm, &rep.email, PASSWORD).await.expect(500);
    }
    faults.none();
    login(&crm, &rep.email, PASSWORD).await.expect(200);
    rep.post("/auth/password", change).await.expect(204);
}

#[tokio::test]
async fn of_fifty_guesses_at_once_five_are_looked_at() {
    let (crm, rep) = rep().await;
    for email in [rep.email.clone(), format!("{}@crm.test", unique())] {
        let replies = together(50, |n| {
            let (crm, email) = (crm.clone(), email.clone());
            async move { login(&crm, &email, &format!("guess number {n}")).await }
        })
        .await;
        assert_eq!(counts(&replies, 401), (5, 45), "{email}");
    }
    login(&crm, &rep.email, PASSWORD).await.expect(429);
    login(&crm.from_address(elsewhere(1)), &rep.email, PASSWORD).await.expect(200);
    crm.advance(WINDOW + 1);
    login(&crm, &rep.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn of_fifty_guesses_of_the_current_password_at_once_five_are_looked_at() {
    let (crm, rep) = rep().await;
    let replies = together(50, |n| {
        let rep = rep.clone();
        async move { rep.post("/auth/password", json!({"currentPassword": format!("guess {n}"), "newPassword": "quite another secret"})).await }
    })
    .await;
    assert_eq!(counts(&replies, 422), (5, 45));
    let right = json!({"currentPassword": PASSWORD, "newPassword": "quite another secret"});
    rep.post("/auth/password", right.clone()).await.expect(429);
    crm.advance(WINDOW + 1);
    rep.post("/auth/password", json!({"currentPassword": "x", "newPassword": "quite another secret"})).await.expect(401);
    let rep = crm.sign_in(&rep.email, PASSWORD).await;
    rep.post("/auth/password", right).await.expect(204);
}

#[tokio::test]
async fn a_right_password_gives_its_guess_back_and_no_other() {
    let (crm, rep) = rep().await;
    for _ in 0..4 {
        login(&crm, &rep.email, "not this one").await.expect(401);
    }
    for _ in 0..7 {
        login(&crm, &rep.email, PASSWORD).await.expect(200);
    }
    let same = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD});
    for _ in 0..2 {
        assert_eq!(rep.post("/auth/password", same.clone()).await.expect(422).pointers(), ["/newPassword"]);
    }
    login(&crm, &rep.email, "not this one").await.expect(401);
    login(&crm, &rep.email, PASSWORD).await.expect(429);
}

#[tokio::test]
async fn an_account_is_counted_whatever_it_is_called_by() {
    let crm = Crm::start().await;
    let name = format!("u{}", unique());
    let body = json!({"email": format!("{name}@crm.test"), "username": name, "password": PASSWORD, "mustChangePassword": false});
    crm.admin().await.post("/users", body).await.expect(201);
    for called in [json!({"email": format!("{name}@crm.test")}), json!({"username": name})].iter().cycle().take(5) {
        let mut body = called.clone();
        body["password"] = json!("not this one");
        crm.nobody().post("/auth/login", body).await.expect(401);
    }
    crm.nobody().post("/auth/login", json!({"username": name, "password": PASSWORD})).await.expect(429);
}

#[tokio::test]
async fn fifty_guesses_from_everywhere_close_an_account_to_strangers_only() {
    let (crm, rep) = rep().await;
    let home = crm.from_address(elsewhere(200));
    login_with(&home, "app/1", &rep.email, PASSWORD).await.expect(200);
    let left = Person::from_session(&crm, login_with(&crm.from_address(elsewhere(201)), "app/1", &rep.email, PASSWORD).await.expect(200).data());
    left.post("/auth/logout", json!({})).await.expect(204);
    guess_from_everywhere(&crm, &rep.email).await;
    login_with(&home, "app/1", &rep.email, PASSWORD).await.expect(200);
    login_with(&home, "app/2", &rep.email, PASSWORD).await.expect(429);
    login_with(&crm.from_address(elsewhere(202)), "app/1", &rep.email, PASSWORD).await.expect(429);
    login_with(&crm.from_address(elsewhere(201)), "app/1", &rep.email, PASSWORD).await.expect(429);
    // Whoever is known may still not guess without end.
    let guesses = together(20, |_| {
        let (home, email) = (home.clone(), rep.email.clone());
        async move { login_with(&home, "app/1", &email, "not this one").await }
    })
    .await;
    assert_eq!(counts(&guesses, 401), (5, 15));
    let nobody = format!("{}@crm.test", unique());
    guess_from_everywhere(&crm.from_address(elsewhere(0)), &nobody).await;
    crm.advance(WINDOW + 1);
    login_with(&home, "app/2", &rep.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_hundred_guesses_slow_an_address_down_for_a_while() {
    let (crm, rep) = rep().await;
    let replies = together(120, |n| {
        let crm = crm.clone();
        async move { login(&crm, &format!("somebody{n}@crm.test"), "whatever it is").await }
    })
    .await;
    assert_eq!(counts(&replies, 401), (100, 20));
    login(&crm, &rep.email, PASSWORD).await.expect(429);
    login(&crm.from_address(elsewhere(1)), &rep.email, PASSWORD).await.expect(200);
    crm.advance(WINDOW + 1);
    login(&crm, &rep.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn what_was_typed_as_a_name_can_not_be_told_from_its_counter() {
    let keys = async || -> BTreeSet<String> {
        let crm = Crm::start().await;
        login(&crm, "typed.password@crm.test", "whatever it is").await.expect(401);
        let counters = crm.items_of("THROTTLE").await;
        assert_eq!(counters.len(), 3);
        assert!(counters.iter().all(|counter| !Value::Object(counter.0.clone()).to_string().contains("typed")));
        counters.iter().map(|counter| counter.text("pk").to_owned()).collect()
    };
    // That of the address is the same everywhere; those of a name are made with the deployment's own secret.
    let (one, other) = (keys().await, keys().await);
    assert_eq!(one.intersection(&other).count(), 1);
}
