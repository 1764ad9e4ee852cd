//! Orders, payments and refunds.

use crate::crm::{together, unique};
use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// What lists show of a change in the background: as promised.
const SOON: Duration = Duration::from_secs(10);

impl Person {
    /// A product of this price.
    pub async fn product(&self, price: i64) -> Value {
        self.make("/products", json!({"sku": unique(), "name": format!("Product {}", unique()), "priceMinor": price})).await["id"].clone()
    }

    /// An order of one such product.
    pub async fn order(&self, customer: &Value, price: i64) -> Value {
        self.make("/orders", json!({"customerId": customer, "items": [{"productId": self.product(price).await, "quantity": 1}]})).await
    }

    /// Waits until a customer's page shows so many orders that count, their sum and the latest of them, and so many orders in all.
    async fn sees_bought(&self, customer: &Value, orders: i64, spent: i64, last: &Value, all: i64) {
        eventually("the page of the customer shows what was bought", SOON, || async {
            let page = self.get(&format!("/customers/{}", text(customer))).await.expect(200);
            let data = page.data();
            let shown = (&data["orderCount"], &data["totalSpentMinor"], &data["lastOrderAt"], &data["counts"]["orders"]);
            (shown == (&json!(orders), &json!(spent), last, &json!(all))).then_some(())
        })
        .await;
    }
}

fn path(order: &Value) -> String {
    format!("/orders/{}", text(&order["id"]))
}

pub async fn an_order_is_placed_at_the_prices_of_the_moment_and_makes_a_customer(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let customer = manager.customer(json!({"ownerId": rep.id, "lifecycle": "PROSPECT"})).await["id"].clone();
    let (cheap, dear) = (manager.product(150).await, manager.product(99_900).await);
    let items = json!([{"productId": dear, "quantity": 2}, {"productId": cheap, "quantity": 3}, {"productId": cheap, "quantity": 1}]);
    let body = json!({"customerId": customer, "items": items, "note": "To the back door."});
    let placed = rep.ask("POST", "/orders", Some(&body), &[("idempotency-key", "one")]).await.expect(201);
    let order = placed.data().clone();
    assert_eq!(rep.ask("POST", "/orders", Some(&body), &[("idempotency-key", "one")]).await.expect(201).data(), &order, "the answer is kept");
    let (year, number) = order["number"].as_str().and_then(|number| number.split_once('-')).expect("a year and a number");
    assert!(order["placedAt"].as_str().expect("a time").starts_with(&year[..3]) && number.len() >= 6, "{}", order["number"]);
    assert_eq!((&order["subtotalMinor"], &order["discountMinor"], &order["totalMinor"]), (&json!(200_400), &json!(0), &json!(200_400)));
    assert_eq!((&order["status"], &order["paymentStatus"], &order["discounts"]), (&json!("PENDING"), &json!("UNPAID"), &json!([])));
    assert_eq!((&order["ownerId"], &order["teamId"], &order["payments"]), (&json!(rep.id), &json!(team), &json!([])));
    let lines: Vec<_> = order["items"].as_array().expect("items").iter().map(|item| (&item["productId"], &item["lineTotalMinor"])).collect();
    assert_eq!(lines, [(&dear, &json!(199_800)), (&cheap, &json!(450)), (&cheap, &json!(150))]);
    rep.sees_bought(&customer, 1, 200_400, &order["placedAt"], 1).await;
    let bought = rep.get(&format!("/customers/{}", text(&customer))).await.expect(200);
    assert_eq!((&bought.data()["lifecycle"], &bought.data()["version"]), (&json!("CUSTOMER"), &json!(2)));
    manager.patch(&format!("/products/{}", text(&cheap)), json!({"priceMinor": 1, "active": false})).await.expect(200);
    assert_eq!(rep.get(&path(&order)).await.expect(200).data(), &order, "an order keeps its prices");
    let wrong = json!([{"productId": dear, "quantity": 1}, {"productId": cheap, "quantity": 1}, {"productId": customer, "quantity": 1}]);
    let refused = rep.post("/orders", json!({"customerId": customer, "items": wrong})).await.expect(422);
    assert_eq!(refused.pointers(), ["/items/1/productId", "/items/2/productId"]);
    for items in [json!([]), json!([{"productId": dear, "quantity": 0}]), json!([{"productId": dear, "quantity": 100_001}])] {
        rep.post("/orders", json!({"customerId": customer, "items": items})).await.expect(422);
    }
    manager.delete(&format!("/customers/{}", text(&customer))).await.expect(204);
    let refused = rep.post("/orders", json!({"customerId": customer, "items": [{"productId": dear, "quantity": 1}]})).await.expect(409);
    assert_eq!((refused.code(), refused.pointers()), ("CUSTOMER_ARCHIVED", vec!["/customerId"]));
    rep.sees_bought(&customer, 1, 200_400, &order["placedAt"], 1).await;
}

