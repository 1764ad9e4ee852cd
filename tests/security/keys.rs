//! The deployment's keys: planned and emergency rotations, and what is damaged.

use crate::security::bootstrap::{deploy, told, worker};
use crate::security::mint::{Mint, parts, with};
use futures::future::BoxFuture;
use local::{Operation, TABLE, Table};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tests::crm::PASSWORD;
use tests::time::Passing;
use tests::{Crm, Person};

/// The life of an access token, seconds.
const LIFE: i64 = 900;

async fn idle() -> Crm {
    Crm::idle(Table::memory().expect("memory")).await
}

/// The id of the key that signed a token.
fn kid(person: &Person) -> String {
    parts(&person.token).0["kid"].as_str().expect("text").to_owned()
}

/// The ids of the keys in the secret, and in what is published.
async fn kids(crm: &Crm) -> (Vec<String>, Vec<String>) {
    let ids = |keys: &Value| keys.as_array().expect("keys").iter().map(|key| key["kid"].as_str().expect("text").to_owned()).collect();
    let secret: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
    (ids(&secret["keys"]), ids(&crm.items_of("JWKS").await[0].at("data")["keys"]))
}

async fn rotated(crm: &Crm, rotation: &str) {
    let answer = deploy(crm, "Update", rotation).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
}

/// The same person, asking another process.
fn at(crm: &Crm, person: &Person) -> Person {
    Person { crm: crm.clone(), ..person.clone() }
}

/// The next session of a person, who asks this process for it.
async fn refreshed(crm: &Crm, person: &Person) -> Person {
    let session = crm.nobody().post("/auth/refresh", json!({"refreshToken": person.refresh})).await.expect(200);
    Person::from_session(crm, session.data())
}

#[tokio::test]
async fn a_planned_rotation_refuses_none_of_a_thousand_requests() {
    let crm = idle().await;
    // Functions that sign, that only verify, and that nobody asks for a long time.
    let (signs, verifies, sleeps) = (crm.beside().await, crm.beside().await, crm.beside().await);
    let mut people = [crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await, crm.admin().await];
    let first = kid(&people[0]);
    let mint = Mint::of(&crm).await;
    let (mut requests, mut since) = (0, None);
    for step in 0..230 {
        let second = step * 6;
        if second == 120 {
            rotated(&crm, "2").await;
            since = Some(second);
            assert_eq!(kids(&crm).await, kids(&crm).await);
            assert_eq!(kids(&crm).await.1.len(), 2, "published at once");
        }
        for (number, person) in people.iter_mut().enumerate() {
            // Each gets a new token every five minutes, not all at once, and from two processes in turn.
            if (step + number * 17) % 50 == 49 {
                *person = refreshed(if step % 2 == 0 { &crm } else { &signs }, person).await;
                requests += 1;
                match since.map(|since| second - since) {
                    None => assert_eq!(kid(person), first),
                    Some(passed) if passed < 60 => assert_eq!(kid(person), first, "{passed} s after it the old key signs"),
                    Some(passed) if passed >= 120 => assert_ne!(kid(person), first, "{passed} s after it the new key signs"),
                    Some(_) => {}
                }
            }
            for process in [&crm, &verifies] {
                let answer = at(process, person).get("/auth/me").await;
                assert_eq!(answer.status, 200, "second {second}: {}", answer.text);
                requests += 1;
            }
        }
        crm.advance(6);
    }
    assert!(requests >= 1000, "{requests}");
    at(&sleeps, &people[0]).get("/auth/me").await.expect(200);
    assert!(people.iter().all(|person| kid(person) != first));
    // The old key was needed until the last of its tokens had ended, and is refused after its date.
    let (header, claims, _) = parts(&people[0].token);
    let late = with(&claims, json!({"exp": claims["exp"].as_i64().expect("seconds") + 1_000_000}));
    let forged = Person { token: mint.sign(&with(&header, json!({"kid": first})), &late), ..people[0].clone() };
    for process in [&crm, &verifies, &sleeps] {
        at(process, &forged).get("/auth/me").await.expect(401);
    }
    rotated(&crm, "3").await;
    let (secret, published) = kids(&crm).await;
    assert_eq!((secret.len(), &secret), (2, &published), "the key that is over is dropped at the next rotation");
    assert!(!secret.contains(&first));
}

