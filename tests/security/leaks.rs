//! Secrets and personal data do not get where they do not belong.

use serde_json::{Value, json};
use std::time::Duration;
use tests::crm::unique;
use tests::{Crm, Person, eventually, log};

#[tokio::test]
async fn passwords_and_tokens_are_stored_as_hashes_and_personal_data_is_not_logged() {
    log::listen();
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let mark = unique();
    let (email, phone) = (format!("leak{mark}@people.test"), "+4915112345678".to_owned());
    let passwords = [format!("first{mark}"), format!("second{mark}"), format!("third{mark}"), format!("wrong{mark}")];
    let [first, second, third, wrong] = &passwords;
    let name = format!("Person{mark}");
    let body = json!({"email": email, "password": first, "phone": phone, "firstName": name, "mustChangePassword": true});
    let id = admin.post("/users", body).await.expect(201).data()["id"].as_str().expect("id").to_owned();
    let mut tokens = Vec::new();
    let login = async |password: &str| {
        Person::from_session(&crm, crm.nobody().post("/auth/login", json!({"email": email, "password": password})).await.expect(200).data())
    };
    let mut person = login(first).await;
    crm.nobody().post("/auth/login", json!({"email": email, "password": wrong})).await.expect(401);
    person.post("/auth/password", json!({"currentPassword": wrong, "newPassword": second})).await.expect(422);
    person.post("/auth/password", json!({"currentPassword": first, "newPassword": second})).await.expect(204);
    for _ in 0..3 {
        tokens.extend([person.token.clone(), person.refresh.clone()]);
        person = Person::from_session(&crm, crm.nobody().post("/auth/refresh", json!({"refreshToken": person.refresh})).await.expect(200).data());
    }
    tokens.extend([person.token.clone(), person.refresh.clone()]);
    admin.patch(&format!("/users/{id}"), json!({"password": third, "email": format!("new{email}")})).await.expect(200);
    admin.customer(json!({"name": name, "email": email, "phone": phone})).await;
    // The same where something goes wrong: a query, a path, headers, a broken body, an unknown field.
    admin.get(&format!("/customers?q={email}&secret={wrong}")).await.expect(422);
    admin.get(&format!("/customers/{email}")).await.expect(404);
    admin.get(&format!("/{email}/{wrong}")).await.expect(404);
    admin.post("/customers", json!({"name": name, "email": email, "phone": phone, (wrong): wrong})).await.expect(422);
    admin
        .ask("POST", "/customers", Some(&json!({"name": name})), &[("idempotency-key", wrong), ("user-agent", &name), ("x-forwarded-for", &phone)])
        .await
        .expect(201);
    let queues = &crm.embedded().queues;
    queues.send("automation", vec![format!("{{\"broken\": \"{wrong}")], Duration::ZERO).await.expect("sent");
    eventually("the broken message is parked", Duration::from_secs(10), || async { (!crm.items_of("PARKED").await.is_empty()).then_some(()) }).await;

    let items = crm.items().await;
    let secret = crm.secret().await;
    let secret: Value = serde_json::from_str(&secret).expect("JSON");
    for item in &items {
        let stored = Value::Object(item.0.clone()).to_string();
        let parked = item.text("type") == "PARKED";
        for planted in passwords.iter().chain(&tokens).filter(|planted| !(parked && *planted == wrong)) {
            assert!(!stored.contains(planted.as_str()), "{} / {} holds a secret", item.text("pk"), item.text("sk"));
        }
        for key in [&secret["keys"][0]["pkcs8"], &secret["refresh"]] {
            assert!(!stored.contains(key.as_str().expect("text")), "{} holds a key", item.text("pk"));
        }
    }
    let of_type = |kind: &str| items.iter().filter(|item| item.text("type") == kind).collect::<Vec<_>>();
    let (states, credentials) = (of_type("AUTH"), of_type("CREDENTIAL"));
    assert_eq!(states.len(), credentials.len(), "each user has both");
    for credential in credentials {
        let user = credential.at("data")["userId"].as_str().expect("id").to_owned();
        assert_eq!((credential.text("pk"), credential.text("sk")), (&*format!("CREDENTIAL#{user}"), "CREDENTIAL"));
        let hash = credential.at("data")["passwordHash"].as_str().expect("hash").to_owned();
        assert!(hash.starts_with("$argon2id$"));
        // A hash stands in a partition of its own, and nowhere else.
        let refresh =
            credential.at("data")["refresh"].as_object().expect("map").values().flat_map(|hashes| [hashes["h"].clone(), hashes["p"].clone()]);
        for hash in refresh.filter_map(|hash| hash.as_str().map(str::to_owned)).chain([hash]) {
            let holds = |item: &&tests::items::Raw| Value::Object(item.0.clone()).to_string().contains(&hash);
            assert_eq!(items.iter().filter(holds).count(), 1, "{user}");
        }
    }
    for queue in ["automation", "work", "automation-dead", "work-dead"] {
        for message in queues.peek(queue, 1000).await.expect("peeks") {
            let text = message.to_string();
            assert!(!passwords.iter().chain(&tokens).any(|planted| text.contains(planted.as_str())), "{queue}: {text}");
        }
    }
    let lines = log::lines();
    let personal = [&email, &phone, &name, &mark];
    for line in &lines {
        for planted in passwords.iter().chain(&tokens).chain(personal) {
            assert!(!line.contains(planted.as_str()), "logged: {line}");
        }
        let read: Value = serde_json::from_str(line).expect("JSON");
        if read["route"].is_string() {
            let members: Vec<&str> = read.as_object().expect("object").keys().map(String::as_str).collect();
            let expected = ["cold", "gatewayRequestId", "level", "ms", "requestId", "route", "rru", "status", "time", "trips", "user", "wru"];
            assert_eq!(members, expected, "nothing else is said of a request");
            assert!(!line.contains('@') && !line.contains("eyJ"), "{line}");
        }
    }
    assert!(lines.iter().any(|line| line.contains("\"route\":\"login\"")), "the log was looked at");
}