pub async fn an_order_moves_by_the_table_and_a_cancelled_one_counts_nowhere(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let customer = manager.customer(json!({})).await["id"].clone();
    let first = manager.order(&customer, 500).await;
    let second = manager.order(&customer, 700).await;
    manager.sees_bought(&customer, 2, 1200, &second["placedAt"], 2).await;
    let to = async |order: &Value, status: &str| manager.patch(&format!("{}/status", path(order)), json!({"status": status})).await;
    let refused = to(&first, "COMPLETED").await.expect(409);
    assert_eq!((refused.code(), &refused.body["allowed"]), ("ORDER_TRANSITION", &json!(["CONFIRMED", "CANCELLED"])));
    assert_eq!(to(&first, "PENDING").await.expect(200).data()["version"], json!(1));
    assert_eq!(to(&first, "CONFIRMED").await.expect(200).data()["version"], json!(2));
    to(&first, "COMPLETED").await.expect(200);
    assert_eq!(to(&first, "CANCELLED").await.expect(409).body["allowed"], json!([]));
    to(&second, "CANCELLED").await.expect(200);
    // What is cancelled counts nowhere.
    manager.sees_bought(&customer, 1, 500, &first["placedAt"], 2).await;
    let listed = async || {
        let rows = manager.all("/customers?limit=100").await;
        rows.into_iter()
            .find(|row| row["id"] == customer)
            .map(|row| (row["orderCount"].clone(), row["totalSpentMinor"].clone(), row["lastOrderAt"].clone()))
    };
    let expected = Some((json!(1), json!(500), first["placedAt"].clone()));
    eventually("the list shows it", SOON, || async { (listed().await == expected).then_some(()) }).await;
    eventually("lists are narrowed", SOON, || async {
        let of = async |query: &str| manager.ids(&format!("/orders?customerId={}&{query}", text(&customer))).await;
        let (done, gone) = ([text(&first["id"])], [text(&second["id"])]);
        let right = of("status=COMPLETED").await == done
            && of("status=CANCELLED").await == gone
            && of("paymentStatus=PAID").await.is_empty()
            && of("sort=placedAt").await == [done[0].clone(), gone[0].clone()]
            && manager.ids("/orders?status=CANCELLED&paymentStatus=UNPAID").await == gone
            && manager.ids(&format!("/orders?from={}", text(&second["placedAt"]))).await.contains(&gone[0]);
        right.then_some(())
    })
    .await;
    let row = manager.all("/orders?status=COMPLETED").await.remove(0);
    assert!(row.get("items").is_none() && row.get("discounts").is_none() && row["number"] == first["number"]);
}

