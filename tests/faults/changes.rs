//! What a client does while things fail: changes chosen by a seed, each repeated until it is answered.

use serde_json::{Value, json};
use tests::people::text;
use tests::random::Random;
use tests::{Person, Reply};

/// How many changes one seed makes.
const CHANGES: usize = 8;

/// How often a client asks: of an order's many reads and writes one fails in most tries.
const TRIES: usize = 80;

/// What a client does: the same request again while the answer is 5xx.
async fn insist(what: &str, send: impl AsyncFn() -> Reply) -> Reply {
    let mut last = String::new();
    for _ in 0..TRIES {
        let reply = send().await;
        if reply.status < 500 {
            return reply;
        }
        assert!(matches!(reply.status, 500 | 503), "{what}: {}", reply.text);
        last = reply.text;
    }
    panic!("{what}: 5xx {TRIES} times: {last}");
}

/// Changes of customers; gives how many it made.
pub async fn of_customers(seed: u64, admin: &Person, owners: &[String]) -> usize {
    let mut random = Random::new(seed);
    let mark = format!("s{seed}");
    let emails: Vec<Value> = (0..3).map(|n| json!(format!("{n}-{mark}@seed.example"))).chain([Value::Null]).collect();
    let phones: Vec<Value> = (0..2).map(|n| json!(format!("+49{seed:06}{n}00"))).chain([Value::Null]).collect();
    let names = ["Acme Holdings", "Quick Brown", "Zebra", "Lazy Dog Ltd", "Zoë"];
    let mut ids: Vec<String> = Vec::new();
    for step in 0..CHANGES {
        let what = format!("seed {seed} step {step}");
        let allow = if random.below(2) == 0 { "?allowDuplicate=true" } else { "" };
        let (name, email, phone) = (*random.of(&names), random.of(&emails).clone(), random.of(&phones).clone());
        let body = json!({"name": name, "email": email, "phone": phone});
        let id = if ids.is_empty() { String::new() } else { random.of(&ids).clone() };
        let path = format!("/customers/{id}");
        let reply = match random.below(6) {
            0 | 1 => {
                let key = format!("{mark}-{step}");
                let reply =
                    insist(&what, async || admin.ask("POST", &format!("/customers{allow}"), Some(&body), &[("idempotency-key", &key)]).await).await;
                if reply.status == 201 {
                    ids.push(text(&reply.data()["id"]));
                }
                reply
            }
            _ if ids.is_empty() => continue,
            2 => insist(&what, async || admin.patch(&format!("{path}{allow}"), body.clone()).await).await,
            3 => insist(&what, async || admin.delete(&path).await).await,
            4 => insist(&what, async || admin.patch(&path, json!({"archived": false})).await).await,
            _ => {
                let owner = random.of(owners).clone();
                let owner = if owner.is_empty() { Value::Null } else { json!(owner) };
                insist(&what, async || admin.patch(&format!("{path}/assign"), json!({"ownerId": owner})).await).await
            }
        };
        assert!(matches!(reply.status, 200 | 201 | 204 | 409), "{what}: {} {}", reply.status, reply.text);
    }
    ids.len()
}

/// What a seed made of leads and below, as the answers told.
#[derive(Default)]
pub struct Made {
    pub leads: usize,
    pub activities: usize,
    pub follow_ups: usize,
    pub tasks: usize,
}