#[tokio::test]
async fn an_old_key_counts_up_to_its_date_and_not_a_second_longer() {
    let crm = idle().await;
    let warm = crm.beside().await;
    let (mint, admin) = (Mint::of(&crm).await, crm.admin().await);
    let (header, claims, _) = parts(&admin.token);
    rotated(&crm, "2").await;
    let published = crm.items_of("JWKS").await[0].at("data")["keys"].clone();
    let now = claims["iat"].as_i64().expect("seconds");
    let until = published[0]["until"].as_i64().expect("a date");
    // A minute until the new one signs, two for who follows late, and the life of what was signed last.
    assert!((now + 180 + LIFE..=now + 185 + LIFE).contains(&until), "{} seconds", until - now);
    assert_eq!(published[1]["until"], Value::Null, "the new one has no end");
    let forged = mint.sign(&header, &with(&claims, json!({"exp": until + 1_000_000})));
    let forged = Person { token: forged, ..at(&warm, &admin) };
    crm.advance(until - now - 20);
    forged.get("/auth/me").await.expect(200);
    // It was read just now and is not read again: the date is in what was read.
    crm.advance(21);
    forged.get("/auth/me").await.expect(401);
}

#[tokio::test]
async fn a_longer_life_of_tokens_that_was_shortened_meanwhile_is_waited_for() {
    let table = Table::memory().expect("memory");
    let crm = Crm::set(table, Passing::default(), &[("ACCESS_TTL", "86400")]).await;
    let long = crm.admin().await;
    // The same deployment with another setting.
    let crm = crm.beside().await;
    rotated(&crm, "2").await;
    crm.advance(80_000);
    at(&crm, &long).get("/auth/me").await.expect(200);
    crm.advance(10_000);
    at(&crm, &long).get("/auth/me").await.expect(401);
}

