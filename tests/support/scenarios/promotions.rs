//! Promotions, and what orders make of them.

use crate::crm::{together, unique};
use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// What is given in the background, and what lists show of a change: as promised.
const SOON: Duration = Duration::from_secs(10);

/// A subtotal from which promotions apply that no other scenario reaches: whatever is active applies to everybody.
const FAR: i64 = 5_000_000_000;

fn code() -> String {
    format!("P{}", unique().to_uppercase())
}

impl Person {
    /// An active promotion of ten percent, with other fields as given.
    pub async fn promotion(&self, fields: Value) -> Value {
        let mut body =
            json!({"code": code(), "name": "Ten percent", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10, "status": "ACTIVE"});
        for (name, value) in fields.as_object().expect("fields") {
            body[name] = value.clone();
        }
        self.make("/promotions", body).await
    }

    /// An order that names these codes.
    async fn order_with(&self, customer: &Value, product: &Value, codes: &[&Value]) -> crate::Reply {
        let items = json!([{"productId": product, "quantity": 1}]);
        self.post("/orders", json!({"customerId": customer, "items": items, "promotionCodes": codes})).await
    }

    /// The codes of a customer's promotions with where each stands, the latest first.
    async fn held(&self, customer: &Value) -> Vec<(Value, Value)> {
        let held = self.all(&format!("/customers/{}/promotions", text(customer))).await;
        held.into_iter().map(|held| (held["code"].clone(), held["status"].clone())).collect()
    }

    async fn sees_held(&self, customer: &Value, expected: &[(&Value, &str)]) {
        let expected: Vec<(Value, Value)> = expected.iter().map(|(code, status)| ((*code).clone(), json!(status))).collect();
        eventually("the customer's promotions are listed", SOON, || async { (self.held(customer).await == expected).then_some(()) }).await;
    }
}

fn path(promotion: &Value) -> String {
    format!("/promotions/{}", text(&promotion["id"]))
}

fn counts(promotion: &Value) -> (i64, i64, bool) {
    let count = |name: &str| promotion[name].as_i64().expect("a number");
    (count("usedCount"), count("assignedCount"), promotion["exhausted"].as_bool().expect("told"))
}

