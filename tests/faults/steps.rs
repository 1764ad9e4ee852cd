//! A crash at every step of the shop, one by one: whatever was at work on an order, its payment, its refund or its end
//! dies there, and with it all that it had not done yet; what is asked again, or comes again, brings everything to where
//! it is without a crash.

use crate::faults::Faults;
use local::{Fault, Operation};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tests::background::{Post, settle};
use tests::lanes::{in_lanes, runtime};
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, Reply};

/// When everything begins, milliseconds.
const START: i64 = 1_798_797_600_000;
/// What a message waits for until it is tried again, and how often it is, at most.
const A_MINUTE: Duration = Duration::from_secs(61);
const TRIES: usize = 5;

/// A customer with a promotion in hand, and a product: made once.
struct Shop {
    crm: Crm,
    admin: Person,
    customer: String,
    product: String,
}

fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        runtime().block_on(async {
            // The minutes between tries add up to more than a session lasts.
            let crm = Crm::set(local::Table::memory().expect("memory"), Passing::by_hand(START), &[("ACCESS_TTL", "864000")]).await;
            let mut posts = crm.posts().await;
            let admin = crm.admin().await;
            let much = json!({"code": "MUCH", "trigger": "MIN_PURCHASE", "minOrderMinor": 2000, "usageLimit": 3});
            let first = json!({"code": "FIRST", "trigger": "FIRST_PURCHASE", "usageLimit": 3});
            let again = json!({"code": "AGAIN", "trigger": "FIRST_PURCHASE", "applyTo": "NEXT_ORDER"});
            let mut hand = Value::Null;
            for mut fields in [much, first, again, json!({"code": "HAND"})] {
                (fields["discountType"], fields["discountValue"], fields["stackable"]) = (json!("FIXED"), json!(150), json!(true));
                hand = admin.promotion(fields).await["id"].clone();
            }
            let customer = text(&admin.customer(json!({"email": "buyer@steps.example"})).await["id"]);
            admin.post(&format!("/promotions/{}/assign", text(&hand)), json!({"customerId": customer})).await.expect(201);
            let product = admin.product(1000).await.as_str().expect("an id").to_owned();
            settle(&mut posts).await;
            Shop { crm, admin, customer, product }
        })
    })
}

/// Which operation is the last that somebody carries out.
#[derive(Default)]
struct Crash {
    at: Option<u64>,
    /// Operations so far, and which of them were of requests.
    count: u64,
    of_requests: u64,
    /// Who is dead, until somebody else is in its place.
    dead: Option<&'static str>,
    /// What was done when it died.
    hit: Option<String>,
    /// What is only looked at is no step.
    looking: bool,
}

impl Crash {
    fn is_dead(&self, operation: &Operation) -> bool {
        self.dead.is_some() && self.dead == operation.role
    }

    fn reaches(&mut self, operation: &Operation) -> Result<(), Fault> {
        if self.looking {
            return Ok(());
        }
        let step = self.count;
        self.count += 1;
        if workers::WORKERS.iter().all(|worker| Some(worker.name) != operation.role) {
            self.of_requests += 1;
        }
        if self.at != Some(step) {
            return Ok(());
        }
        self.dead = operation.role;
        self.hit = Some(format!("{} of {}", operation.name, operation.role.unwrap_or_default()));
        Err(Fault::Lost)
    }
}

/// What is seen of it all, without what differs from run to run.
async fn seen(admin: &Person) -> Value {
    let customer = &shop().customer;
    let page = admin.get(&format!("/customers/{customer}")).await.expect(200).data().clone();
    let orders = admin.all(&format!("/orders?customerId={customer}")).await;
    let held = admin.all(&format!("/customers/{customer}/promotions")).await;
    let paid = admin.all(&format!("/transactions?customerId={customer}")).await;
    let used = admin.all("/promotions").await;
    let feed = admin.all(&format!("/feed?entityType=CUSTOMER&entityId={customer}&limit=100")).await;
    let of = |rows: &[Value], fields: &[&str]| {
        let mut rows: Vec<Vec<Value>> = rows.iter().map(|row| fields.iter().map(|field| row[*field].clone()).collect()).collect();
        rows.sort_by_key(|row| json!(row).to_string());
        json!(rows)
    };
    json!({
        "customer": [page["orderCount"], page["totalSpentMinor"], page["lastOrderAt"].is_null(), page["counts"]["orders"]],
        "orders": of(&orders, &["status", "paymentStatus", "subtotalMinor", "discountMinor", "totalMinor", "paidMinor", "refundedMinor"]),
        "held": of(&held, &["code", "status", "trigger"]),
        "transactions": of(&paid, &["type", "status", "amountMinor"]),
        "promotions": of(&used, &["code", "status", "usedCount", "exhausted"]),
        "feed": of(&feed, &["type"]),
        "dashboard": admin.get("/dashboard").await.expect(200).data()["orders"],
    })
}

/// A run in which somebody dies.
struct Run {
    crm: Crm,
    admin: Person,
    crash: Arc<Mutex<Crash>>,
    posts: Vec<Post>,
    /// What was seen after each request.
    seen: Vec<Value>,
}