#[tokio::test]
async fn a_leaked_key_is_unknown_everywhere_within_a_minute_and_its_sessions_live_on() {
    let crm = idle().await;
    let (warm, signer) = (crm.beside().await, crm.beside().await);
    let (rep, mate) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    let first = kid(&rep);
    at(&warm, &rep).get("/auth/me").await.expect(200);
    let mate = refreshed(&signer, &mate).await;
    rotated(&crm, "Leaked-2026-11-21").await;
    let (secret, published) = kids(&crm).await;
    assert_eq!((secret.len(), &secret), (1, &published));
    assert!(!secret.contains(&first), "nothing is left of the old key");
    // A function that was warm and signed with the old key a moment ago signs with the new one at once, and another one that
    // does not know it yet asks.
    let mate = refreshed(&signer, &mate).await;
    assert_eq!(kid(&mate), secret[0]);
    let elsewhere = crm.beside().await;
    at(&elsewhere, &mate).get("/auth/me").await.expect(200);
    // A warm function that sees no new token: the old one is over within a minute.
    let mut ended = None;
    for second in 1..=60 {
        crm.advance(1);
        if at(&warm, &rep).get("/auth/me").await.status == 401 {
            ended = Some(second);
            break;
        }
    }
    assert!(ended.is_some(), "the leaked key still counts after a minute");
    assert_eq!(at(&warm, &rep).get("/customers").await.status, 401);
    assert_eq!(at(&warm, &rep).get("/health/ready").await.body["data"]["components"], Value::Null, "nobody where a token is optional");
    let rep = refreshed(&crm, &rep).await;
    for process in [&crm, &warm, &signer, &elsewhere] {
        at(process, &rep).get("/auth/me").await.expect(200);
    }
    crm.sign_in(&rep.email, PASSWORD).await.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_key_that_nobody_knew_is_asked_for_at_once_and_made_up_ones_are_not() {
    let seen = Arc::new(Mutex::new(0));
    let noted = seen.clone();
    let observer = move |operation: &Operation| {
        *noted.lock().expect("lock") += u32::from(operation.name == "GetItem" && operation.partitions.iter().any(|partition| partition == "JWKS"));
        Ok(())
    };
    let crm = Crm::idle(Table::memory().expect("memory").with_observer(Arc::new(observer))).await;
    let (mint, admin) = (Mint::of(&crm).await, crm.admin().await);
    let (header, claims, _) = parts(&admin.token);
    let reads = || std::mem::take(&mut *seen.lock().expect("lock"));
    reads();
    for number in 0..50 {
        let token = mint.sign(&with(&header, json!({"kid": format!("made-up-{number}")})), &claims);
        Person { token, ..admin.clone() }.get("/auth/me").await.expect(401);
    }
    assert_eq!(reads(), 1, "whoever makes ids up buys one read in three seconds");
    admin.get("/auth/me").await.expect(200);
    assert_eq!(reads(), 0);
    crm.advance(31);
    for _ in 0..5 {
        admin.get("/auth/me").await.expect(200);
    }
    assert_eq!(reads(), 1, "and time buys one in half a minute");
}

#[tokio::test]
async fn the_keys_are_read_again_beside_the_caller_and_not_after() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (begun, ended) = (seen.clone(), seen.clone());
    // Every call waits a moment before it is carried out, so that what is asked side by side has begun by then.
    let turn = move || -> BoxFuture<'static, ()> {
        begun.lock().expect("lock").push("asked");
        Box::pin(tokio::task::yield_now())
    };
    let after = move |_: &Operation| {
        ended.lock().expect("lock").push("answered");
        Ok(())
    };
    let table = Table::memory().expect("memory").with_turns(Arc::new(turn)).with_after(Arc::new(after));
    let crm = Crm::idle(table).await;
    let admin = crm.admin().await;
    let list = async || {
        seen.lock().expect("lock").clear();
        admin.get("/teams").await.expect(200);
        let calls = std::mem::take(&mut *seen.lock().expect("lock"));
        let first_trip = calls.iter().take_while(|what| **what == "asked").count();
        (first_trip, calls.len() / 2)
    };
    assert_eq!(list().await, (2, 2), "the caller and the list, side by side");
    crm.advance(31);
    assert_eq!(list().await, (3, 3), "and the keys beside them");
    assert_eq!(list().await, (2, 2));
}