/// Changes of leads and of what hangs below them.
pub async fn of_leads(seed: u64, admin: &Person, owners: &[String]) -> Made {
    let (mut random, mut made) = (Random::new(seed), Made::default());
    let mark = format!("s{seed}");
    let (first, key) = (json!({"name": format!("Customer {mark}")}), format!("{mark}-first"));
    let customer = insist("the first customer", async || admin.ask("POST", "/customers", Some(&first), &[("idempotency-key", &key)]).await).await;
    let mut parents: Vec<Value> = vec![json!({"customerId": customer.data()["id"]})];
    let (mut activities, mut follow_ups, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
    let with = |fields: &Value, parent: &Value| {
        let mut fields = fields.clone();
        fields.as_object_mut().expect("object").extend(parent.as_object().expect("object").clone());
        fields
    };
    for step in 0..CHANGES * 2 {
        let what = format!("seed {seed} step {step}");
        let key = format!("{mark}-{step}");
        let create =
            async |path: &str, body: Value| insist(&what, async || admin.ask("POST", path, Some(&body), &[("idempotency-key", &key)]).await).await;
        let change = async |path: &str, body: Value| insist(&what, async || admin.patch(path, body.clone()).await).await;
        let parent = random.of(&parents).clone();
        let lead = parent["leadId"].as_str().map(|id| format!("/leads/{id}"));
        let moment = format!("2026-0{}-01T10:00:00Z", 1 + random.below(9));
        let kind = *random.of(&["CALL", "NOTE", "MEETING"]);
        let reply = match random.below(10) {
            0 | 1 => {
                let reply = create("/leads", json!({"title": format!("Lead {step}"), "email": format!("{step}-{mark}@seed.example")})).await;
                if reply.status == 201 {
                    made.leads += 1;
                    parents.push(json!({"leadId": reply.data()["id"]}));
                }
                reply
            }
            2 | 3 => {
                let body = json!({"type": kind, "body": "Text", "occurredAt": moment});
                let reply = create("/activities", with(&body, &parent)).await;
                if reply.status == 201 {
                    made.activities += 1;
                    activities.push(text(&reply.data()["id"]));
                }
                reply
            }
            4 => {
                let reply = create("/follow-ups", with(&json!({"dueAt": moment}), &parent)).await;
                if reply.status == 201 {
                    made.follow_ups += 1;
                    follow_ups.push(text(&reply.data()["id"]));
                }
                reply
            }
            5 => {
                let reply = create("/tasks", with(&json!({"title": "Task"}), &parent)).await;
                if reply.status == 201 {
                    made.tasks += 1;
                    tasks.push(text(&reply.data()["id"]));
                }
                reply
            }
            6 if !activities.is_empty() && random.below(2) == 0 => {
                let id = activities.swap_remove(random.below(activities.len()));
                let reply = insist(&what, async || admin.delete(&format!("/activities/{id}")).await).await;
                // What was said to a lead that was converted stays.
                made.activities -= usize::from(reply.code() != "LEAD_CONVERTED");
                reply
            }
            6 if !activities.is_empty() => {
                change(&format!("/activities/{}", random.of(&activities)), json!({"type": kind, "occurredAt": moment})).await
            }
            7 if !follow_ups.is_empty() => {
                let status = *random.of(&["PENDING", "COMPLETED", "CANCELLED"]);
                change(&format!("/follow-ups/{}", random.of(&follow_ups)), json!({"status": status, "dueAt": moment})).await
            }
            8 if !tasks.is_empty() => {
                let status = *random.of(&["TODO", "IN_PROGRESS", "DONE"]);
                change(&format!("/tasks/{}/status", random.of(&tasks)), json!({"status": status})).await
            }
            9 if lead.is_some() && random.below(2) == 0 => create(&format!("{}/convert", lead.expect("a lead")), json!({})).await,
            _ => match lead {
                Some(lead) => {
                    let owner = random.of(owners).clone();
                    let owner = if owner.is_empty() { Value::Null } else { json!(owner) };
                    change(&format!("{lead}/assign"), json!({"ownerId": owner})).await
                }
                None => continue,
            },
        };
        assert!(matches!(reply.status, 200 | 201 | 204 | 404 | 409), "{what}: {} {}", reply.status, reply.text);
    }
    made
}

/// What a seed made in the shop, as the answers told.
#[derive(Default)]
pub struct Sold {
    pub orders: usize,
    pub transactions: usize,
    pub campaigns: usize,
}

/// Orders with promotions, what is paid of them, and campaigns to who ordered.
pub async fn of_shop(seed: u64, admin: &Person) -> Sold {
    let (mut random, mut sold) = (Random::new(seed), Sold::default());
    let mark = format!("s{seed}");
    let create = async |what: &str, path: &str, body: Value| {
        let key = format!("{mark}-{what}");
        insist(what, async || admin.ask("POST", path, Some(&body), &[("idempotency-key", &key)]).await).await
    };
    let made = async |what: &str, path: &str, body: Value| text(&create(what, path, body).await.expect(201).data()["id"]);
    let product = made("product", "/products", json!({"sku": mark, "name": "Engine", "priceMinor": 1000})).await;
    let mut customers = Vec::new();
    for n in 0..3 {
        let body = json!({"name": format!("Buyer {n}"), "email": format!("{n}-{mark}@seed.example"), "marketingOptOut": n == 2});
        customers.push(made(&format!("customer {n}"), "/customers", body).await);
    }
    let promotion = |code: &str, fields: Value| {
        let mut body = json!({"code": format!("{code}-{seed}"), "name": code, "discountType": "PERCENT", "discountValue": 10, "status": "ACTIVE"});
        body.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
        body
    };
    let rules = [
        promotion("MUCH", json!({"trigger": "MIN_PURCHASE", "minOrderMinor": 2000, "usageLimit": 3, "perCustomerLimit": 2})),
        promotion("FIRST", json!({"trigger": "FIRST_PURCHASE", "discountType": "FIXED", "discountValue": 100, "stackable": true})),
        promotion("HAND", json!({"trigger": "MANUAL", "perCustomerLimit": 3, "stackable": true})),
    ];
    let mut promotions = Vec::new();
    for (n, rule) in rules.into_iter().enumerate() {
        promotions.push(made(&format!("promotion {n}"), "/promotions", rule).await);
    }
    let (mut orders, mut campaigns): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for step in 0..CHANGES * 2 {
        let what = format!("seed {seed} step {step}");
        let change = async |path: &str, body: Value| insist(&what, async || admin.patch(path, body.clone()).await).await;
        let customer = random.of(&customers).clone();
        let reply = match random.below(9) {
            0..=2 => {
                let codes = if random.below(2) == 0 { json!([format!("HAND-{seed}")]) } else { Value::Null };
                let items = json!([{"productId": product, "quantity": 1 + random.below(3)}]);
                let reply = create(&what, "/orders", json!({"customerId": customer, "items": items, "promotionCodes": codes})).await;
                if reply.status == 201 {
                    sold.orders += 1;
                    orders.push(text(&reply.data()["id"]));
                }
                reply
            }
            3 => create(&what, &format!("/promotions/{}/assign", promotions[2]), json!({"customerId": customer})).await,
            4 if !orders.is_empty() => {
                let status = *random.of(&["CONFIRMED", "COMPLETED", "CANCELLED", "CANCELLED"]);
                change(&format!("/orders/{}/status", random.of(&orders)), json!({"status": status})).await
            }
            5 if !orders.is_empty() => {
                let kind = *random.of(&["PAYMENT", "PAYMENT", "REFUND"]);
                let body = json!({"type": kind, "method": "CARD", "amountMinor": 200 + random.below(900)});
                let reply = create(&what, &format!("/orders/{}/transactions", random.of(&orders)), body).await;
                sold.transactions += usize::from(reply.status == 201);
                reply
            }
            6 => {
                let status = *random.of(&["ACTIVE", "PAUSED"]);
                change(&format!("/promotions/{}", random.of(&promotions)), json!({"status": status})).await
            }
            7 => {
                let body = json!({"name": what, "channel": "EMAIL", "subject": "Hello", "body": "Dear {{ name }}"});
                let reply = create(&what, "/campaigns", body).await;
                sold.campaigns += usize::from(reply.status == 201);
                campaigns.push(text(&reply.data()["id"]));
                create(&format!("{what} executed"), &format!("/campaigns/{}/execute", campaigns[campaigns.len() - 1]), json!({})).await
            }
            _ if !campaigns.is_empty() && random.below(3) == 0 => {
                change(&format!("/campaigns/{}", random.of(&campaigns)), json!({"status": "CANCELLED"})).await
            }
            _ => continue,
        };
        assert!(matches!(reply.status, 200..=202 | 409 | 422), "{what}: {} {}", reply.status, reply.text);
    }
    sold
}