pub async fn a_promotion_is_given_used_and_ended(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let body = json!({"code": code(), "name": "Ten percent", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10, "usageLimit": 2});
    rep.post("/promotions", body.clone()).await.expect(403);
    let made = manager.post("/promotions", body.clone()).await.expect(201);
    let promotion = made.data().clone();
    assert_eq!((&promotion["status"], &promotion["applyTo"], &promotion["perCustomerLimit"]), (&json!("DRAFT"), &json!("CURRENT_ORDER"), &json!(1)));
    assert_eq!((counts(&promotion), made.header("location")), ((0, 0, false), Some(format!("/api/v1{}", path(&promotion)).as_str())));
    let twice = manager.post("/promotions", body).await.expect(409);
    assert_eq!((twice.code(), &twice.body["matches"]["ids"]), ("DUPLICATE", &json!([promotion["id"]])));
    let customer = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let assign = format!("{}/assign", path(&promotion));
    rep.post(&assign, json!({"customerId": customer})).await.expect(403);
    assert_eq!(manager.post(&assign, json!({"customerId": customer})).await.expect(409).code(), "PROMOTION_TRANSITION");
    manager.patch(&path(&promotion), json!({"status": "ACTIVE", "discountValue": 20})).await.expect(200);
    let given = manager.post(&assign, json!({"customerId": customer})).await.expect(201).data().clone();
    assert_eq!((&given["status"], &given["assignedBy"], &given["code"]), (&json!("ASSIGNED"), &json!(manager.id), &promotion["code"]));
    assert_eq!(manager.post(&assign, json!({"customerId": customer})).await.expect(200).data()["id"], given["id"], "again is no mistake");
    assert_eq!(manager.post(&assign, json!({"customerId": promotion["id"]})).await.expect(422).pointers(), ["/customerId"]);
    let fixed = manager.patch(&path(&promotion), json!({"discountValue": 10, "usageLimit": null})).await.expect(422);
    assert_eq!(fixed.pointers(), ["/discountValue"], "somebody has it");
    rep.sees_held(&customer, &[(&promotion["code"], "ASSIGNED")]).await;

    let product = manager.product(1005).await;
    let wrong = rep.order_with(&customer, &product, &[&promotion["code"], &json!("NOBODY-HAS-IT")]).await.expect(422);
    assert_eq!((wrong.code(), wrong.pointers()), ("PROMOTION_NOT_APPLICABLE", vec!["/promotionCodes/1"]));
    let order = rep.order_with(&customer, &product, &[&promotion["code"]]).await.expect(201).data().clone();
    assert_eq!((&order["subtotalMinor"], &order["discountMinor"], &order["totalMinor"]), (&json!(1005), &json!(201), &json!(804)));
    assert_eq!(order["discounts"], json!([{"promotionId": promotion["id"], "code": promotion["code"], "amountMinor": 201}]));
    rep.sees_held(&customer, &[(&promotion["code"], "REDEEMED")]).await;
    rep.order_with(&customer, &product, &[&promotion["code"]]).await.expect(422);
    manager.patch(&format!("/orders/{}/status", text(&order["id"])), json!({"status": "CANCELLED"})).await.expect(200);
    rep.sees_held(&customer, &[(&promotion["code"], "ASSIGNED")]).await;
    rep.order_with(&customer, &product, &[&promotion["code"]]).await.expect(201);
    assert_eq!(manager.post(&assign, json!({"customerId": customer})).await.expect(409).code(), "LIMIT_REACHED");
    let other = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    manager.post(&assign, json!({"customerId": other})).await.expect(201);
    assert_eq!(counts(manager.get(&path(&promotion)).await.expect(200).data()), (1, 1, true));
    let third = manager.customer(json!({})).await["id"].clone();
    assert_eq!(manager.post(&assign, json!({"customerId": third})).await.expect(409).code(), "LIMIT_REACHED");

    manager.delete(&path(&promotion)).await.expect(204);
    manager.delete(&path(&promotion)).await.expect(204);
    let ended = manager.get(&path(&promotion)).await.expect(200);
    assert_eq!(ended.data()["status"], json!("EXPIRED"));
    assert_eq!(manager.patch(&path(&promotion), json!({"status": "ACTIVE"})).await.expect(409).body["allowed"], json!([]));
    rep.sees_held(&other, &[(&promotion["code"], "REVOKED")]).await;
    rep.sees_held(&customer, &[(&promotion["code"], "REDEEMED")]).await;
    rep.order_with(&other, &product, &[&promotion["code"]]).await.expect(422);
    eventually("lists are narrowed and searched", SOON, || async {
        let of = async |query: &str| manager.ids(&format!("/promotions?{query}")).await.contains(&text(&promotion["id"]));
        let word = text(&promotion["code"]);
        let right = of("status=EXPIRED&trigger=MANUAL").await && !of("status=ACTIVE&limit=100").await && of(&format!("q={word}")).await;
        (right && of(&format!("q={word}&status=EXPIRED")).await).then_some(())
    })
    .await;
    let draft = manager.promotion(json!({"status": "DRAFT"})).await;
    manager.delete(&path(&draft)).await.expect(204);
    manager.get(&path(&draft)).await.expect(404);
}

pub async fn an_order_gets_the_larger_of_the_best_one_and_the_sum(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let least = FAR + 1_000_000;
    let from = |fields: Value| {
        let mut all = json!({"trigger": "MIN_PURCHASE", "minOrderMinor": least, "perCustomerLimit": 2});
        all.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
        all
    };
    let single = manager.promotion(from(json!({"discountType": "FIXED", "discountValue": 700}))).await;
    let [first, second] = [300, 399].map(|value| from(json!({"discountType": "FIXED", "discountValue": value, "stackable": true})));
    let (first, second) = (manager.promotion(first).await, manager.promotion(second).await);
    let later = manager.promotion(from(json!({"applyTo": "NEXT_ORDER", "maxDiscountMinor": 5_000}))).await;
    let customer = manager.customer(json!({})).await["id"].clone();
    let (cheaper, product) = (manager.product(least - 1).await, manager.product(least).await);
    let below = manager.order_with(&customer, &cheaper, &[]).await.expect(201);
    assert_eq!(below.data()["discounts"], json!([]));
    let order = manager.order_with(&customer, &product, &[]).await.expect(201).data().clone();
    assert_eq!((&order["discountMinor"], &order["discounts"][0]["code"]), (&json!(700), &single["code"]), "the best one is more than the sum");
    manager.sees_held(&customer, &[(&later["code"], "ASSIGNED"), (&single["code"], "REDEEMED")]).await;
    // With what was given for the next order.
    let next = manager.order_with(&customer, &product, &[&later["code"]]).await.expect(201).data().clone();
    assert_eq!((&next["discountMinor"], &next["discounts"][0]["code"]), (&json!(5_000), &later["code"]));
    manager.patch(&path(&single), json!({"status": "PAUSED"})).await.expect(200);
    let other = manager.customer(json!({})).await["id"].clone();
    let sum = manager.order_with(&other, &product, &[]).await.expect(201).data().clone();
    assert_eq!(sum["discountMinor"], json!(699));
    // What an order made is taken back with it.
    manager.patch(&format!("/orders/{}/status", text(&sum["id"])), json!({"status": "CANCELLED"})).await.expect(200);
    eventually("all of it is taken back", SOON, || async {
        let held = manager.held(&other).await;
        (held.len() == 3 && held.iter().all(|(_, status)| *status == json!("REVOKED"))).then_some(())
    })
    .await;
    for promotion in [&first, &second] {
        assert_eq!(counts(manager.get(&path(promotion)).await.expect(200).data()), (0, 0, false));
    }
    for promotion in [&single, &first, &second, &later] {
        manager.delete(&path(promotion)).await.expect(204);
    }
}