#[tokio::test]
async fn a_value_that_was_seen_rotates_nothing() {
    let crm = idle().await;
    let answer = deploy(&crm, "Create", "1").await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    for rotation in ["2", "leaked-then", "3"] {
        rotated(&crm, rotation).await;
        let (secret, items) = (crm.secret().await, crm.items_of("JWKS").await[0].0.clone());
        // A retry, a rollback to anything that was before, and a repeated Create.
        for seen in [rotation, "1", "2", rotation] {
            rotated(&crm, seen).await;
            deploy(&crm, "Create", seen).await;
        }
        told(&crm.embedded().worker_app(worker()), json!({"RequestType": "Update"})).await;
        assert_eq!(crm.secret().await, secret, "{rotation}");
        assert_eq!(crm.items_of("JWKS").await[0].0, items, "{rotation}");
    }
    for nonsense in ["", "with space", "ä", &"x".repeat(65)] {
        let answer = deploy(&crm, "Update", nonsense).await;
        assert!(answer["Reason"].as_str().is_some_and(|reason| reason.contains("Rotation=")), "{answer}");
    }
    crm.admin().await.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_rotation_that_was_carried_out_before_says_that_it_changed_nothing() {
    let crm = idle().await;
    let told = async |rotation: &str| {
        let answer = deploy(&crm, "Update", rotation).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        answer["Data"]["Rotation"].as_str().expect("told").to_owned()
    };
    assert_eq!(told("leaked-1").await, "the rotation leaked-1 is in force");
    assert_eq!(told("leaked-1").await, "the rotation leaked-1 is in force", "a retry says the same");
    told("2").await;
    let keys = kids(&crm).await;
    let again = told("leaked-1").await;
    assert!(again.contains("leaked-1 was carried out before, and 2 after it: nothing was changed"), "{again}");
    assert_eq!(kids(&crm).await, keys);
}

#[tokio::test]
async fn a_damaged_secret_is_told_and_stays_as_it_is() {
    let crm = idle().await;
    let admin = crm.admin().await;
    let good: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
    let pkcs8 = good["keys"][0]["pkcs8"].as_str().expect("text").to_owned();
    let key = |members: Value| json!({"keys": [with(&good["keys"][0], members)], "refresh": good["refresh"]}).to_string();
    for (damaged, why) in [
        (String::new(), "not JSON"),
        (crm.secret().await[..40].to_owned(), "not JSON"),
        (json!([]).to_string(), "missing or wrong"),
        (json!({"keys": good["keys"]}).to_string(), "missing or wrong"),
        (json!({"keys": pkcs8, "refresh": good["refresh"]}).to_string(), "missing or wrong"),
        (json!({"keys": [], "refresh": good["refresh"]}).to_string(), "no keys"),
        (json!({"keys": [good["keys"][0], good["keys"][0]], "refresh": good["refresh"]}).to_string(), "ids of their own"),
        (key(json!({"kid": ""})), "ids of their own"),
        (key(json!({"pkcs8": ""})), "Ed25519"),
        (key(json!({"pkcs8": "???"})), "base64url"),
        (key(json!({"pkcs8": &pkcs8[..40]})), "Ed25519"),
        (json!({"keys": good["keys"], "refresh": ""}).to_string(), "too short"),
    ] {
        crm.set_secret(&damaged).await;
        let published = crm.items_of("JWKS").await[0].0.clone();
        for rotation in ["1", "another", "leaked"] {
            let answer = deploy(&crm, "Update", rotation).await;
            let reason = answer["Reason"].as_str().expect("a reason");
            assert_eq!(answer["Status"], "FAILED");
            assert!(reason.contains("the secret is damaged") && reason.contains(why), "{damaged:?}: {reason}");
            assert!(!reason.contains(&pkcs8[..20]), "{reason}");
        }
        assert_eq!((crm.secret().await, &crm.items_of("JWKS").await[0].0), (damaged.clone(), &published));
        let start = Crm::bare(Table::memory().expect("memory"), Some(&damaged)).await;
        let error = start.err().expect("does not start").to_string();
        assert!(error.contains("the secret is damaged"), "{error}");
        admin.get("/auth/me").await.expect(200);
    }
    crm.set_secret(&good.to_string()).await;
    rotated(&crm, "repaired").await;
}

#[tokio::test]
async fn what_is_published_is_made_anew_from_the_secret_and_until_then_nobody_gets_a_useless_token() {
    let crm = idle().await;
    rotated(&crm, "1").await;
    crm.advance(61);
    let admin = crm.admin().await;
    let good = crm.items_of("JWKS").await[0].at("data")["keys"].clone();
    let other = idle().await.items_of("JWKS").await[0].at("data")["keys"][0].clone();
    let text = |name: &str| json!({"S": other[name]});
    let foreign = json!({"L": [{"M": {"kid": text("kid"), "x": text("x")}}]});
    for keys in [foreign, json!({"L": []}), json!({"S": "nonsense"})] {
        let item = json!({"pk": {"S": "JWKS"}, "sk": {"S": "JWKS"}, "type": {"S": "JWKS"}, "data": {"M": {"keys": keys}}});
        crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": item})).await.expect("put");
        let refused = crm.nobody().post("/auth/refresh", json!({"refreshToken": admin.refresh})).await;
        assert_eq!(refused.status, 500, "a token that nobody takes is not given, and the refresh token not spent");
        assert_eq!(deploy(&crm, "Update", "1").await["Status"], "SUCCESS");
        assert_eq!(crm.items_of("JWKS").await[0].at("data")["keys"], good);
    }
    refreshed(&crm, &admin).await.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_secret_from_before_there_were_rotations_is_read_and_rotated_by_the_next_value() {
    let crm = idle().await;
    let secret: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
    let old = |keys: &Value| {
        let keys = keys.as_array().expect("keys").iter().map(|key| with(key, json!({"until": null, "longest": null})));
        json!({"keys": keys.collect::<Vec<_>>(), "refresh": secret["refresh"]}).to_string()
    };
    crm.set_secret(&old(&secret["keys"])).await;
    let item = crm.items_of("JWKS").await[0].at("data")["keys"][0].clone();
    let published = json!({"L": [{"M": {"kid": {"S": item["kid"]}, "x": {"S": item["x"]}}}]});
    let item = json!({"pk": {"S": "JWKS"}, "sk": {"S": "JWKS"}, "type": {"S": "JWKS"}, "data": {"M": {"keys": published}}});
    crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": item})).await.expect("put");
    let admin = crm.admin().await;
    let update = |rotation: &str, before: &str| {
        let (app, rotation, before) = (crm.embedded().worker_app(worker()), json!({"Rotation": rotation}), json!({"Rotation": before}));
        async move { told(&app, json!({"RequestType": "Update", "ResourceProperties": rotation, "OldResourceProperties": before})).await }
    };
    assert_eq!(update("7", "7").await["Status"], "SUCCESS");
    let now: Value = serde_json::from_str(&crm.secret().await).expect("JSON");
    assert_eq!((now["keys"].as_array().map(Vec::len), &now["rotations"]), (Some(1), &json!(["7"])), "an update of the code rotates nothing");
    assert_eq!(now["keys"][0]["kid"], secret["keys"][0]["kid"]);
    assert_eq!(update("8", "7").await["Status"], "SUCCESS");
    assert_eq!(kids(&crm).await.0.len(), 2);
    // A laptop's copy, opened by this version.
    let laptop = Crm::bare(Table::memory().expect("memory"), Some(&old(&secret["keys"]))).await.expect("opens");
    assert_eq!(kids(&laptop).await.0, [secret["keys"][0]["kid"].as_str().expect("text")]);
    at(&crm, &admin).get("/auth/me").await.expect(200);
    refreshed(&crm, &admin).await;
}

#[tokio::test]
async fn a_rotation_that_was_cut_short_anywhere_is_made_good_by_its_repetition() {
    for rotation in ["2", "leaked-2"] {
        for cut in 0.. {
            let left = Arc::new(Mutex::new(None::<u32>));
            let counted = left.clone();
            let observer = move |operation: &Operation| {
                let mut left = counted.lock().expect("lock");
                match &mut *left {
                    Some(0) if operation.role == Some("bootstrap") => return Err(local::Fault::server_error()),
                    Some(left) if operation.role == Some("bootstrap") => *left -= 1,
                    _ => {}
                }
                Ok(())
            };
            let crm = Crm::idle(Table::memory().expect("memory").with_observer(Arc::new(observer))).await;
            let warm = crm.beside().await;
            let admin = crm.admin().await;
            *left.lock().expect("lock") = Some(cut);
            let done = deploy(&crm, "Update", rotation).await["Status"] == "SUCCESS";
            *left.lock().expect("lock") = None;
            // Whatever is there works.
            crm.advance(61);
            let fresh = refreshed(&warm, &admin).await;
            at(&crm, &fresh).get("/auth/me").await.expect(200);
            rotated(&crm, rotation).await;
            let (secret, published) = kids(&crm).await;
            assert_eq!(secret, published);
            assert_eq!(secret.len(), if rotation == "2" { 2 } else { 1 });
            refreshed(&warm, &fresh).await.get("/auth/me").await.expect(200);
            if done {
                assert!(cut >= 3, "announced, written, published");
                break;
            }
        }
    }
}