impl Run {
    fn crash(&self) -> MutexGuard<'_, Crash> {
        self.crash.lock().expect("lock")
    }

    fn agrees(items: &[tests::items::Raw], look: Look) {
        let wrong = disagreements(items, look);
        assert!(wrong.is_empty(), "{look:?}: {}", wrong.join("\n"));
    }

    /// Lets everybody work until nothing is left to do, somebody else in the place of who died.
    async fn settle(&mut self) {
        for _ in 0..TRIES {
            let mut busy = true;
            while std::mem::take(&mut busy) {
                for post in &mut self.posts {
                    busy |= post.step().await;
                    self.crash.lock().expect("lock").dead = None;
                }
            }
            self.crm.time.advance(A_MINUTE);
        }
    }

    /// What a client does: asks, and asks once more when it learns of no outcome.
    async fn insist(&mut self, status: u16, send: impl AsyncFn() -> Reply) -> Value {
        let mut reply = send().await;
        self.crash().dead = None;
        Self::agrees(&self.crm.items().await, Look::AtOnce);
        if matches!(reply.status, 500 | 503) {
            reply = send().await;
        }
        let reply = reply.expect(status);
        Self::agrees(&self.crm.items().await, Look::AtOnce);
        self.settle().await;
        Self::agrees(&self.crm.items().await, Look::Told);
        self.crash().looking = true;
        let seen = seen(&self.admin).await;
        self.crash().looking = false;
        self.seen.push(seen);
        reply.data().clone()
    }
}

/// Orders, pays, pays back and calls off; somebody dies at this step, before or after it is carried out.
async fn run(at: Option<u64>, carried_out: bool) -> (Vec<Value>, Crash) {
    let (table, faults) = Faults::table();
    let crm = shop().crm.copied(table, Passing::by_hand(START + 1000)).await;
    let crash = Arc::new(Mutex::new(Crash { at, ..Crash::default() }));
    let (before, after) = (crash.clone(), crash.clone());
    faults.before(move |operation| {
        let mut crash = before.lock().expect("lock");
        match crash.is_dead(operation) {
            true => Err(Fault::Lost),
            false if carried_out => Ok(()),
            false => crash.reaches(operation),
        }
    });
    faults.after(move |operation| if carried_out { after.lock().expect("lock").reaches(operation) } else { Ok(()) });
    let admin = Person { crm: crm.clone(), ..shop().admin.clone() };
    let mut run = Run { posts: crm.posts().await, crm, admin: admin.clone(), crash, seen: Vec::new() };
    let post = async |key: &str, path: &str, body: &Value| admin.ask("POST", path, Some(body), &[("idempotency-key", key)]).await;

    let bought = json!({"customerId": shop().customer, "items": [{"productId": shop().product, "quantity": 3}], "promotionCodes": ["HAND"]});
    let order = run.insist(201, async || post("order", "/orders", &bought).await).await;
    let (path, total) = (format!("/orders/{}", text(&order["id"])), &order["totalMinor"]);
    for kind in ["PAYMENT", "REFUND"] {
        let moved = json!({"type": kind, "method": "CARD", "amountMinor": total});
        run.insist(201, async || post(kind, &format!("{path}/transactions"), &moved).await).await;
    }
    run.insist(200, async || admin.patch(&format!("{path}/status"), json!({"status": "CANCELLED"})).await).await;
    faults.none();
    let crash = std::mem::take(&mut *run.crash());
    (run.seen, crash)
}

#[test]
fn whoever_dies_at_any_step_of_an_order_its_payment_its_refund_or_its_end_everything_comes_out_as_without_it() {
    let alone = |at: Option<u64>, carried_out: bool| {
        let _ = shop();
        runtime().block_on(run(at, carried_out))
    };
    let (expected, steps) = alone(None, false);
    let totals: Vec<&Value> = expected.iter().map(|seen| &seen["customer"][1]).collect();
    assert_eq!(totals, [2550, 2550, 2550, 0].map(|total| json!(total)).iter().collect::<Vec<_>>(), "{expected:#?}");
    assert!(expected[0]["held"].to_string().contains(r#""AGAIN","ASSIGNED""#), "what an order gives in the background is among it: {expected:#?}");
    assert!(steps.of_requests > 24 && steps.count - steps.of_requests > 15, "{} steps of requests, {} in all", steps.of_requests, steps.count);
    let outcome = in_lanes(0..2 * steps.count, |number| {
        let (step, carried_out) = (number / 2, number % 2 == 1);
        let (seen, crash) = alone(Some(step), carried_out);
        let hit = crash.hit.ok_or_else(|| format!("step {step} was not reached"))?;
        let same = seen.iter().zip(&expected).position(|(seen, expected)| seen != expected);
        same.map_or(Ok(()), |at| Err(format!("step {step}, {hit}, carried out {carried_out}: {:#}, expected {:#}", seen[at], expected[at])))
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    println!("{} steps, {} of them of requests, each not carried out and carried out", steps.count, steps.of_requests);
}