pub async fn an_order_that_is_asked_for_again_is_answered_as_it_was(crm: Crm) {
    let manager = crm.person("MANAGER", None).await;
    let (product, customer) = (manager.product(1000).await, manager.customer(json!({})).await["id"].clone());
    let once = manager.promotion(json!({})).await;
    manager.post(&format!("{}/assign", path(&once)), json!({"customerId": customer})).await.expect(201);
    // The promotion is used up by the first time: the second is no other order, and no refusal.
    let body = json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}], "promotionCodes": [once["code"]]});
    let key = unique();
    let order = async || manager.ask("POST", "/orders", Some(&body), &[("idempotency-key", &key)]).await.expect(201);
    let (first, second) = (order().await, order().await);
    assert_eq!((first.data(), second.header("idempotency-replayed")), (second.data(), Some("true")));
    assert_eq!(manager.ids(&format!("/orders?customerId={}", text(&customer))).await.len(), 1);
    let other = manager.post("/orders", body).await.expect(422);
    assert_eq!(other.code(), "PROMOTION_NOT_APPLICABLE");
}

pub async fn forty_orders_at_once_share_ten_uses(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let least = FAR + 2_000_000;
    let promotion = manager.promotion(json!({"trigger": "MIN_PURCHASE", "minOrderMinor": least, "usageLimit": 10})).await;
    let product = manager.product(least).await;
    let mut customers = Vec::new();
    for _ in 0..40 {
        customers.push(manager.customer(json!({})).await["id"].clone());
    }
    let answers = together(40, |n| {
        let (manager, body) = (manager.clone(), json!({"customerId": customers[n], "items": [{"productId": product, "quantity": 1}]}));
        async move { manager.post_until_taken("/orders", body).await }
    })
    .await;
    let discounted = answers.into_iter().filter(|answer| answer.data()["discountMinor"] != json!(0)).count();
    assert_eq!(discounted, 10);
    assert_eq!(counts(manager.get(&path(&promotion)).await.expect(200).data()), (10, 0, true));
    manager.delete(&path(&promotion)).await.expect(204);
}

pub async fn bringing_a_customer_is_rewarded_once(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let both = manager.promotion(json!({"trigger": "REFERRAL", "beneficiary": "BOTH", "applyTo": "NEXT_ORDER", "perCustomerLimit": 5})).await;
    let referrer = manager.customer(json!({})).await["id"].clone();
    let referee = manager.customer(json!({"referredById": referrer})).await["id"].clone();
    let late = manager.customer(json!({})).await["id"].clone();
    manager.patch(&format!("/customers/{}", text(&late)), json!({"referredById": referrer})).await.expect(200);
    let mine = async |customer: &Value| manager.held(customer).await.into_iter().filter(|(code, _)| *code == both["code"]).count();
    eventually("each has what is theirs", SOON, || async {
        (mine(&referrer).await == 2 && mine(&referee).await == 1 && mine(&late).await == 1).then_some(())
    })
    .await;
    assert_eq!(counts(manager.get(&path(&both)).await.expect(200).data()), (0, 4, false));
    manager.delete(&path(&both)).await.expect(204);
}
