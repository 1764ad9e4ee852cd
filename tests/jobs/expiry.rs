//! The end of promotions: what is over is no longer given, and the night says so.

use super::{SOON, counted, from_now};
use application::metric::Metric;
use domain::discount::MAX_PROMOTIONS;
use local::Table;
use serde_json::{Value, json};
use tests::crm::PASSWORD;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, eventually, log};

#[tokio::test]
async fn what_is_over_is_ended_in_the_night_and_told_once() {
    log::listen();
    let crm = Crm::timed(Table::memory().expect("memory"), Passing::from_noon()).await.working().await;
    let manager = crm.person("MANAGER", None).await;
    let (soon, later) = (from_now(&manager, 3600).await, from_now(&manager, 30 * 86_400).await);
    let short = manager.promotion(json!({"code": "SHORT", "endsAt": soon})).await;
    let first = manager.promotion(json!({"code": "FIRST", "endsAt": soon, "trigger": "FIRST_PURCHASE"})).await;
    let long = manager.promotion(json!({"code": "LONG", "endsAt": later})).await;
    let draft = manager.promotion(json!({"code": "DRAFT", "endsAt": later, "status": "DRAFT"})).await;
    let customer = manager.customer(json!({})).await["id"].clone();
    manager.post(&format!("/promotions/{}/assign", text(&short["id"])), json!({"customerId": customer})).await.expect(201);
    crm.advance(3600);
    let manager = crm.sign_in(&manager.email, PASSWORD).await;
    // It is over at that moment, before anything says so.
    let product = manager.product(1000).await;
    let order = |codes: Value| json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}], "promotionCodes": codes});
    let refused = manager.post("/orders", order(json!(["SHORT"]))).await.expect(422);
    assert_eq!((refused.code(), refused.pointers()), ("PROMOTION_NOT_APPLICABLE", vec!["/promotionCodes/0"]));
    let plain = manager.post("/orders", order(Value::Null)).await.expect(201);
    assert_eq!(plain.data()["discounts"], json!([]), "the first order gets nothing of what is over");
    let held = async || manager.all(&format!("/customers/{}/promotions", text(&customer))).await.remove(0)["status"].clone();
    eventually("what waited is over", SOON, || async { (held().await == json!("EXPIRED")).then_some(()) }).await;
    let status = async |promotion: &Value| manager.get(&format!("/promotions/{}", text(&promotion["id"]))).await.expect(200).data()["status"].clone();
    assert_eq!(status(&short).await, json!("ACTIVE"));
    let done = counted(Metric::JobDone, "promotion-expiry");
    crm.start_job("promotion-expiry", 2).await;
    eventually("the night ends both", SOON, || async {
        (status(&short).await == json!("EXPIRED") && status(&first).await == json!("EXPIRED")).then_some(())
    })
    .await;
    assert_eq!((status(&long).await, status(&draft).await), (json!("ACTIVE"), json!("DRAFT")));
    eventually("the run is counted", SOON, || async { (counted(Metric::JobDone, "promotion-expiry") > done).then_some(()) }).await;
    let told = crm.admin().await.all("/feed?entityType=PROMOTION&limit=100").await;
    assert_eq!(told.iter().filter(|event| event["type"] == "promotion.ended").count(), 2);
    let wrong = disagreements(&crm.items().await, Look::Settled);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn orders_and_cancellations_leave_the_counts_of_promotions_right() {
    let crm = Crm::start().await;
    let manager = crm.person("MANAGER", None).await;
    manager
        .promotion(
            json!({"code": "LEAST", "trigger": "MIN_PURCHASE", "minOrderMinor": 500, "usageLimit": 6, "perCustomerLimit": 3, "stackable": true}),
        )
        .await;
    manager.promotion(json!({"code": "NEXT", "trigger": "FIRST_PURCHASE", "applyTo": "NEXT_ORDER", "stackable": true})).await;
    let product = manager.product(1000).await;
    let mut discounted = 0;
    for _ in 0..3 {
        let customer = manager.customer(json!({})).await["id"].clone();
        for round in 0..4 {
            let codes = if round == 1 { json!(["NEXT"]) } else { Value::Null };
            let body = json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}], "promotionCodes": codes});
            let order = manager.make("/orders", body).await;
            discounted += usize::from(order["discounts"].as_array().expect("a list").iter().any(|discount| discount["code"] == "LEAST"));
            if round == 2 {
                manager.patch(&format!("/orders/{}/status", text(&order["id"])), json!({"status": "CANCELLED"})).await.expect(200);
            }
        }
    }
    // Three each, of which one is given back, for two customers; then nothing is left.
    assert_eq!(discounted, 8);
    let least = manager.all("/promotions?q=least").await.remove(0);
    assert_eq!((&least["usedCount"], &least["exhausted"]), (&json!(6), &json!(true)));
    eventually("everything agrees", SOON, || async { disagreements(&crm.items().await, Look::Settled).is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn two_hundred_orders_at_once_share_fifty_uses() {
    let crm = Crm::start().await;
    let manager = crm.person("MANAGER", None).await;
    manager.promotion(json!({"code": "FIFTY", "trigger": "FIRST_PURCHASE", "usageLimit": 50})).await;
    let product = manager.product(1000).await;
    let mut customers = Vec::new();
    for _ in 0..200 {
        customers.push(manager.customer(json!({})).await["id"].clone());
    }
    let answers = tests::together(200, |n| {
        let (manager, body) = (manager.clone(), json!({"customerId": customers[n], "items": [{"productId": product, "quantity": 1}]}));
        async move { manager.post_until_taken("/orders", body).await }
    })
    .await;
    let discounts: Vec<i64> = answers.into_iter().map(|answer| answer.expect(201).data()["discountMinor"].as_i64().expect("a number")).collect();
    assert_eq!((discounts.len(), discounts.iter().filter(|discount| **discount == 100).count(), discounts.iter().sum::<i64>()), (200, 50, 5000));
    let shown = manager.all("/promotions?q=fifty").await.remove(0);
    assert_eq!((&shown["usedCount"], &shown["exhausted"]), (&json!(50), &json!(true)));
    assert_eq!(crm.items_of("CUSTOMERPROMOTION").await.len(), 50, "a record for each");
}

/// As many as one order can have, each of which leaves something that waits; one more is refused.
#[tokio::test]
async fn an_order_brings_as_many_promotions_as_a_transaction_carries() {
    let crm = Crm::start().await;
    let manager = crm.person("MANAGER", None).await;
    let later = |code: String| json!({"code": code, "trigger": "MIN_PURCHASE", "minOrderMinor": 1, "applyTo": "NEXT_ORDER", "perCustomerLimit": 5, "usageLimit": 100});
    for number in 0..MAX_PROMOTIONS {
        manager.promotion(later(format!("LATER-{number}"))).await;
    }
    let product = manager.product(1000).await;
    let items: Vec<Value> = (0..100).map(|_| json!({"productId": product, "quantity": 1})).collect();
    let customer = manager.customer(json!({"lifecycle": "PROSPECT"})).await["id"].clone();
    let body = json!({"customerId": customer, "items": items});
    let placed = manager.ask("POST", "/orders", Some(&body), &[("idempotency-key", "most")]).await.expect(201);
    let held = async || manager.all(&format!("/customers/{}/promotions?limit=100", text(&customer))).await.len();
    eventually("the customer has all of them", SOON, || async { (held().await == MAX_PROMOTIONS).then_some(()) }).await;
    let page = manager.get(&format!("/customers/{}/promotions?limit=2", text(&customer))).await.expect(200);
    let (cursor, other) = (text(&page.body["meta"]["nextCursor"]), manager.customer(json!({})).await["id"].clone());
    let elsewhere = manager.get(&format!("/customers/{}/promotions?limit=2&cursor={cursor}", text(&other))).await.expect(422);
    assert_eq!(elsewhere.pointers(), ["?cursor"], "a place in the list of another customer");
    let one_more = manager.promotion(later("ONE-MORE".to_owned())).await;
    let refused = manager.post("/orders", body.clone()).await.expect(409);
    assert_eq!(refused.code(), "LIMIT_REACHED");
    manager.delete(&format!("/promotions/{}", text(&one_more["id"]))).await.expect(204);
    // All of them used at once, and given back.
    let codes: Vec<String> = (0..MAX_PROMOTIONS).map(|number| format!("LATER-{number}")).collect();
    for number in 0..MAX_PROMOTIONS {
        let rows = manager.all(&format!("/promotions?q=later-{number}&limit=100")).await;
        let own = rows.iter().find(|row| row["code"] == json!(format!("LATER-{number}"))).expect("listed");
        manager.patch(&format!("/promotions/{}", text(&own["id"])), json!({"status": "PAUSED"})).await.expect(200);
    }
    let mut naming = body;
    naming["promotionCodes"] = json!(codes);
    assert_eq!(manager.post("/orders", naming).await.expect(422).code(), "PROMOTION_NOT_APPLICABLE", "they are paused");
    manager.patch(&format!("/orders/{}/status", text(&placed.data()["id"])), json!({"status": "CANCELLED"})).await.expect(200);
    eventually("everything agrees", SOON, || async { disagreements(&crm.items().await, Look::Settled).is_empty().then_some(()) }).await;
}

/// Two gifts of one promotion in one moment are one.
#[tokio::test]
async fn what_is_given_twice_in_one_moment_is_given_once() {
    let crm = Crm::start().await;
    let manager = crm.person("MANAGER", None).await;
    let twice = manager.promotion(json!({"code": "TWICE", "perCustomerLimit": 5})).await;
    let customer = manager.customer(json!({})).await["id"].clone();
    let assign = format!("/promotions/{}/assign", text(&twice["id"]));
    let answers = tests::together(10, |_| {
        let (manager, assign, body) = (manager.clone(), assign.clone(), json!({"customerId": customer}));
        async move { manager.post(&assign, body).await }
    })
    .await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(201), of(200)), (1, 9));
    let shown = manager.get(&format!("/promotions/{}", text(&twice["id"]))).await.expect(200);
    assert_eq!(shown.data()["assignedCount"], json!(1));
}
