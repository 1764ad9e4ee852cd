//! Products.

use crate::crm::{together, unique};
use crate::people::text;
use crate::{Crm, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// A search or a filter after a change: as promised.
const SOON: Duration = Duration::from_secs(5);

pub async fn a_product_is_made_changed_and_taken_off_the_shelf(crm: Crm) {
    let (manager, rep) = (crm.person("MANAGER", None).await, crm.person("SALES_REP", None).await);
    let (sku, category) = (format!("Sku{}", unique()), format!("Category {}", unique()));
    let body = json!({"sku": format!(" {sku} "), "name": "Engine", "category": category, "priceMinor": 1050, "description": "Brass and steel"});
    rep.post("/products", body.clone()).await.expect(403);
    let made = manager.post("/products", body).await.expect(201);
    let product = made.data().clone();
    let path = format!("/products/{}", text(&product["id"]));
    assert_eq!(made.header("location").unwrap_or_default(), format!("/api/v1{path}"));
    assert_eq!((&product["sku"], &product["priceMinor"], &product["active"]), (&json!(sku), &json!(1050), &json!(true)));
    let settings = rep.get("/settings").await.expect(200);
    assert_eq!(product["currency"], settings.data()["currency"], "that of the deployment");
    assert_eq!(rep.get(&path).await.expect(200).data(), &product);
    rep.patch(&path, json!({"priceMinor": 1})).await.expect(403);
    let dearer = manager.patch(&path, json!({"priceMinor": 2000, "active": false, "currency": product["currency"]})).await.expect(200);
    assert_eq!((&dearer.data()["priceMinor"], &dearer.data()["version"]), (&json!(2000), &json!(2)));
    let listed = |active: bool| format!("/products?active={active}&category={}", category.replace(' ', "%20").to_uppercase());
    eventually("it is among those that are not sold", SOON, || async {
        (rep.ids(&listed(false)).await.len() == 1 && rep.ids(&listed(true)).await.is_empty()).then_some(())
    })
    .await;
    let row = rep.all(&listed(false)).await.remove(0);
    assert!(row.get("description").is_none() && row["sku"] == json!(sku));
    eventually("its sku finds it", SOON, || async {
        (rep.ids(&format!("/products?q={}", sku.to_lowercase())).await == [text(&product["id"])]).then_some(())
    })
    .await;
    for wrong in [json!({"priceMinor": -1}), json!({"priceMinor": 10_000_000_000_000_i64}), json!({"priceMinor": 1.5}), json!({"priceMinor": null})] {
        assert_eq!(manager.patch(&path, wrong).await.expect(422).pointers(), ["/priceMinor"]);
    }
    let other = if product["currency"] == json!("CHF") { "EUR" } else { "CHF" };
    assert_eq!(manager.patch(&path, json!({"currency": other})).await.expect(422).pointers(), ["/currency"]);
}

pub async fn twenty_products_of_one_sku_are_one(crm: Crm) {
    let manager = crm.person("MANAGER", None).await;
    let sku = format!("Sku{}", unique());
    let answers = together(20, |n| {
        let sku = if n % 2 == 0 { sku.to_uppercase() } else { sku.to_lowercase() };
        let manager = manager.clone();
        async move { manager.post("/products", json!({"sku": sku, "name": "Engine", "priceMinor": 1})).await }
    })
    .await;
    let made: Vec<&Value> = answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.data()).collect();
    assert_eq!(made.len(), 1);
    let refused = answers.iter().find(|answer| answer.status == 409).expect("the others are refused");
    assert_eq!((refused.code(), refused.pointers()), ("DUPLICATE", vec!["/sku"]));
    assert_eq!(refused.body["matches"], json!({"ids": [made[0]["id"]], "hidden": 0}));
    let path = format!("/products/{}", text(&made[0]["id"]));
    let other = manager.make("/products", json!({"sku": unique(), "name": "Other", "priceMinor": 1})).await;
    let other = format!("/products/{}", text(&other["id"]));
    assert_eq!(manager.patch(&other, json!({"sku": sku})).await.expect(409).code(), "DUPLICATE");
    manager.patch(&path, json!({"sku": sku.to_lowercase()})).await.expect(200);
    manager.patch(&path, json!({"sku": format!("{sku}b")})).await.expect(200);
    manager.patch(&other, json!({"sku": sku})).await.expect(200);
}

pub async fn products_are_listed_by_name(crm: Crm) {
    let manager = crm.person("MANAGER", None).await;
    let category = unique();
    for name in ["beta", "Alpha", "Ärmel", "gamma", "Alpha 2"] {
        manager.make("/products", json!({"sku": unique(), "name": name, "priceMinor": 1, "category": category})).await;
    }
    let names = |rows: Vec<Value>| rows.iter().map(|row| text(&row["name"])).collect::<Vec<_>>();
    let path = format!("/products?category={category}");
    let ordered = ["Alpha", "Alpha 2", "Ärmel", "beta", "gamma"].map(str::to_owned).to_vec();
    eventually("they come by name", SOON, || async { (names(manager.all(&format!("{path}&limit=2")).await) == ordered).then_some(()) }).await;
    let backwards: Vec<String> = ordered.iter().rev().cloned().collect();
    assert_eq!(names(manager.all(&format!("{path}&sort=-name")).await), backwards);
    assert_eq!(manager.get("/products?sort=name&q=alpha").await.expect(422).pointers(), ["?sort"]);
}