pub async fn an_order_is_paid_and_refunded_within_its_total(crm: Crm) {
    let team = crm.team().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&team)).await, crm.person("SALES_REP", Some(&team)).await);
    let customer = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let order = manager.order(&customer, 1000).await;
    let (order, pay) = (path(&order), format!("{}/transactions", path(&order)));
    let body = |kind: &str, amount: i64| json!({"type": kind, "method": "CARD", "amountMinor": amount});
    rep.post(&pay, body("PAYMENT", 1)).await.expect(403);
    let reference = unique();
    let mut failed = body("PAYMENT", 5000);
    (failed["status"], failed["externalRef"]) = (json!("FAILED"), json!(reference));
    let first = manager.post(&pay, failed.clone()).await.expect(201).data().clone();
    assert_eq!((&first["status"], &first["customerId"], &first["ownerId"]), (&json!("FAILED"), &customer, &json!(rep.id)));
    let again = manager.post(&pay, failed.clone()).await.expect(409);
    assert_eq!((again.code(), again.pointers(), &again.body["matches"]["ids"]), ("DUPLICATE", vec!["/externalRef"], &json!([first["id"]])));
    failed["method"] = json!("TRANSFER");
    manager.post(&pay, failed).await.expect(201);
    let shown = async || {
        let shown = rep.get(&order).await.expect(200).data().clone();
        (text(&shown["paymentStatus"]), shown["paidMinor"].as_i64().expect("paid"), shown["refundedMinor"].as_i64().expect("refunded"))
    };
    assert_eq!(shown().await, ("UNPAID".to_owned(), 0, 0));
    let beyond = manager.post(&pay, body("PAYMENT", 1001)).await.expect(409);
    assert_eq!((beyond.code(), beyond.pointers()), ("LIMIT_REACHED", vec!["/amountMinor"]));
    manager.post(&pay, body("REFUND", 1)).await.expect(409);
    manager.post(&pay, body("PAYMENT", 400)).await.expect(201);
    assert_eq!(shown().await, ("PARTIAL".to_owned(), 400, 0));
    manager.post(&pay, body("PAYMENT", 600)).await.expect(201);
    assert_eq!(shown().await, ("PAID".to_owned(), 1000, 0));
    let cancel = async || manager.patch(&format!("{order}/status"), json!({"status": "CANCELLED"})).await;
    let refused = cancel().await.expect(409);
    assert_eq!((refused.code(), refused.pointers()), ("REFUND_FIRST", vec!["/status"]));
    manager.post(&pay, body("REFUND", 1000)).await.expect(201);
    assert_eq!(shown().await, ("REFUNDED".to_owned(), 1000, 1000));
    cancel().await.expect(200);
    assert_eq!(manager.post(&pay, body("PAYMENT", 1)).await.expect(409).code(), "ORDER_CANCELLED");
    manager.post(&pay, body("REFUND", 1)).await.expect(409);
    let mut late = body("PAYMENT", 1);
    late["occurredAt"] = json!("2999-01-01T00:00:00Z");
    assert_eq!(manager.post(&pay, late).await.expect(422).pointers(), ["/occurredAt"]);
    let id = order.trim_start_matches("/orders/");
    eventually("they are listed", SOON, || async {
        let of = async |query: &str| rep.ids(&format!("/transactions?{query}")).await.len();
        let counts = (of(&format!("orderId={id}")).await, of(&format!("customerId={}&type=REFUND", text(&customer))).await);
        let narrowed = (of("status=FAILED").await, of("type=PAYMENT&status=SUCCEEDED").await, of("to=2020-01-01").await);
        let page = rep.get(&order).await.expect(200).data()["payments"].as_array().expect("payments").len();
        (counts == (5, 1) && narrowed == (2, 2, 0) && page == 5).then_some(())
    })
    .await;
    rep.get("/transactions?orderId=01900000-0000-7000-8000-000000000000").await.expect(404);
}

pub async fn twenty_orders_at_once_of_one_customer_all_count(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let customer = manager.customer(json!({"lifecycle": "PROSPECT"})).await["id"].clone();
    let product = manager.product(100).await;
    let answers = together(20, |_| {
        let (manager, body) = (manager.clone(), json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}]}));
        async move { manager.post("/orders", body).await }
    })
    .await;
    let mut numbers: Vec<String> = answers.into_iter().map(|answer| text(&answer.expect(201).data()["number"])).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 20, "each has a number of its own");
    let newest = manager.all(&format!("/orders?customerId={}&limit=100", text(&customer))).await;
    assert_eq!(newest.len(), 20);
    manager.sees_bought(&customer, 20, 2000, &newest[0]["placedAt"], 20).await;
    let page = manager.get(&format!("/customers/{}", text(&customer))).await.expect(200);
    assert_eq!((&page.data()["lifecycle"], &page.data()["version"]), (&json!("CUSTOMER"), &json!(2)), "it became one once");
}

