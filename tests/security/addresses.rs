//! Addresses that look alike or are the same in another spelling.

use serde_json::json;
use tests::Crm;
use tests::crm::{PASSWORD, unique};

#[tokio::test]
async fn an_address_is_one_in_whatever_form_its_domain_is_written() {
    let crm = Crm::start().await;
    let (admin, name) = (crm.admin().await, unique());
    let user = |domain: &str| json!({"email": format!("{name}@{domain}"), "password": PASSWORD, "mustChangePassword": false});
    let made = admin.post("/users", user("bücher.example")).await.expect(201);
    assert_eq!(made.data()["email"], json!(format!("{name}@xn--bcher-kva.example")));
    for same in ["BÜCHER.example", "xn--bcher-kva.example", "bu\u{308}cher.example"] {
        assert_eq!(admin.post("/users", user(same)).await.expect(409).pointers(), ["/email"], "{same}");
        crm.sign_in(&format!("{name}@{same}"), PASSWORD).await;
    }
    admin.customer(json!({"email": format!("{name}@straße.example")})).await;
    admin.post("/customers", json!({"name": "Again", "email": format!("{name}@STRASSE.example")})).await.expect(201);
    admin.post("/customers", json!({"name": "Again", "email": format!("{name}@xn--strae-oqa.example")})).await.expect(409);
}

#[tokio::test]
async fn a_domain_that_imitates_another_is_refused_with_the_reason() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    for domain in ["ex\u{430}mple.com", "xn--exmple-4nf.com"] {
        for (path, body) in [
            ("/users", json!({"email": format!("ann@{domain}"), "password": PASSWORD})),
            ("/customers", json!({"name": "Ann", "email": format!("ann@{domain}")})),
            ("/leads", json!({"title": "Ann", "email": format!("ann@{domain}")})),
        ] {
            let refused = admin.post(path, body).await.expect(422);
            assert_eq!(refused.pointers(), ["/email"]);
            assert!(refused.text.contains("several alphabets"), "{}", refused.text);
        }
    }
}