pub async fn twenty_payments_at_once_never_exceed_the_total(crm: Crm) {
    let manager = crm.person("MANAGER", Some(&crm.team().await)).await;
    let order = manager.order(&manager.customer(json!({})).await["id"], 1000).await;
    let answers = together(20, |_| {
        let (manager, pay) = (manager.clone(), format!("{}/transactions", path(&order)));
        async move { manager.post(&pay, json!({"type": "PAYMENT", "method": "CASH", "amountMinor": 100})).await }
    })
    .await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(201), of(409)), (10, 10));
    let shown = manager.get(&path(&order)).await.expect(200);
    assert_eq!((&shown.data()["paidMinor"], &shown.data()["paymentStatus"]), (&json!(1000), &json!("PAID")));
    assert_eq!(shown.data()["version"], json!(1), "a payment is no change of the order");
}

pub async fn orders_and_payments_go_where_their_customer_goes(crm: Crm) {
    let (here, there) = (crm.team().await, crm.team().await);
    let admin = crm.admin().await;
    let (manager, rep) = (crm.person("MANAGER", Some(&here)).await, crm.person("SALES_REP", Some(&here)).await);
    let (boss, other) = (crm.person("MANAGER", Some(&there)).await, crm.person("SALES_REP", Some(&there)).await);
    let customer = manager.customer(json!({"ownerId": rep.id})).await["id"].clone();
    let order = rep.make("/orders", json!({"customerId": customer, "items": [{"productId": manager.product(9).await, "quantity": 1}]})).await;
    let paid = manager.make(&format!("{}/transactions", path(&order)), json!({"type": "PAYMENT", "method": "OTHER", "amountMinor": 9})).await;
    let (order_id, paid_id) = (text(&order["id"]), text(&paid["id"]));
    let lists = async |person: &Person| {
        (person.ids("/orders?limit=100").await.contains(&order_id), person.ids("/transactions?limit=100").await.contains(&paid_id))
    };
    eventually("both lists show it", SOON, || async { (lists(&rep).await == (true, true) && lists(&manager).await == (true, true)).then_some(()) })
        .await;
    assert_eq!((lists(&boss).await, lists(&other).await), ((false, false), (false, false)));
    boss.get(&path(&order)).await.expect(404);
    other.post("/orders", json!({"customerId": customer, "items": [{"productId": manager.product(9).await, "quantity": 1}]})).await.expect(422);
    rep.patch(&format!("{}/status", path(&order)), json!({"status": "CONFIRMED"})).await.expect(403);
    admin.patch(&format!("/customers/{}/assign", text(&customer)), json!({"ownerId": other.id})).await.expect(200);
    rep.get(&path(&order)).await.expect(404);
    other.get(&path(&order)).await.expect(200);
    eventually("the lists follow the customer", SOON, || async {
        let gone = lists(&rep).await == (false, false) && lists(&manager).await == (false, false);
        (gone && lists(&other).await == (true, true) && lists(&boss).await == (true, true)).then_some(())
    })
    .await;
    admin.patch(&format!("/users/{}", other.id), json!({"teamId": here})).await.expect(200);
    eventually("and its owner to another team", SOON, || async {
        (lists(&manager).await == (true, true) && lists(&boss).await == (false, false)).then_some(())
    })
    .await;
    admin.patch(&format!("/customers/{}/assign", text(&customer)), json!({"ownerId": null})).await.expect(200);
    eventually("and into the pool", SOON, || async { (lists(&boss).await == (true, true) && lists(&other).await == (false, false)).then_some(()) })
        .await;
    boss.patch(&format!("{}/status", path(&order)), json!({"status": "CONFIRMED"})).await.expect(200);
}
