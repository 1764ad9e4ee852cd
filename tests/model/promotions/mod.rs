//! Random companies of promotions against their rules, said again in plain words: what each order costs, which promotions
//! discounted it and which ones it brought, what cancelling it gives back, and what every customer has in the end.
//!
//! `PROMOTION_ORDERS` says how many orders there are in all, and `PROMOTION_SEED=7` makes the company of that seed alone.

mod rules;

use domain::Time;
use rules::{ASSIGNED, Customer, EXPIRED, Held, Placed, Rule, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};
use tests::background::{Post, settle};
use tests::lanes::{in_lanes, runtime};
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, Reply, number_in_environment};

/// How many orders there are in all, and how many each company has.
const ORDERS: u64 = 300;
const ORDERS_EACH: u64 = 20;
/// When every company begins, milliseconds: 2026-03-02T08:00:00Z. None lasts until midnight.
const START: i64 = 1_772_438_400_000;
const MINUTE: i64 = 60;
const LEVELS: [&str; 4] = ["BRONZE", "SILVER", "GOLD", "PLATINUM"];
/// What things cost: what rounds badly, and what is exactly at a least amount.
const PRICES: [i64; 9] = [0, 1, 3, 49, 50, 99, 333, 1000, 4999];

/// What every company begins with: made once, for making people is slow.
struct Beginning {
    crm: Crm,
    admin: Person,
    products: Vec<(i64, Value)>,
}

fn beginning() -> &'static Beginning {
    static BEGINNING: OnceLock<Beginning> = OnceLock::new();
    BEGINNING.get_or_init(|| runtime().block_on(Beginning::make()))
}

impl Beginning {
    async fn make() -> Self {
        let crm = Crm::timed(local::Table::memory().expect("memory"), Passing::by_hand(START - 1)).await;
        let (mut posts, admin) = (crm.posts().await, crm.admin().await);
        // A few orders are enough for every level.
        let rfm = json!({"recencyDays": [7, 30, 90, 180], "frequency": [4, 3, 2, 1], "monetary": [40, 20, 10, 5]});
        admin.patch("/settings", json!({"rfm": rfm})).await.expect(200);
        let mut products = Vec::new();
        for price in PRICES {
            products.push((price, admin.product(price).await));
        }
        settle(&mut posts).await;
        Self { crm, admin, products }
    }
}

/// A company: the CRM, the model of it, and what was done so far.
struct Company {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
    random: Random,
    world: World,
    products: &'static [(i64, Value)],
    done: Vec<String>,
}

/// What is expected and what is found.
fn compare(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}\nexpected {expected}\nfound    {found}")) }
}

/// The status, code and pointers of an answer.
fn outcome(reply: &Reply) -> Value {
    json!([reply.status, reply.code(), reply.pointers()])
}

fn at(minute: i64) -> String {
    Time::from_millis(START).plus_seconds(minute * MINUTE).to_string()
}

impl Company {
    async fn start(beginning: &'static Beginning, seed: u64) -> Self {
        let crm = beginning.crm.copied(local::Table::memory().expect("memory"), Passing::by_hand(START)).await;
        let (posts, admin) = (crm.posts().await, Person { crm: crm.clone(), ..beginning.admin.clone() });
        let mut company =
            Self { crm, posts, admin, random: Random::new(seed), world: World::default(), products: &beginning.products, done: Vec::new() };
        for _ in 0..3 + company.random.below(5) {
            company.promote().await;
        }
        company.welcome(None).await;
        for _ in 0..2 {
            let referrer = Some(0).filter(|_| company.one_of(2));
            company.welcome(referrer).await;
        }
        company
    }

    async fn settle(&mut self) {
        settle(&mut self.posts).await;
    }

    fn one_of(&mut self, odds: usize) -> bool {
        self.random.below(odds) == 0
    }

    /// A new promotion.
    async fn promote(&mut self) {
        let (now, random) = (self.world.now, &mut self.random);
        let trigger = *random.of(&["FIRST_PURCHASE", "MIN_PURCHASE", "MIN_PURCHASE", "CUSTOMER_LEVEL", "REFERRAL", "REFERRAL", "MANUAL", "MANUAL"]);
        let (percent, next_order) = (random.below(3) > 0, random.below(5) < 2);
        let starts = now + *random.of(&[-60, 0, 0, 0, 0, 20]);
        let (first, beneficiary, is_draft) = (random.below(4), *random.of(&["REFERRER", "REFEREE", "BOTH"]), random.below(7) == 0);
        let mut rule = Rule {
            id: String::new(),
            code: format!("P{}", self.world.rules.len()),
            trigger,
            least: *random.of(&PRICES[1..]),
            levels: LEVELS[first..].iter().copied().take(1 + random.below(3)).collect(),
            beneficiary,
            percent,
            value: if percent { *random.of(&[1, 5, 10, 15, 25, 33, 50, 50, 67, 100]) } else { *random.of(&[1, 10, 50, 50, 100, 333, 5000, 200_000]) },
            most: Some(*random.of(&[1, 10, 50, 333])).filter(|_| percent && random.below(3) == 0),
            next_order,
            stackable: random.below(2) == 0,
            starts,
            ends: Some(starts.max(now) + *random.of(&[20, 40, 120])).filter(|_| random.below(3) == 0),
            limit: Some(*random.of(&[1, 2, 3, 6, 9])).filter(|_| random.below(3) == 0),
            each: *random.of(&[1, 2, 3, 20]),
            status: if is_draft { "DRAFT" } else { "ACTIVE" },
            is_revoked: false,
        };
        if trigger == "CUSTOMER_LEVEL" && next_order {
            // A night gives to several at once; who is left out where there is too little is nobody's rule.
            rule.limit = None;
        }
        let body = json!({
            "code": rule.code, "name": rule.code, "trigger": trigger, "status": rule.status, "stackable": rule.stackable,
            "minOrderMinor": (trigger == "MIN_PURCHASE").then_some(rule.least),
            "levelCodes": (trigger == "CUSTOMER_LEVEL").then_some(&rule.levels),
            "beneficiary": (trigger == "REFERRAL").then_some(rule.beneficiary),
            "discountType": if percent { "PERCENT" } else { "FIXED" }, "discountValue": rule.value, "maxDiscountMinor": rule.most,
            "applyTo": if next_order { "NEXT_ORDER" } else { "CURRENT_ORDER" },
            "startsAt": at(starts), "endsAt": rule.ends.map(at), "usageLimit": rule.limit, "perCustomerLimit": rule.each,
        });
        self.done.push(format!("promotion {body}"));
        rule.id = text(&self.admin.make("/promotions", body).await["id"]);
        self.world.rules.push(rule);
    }

    /// A new customer, whom another one brought perhaps.
    async fn welcome(&mut self, referrer: Option<usize>) {
        self.done.push(format!("customer {}, brought by {referrer:?}", self.world.customers.len()));
        let by = referrer.map(|referrer| self.world.customers[referrer].id.clone());
        let id = text(&self.admin.customer(json!({"referredById": by})).await["id"]);
        self.world.customers.push(Customer { id, level: LEVELS[0].to_owned(), referrer: None });
        if let Some(referrer) = referrer {
            self.settle().await;
            self.world.refer(self.world.customers.len() - 1, referrer);
        }
    }

    /// Somebody turns out to be brought by another one.
    async fn refer(&mut self) -> Result<(), String> {
        let count = self.world.customers.len();
        let (customer, referrer) = (self.random.below(count), self.random.below(count));
        if self.world.customers[customer].referrer.is_some() {
            return Ok(());
        }
        let is_cycle = customer == referrer || self.world.is_brought_by(referrer, customer);
        self.done.push(format!("customer {customer} turns out to be brought by {referrer}"));
        let path = format!("/customers/{}", self.world.customers[customer].id);
        let reply = self.admin.patch(&path, json!({"referredById": self.world.customers[referrer].id})).await;
        let expected = if is_cycle { json!([422, "VALIDATION", ["/referredById"]]) } else { json!([200, "", []]) };
        compare("who brought whom", &expected, &outcome(&reply))?;
        if !is_cycle {
            self.settle().await;
            self.world.refer(customer, referrer);
        }
        Ok(())
    }

    /// The codes of an order: mostly such as the customer has.
    fn codes(&mut self, customer: usize) -> Vec<String> {
        let mine: Vec<usize> = (0..self.world.rules.len()).filter(|rule| self.world.waiting(*rule, customer).is_some()).collect();
        let mut codes = Vec::new();
        for _ in 0..*self.random.of(&[0, 1, 1, 2, 3]) {
            let rule = if mine.is_empty() || self.one_of(9) { self.random.below(self.world.rules.len()) } else { *self.random.of(&mine) };
            let mut code = self.world.rules[rule].code.clone();
            match self.random.below(24) {
                0 => code = "NOBODY-HAS-IT".to_owned(),
                1 | 2 => code = code.to_lowercase(),
                _ => {}
            }
            if mine.is_empty() && !self.one_of(12) || codes.contains(&code) {
                continue;
            }
            codes.push(code);
        }
        codes
    }

    async fn order(&mut self) -> Result<(), String> {
        let customer = self.random.below(self.world.customers.len());
        let (mut items, mut lines, mut subtotal) = (Vec::new(), Vec::new(), 0);
        for _ in 0..*self.random.of(&[1, 1, 1, 2, 3]) {
            let ((price, product), quantity) = (self.random.of(self.products).clone(), *self.random.of(&[1, 1, 1, 1, 2, 3, 7]));
            items.push(json!({"productId": product, "quantity": quantity}));
            lines.push(format!("{quantity}×{price}"));
            subtotal += price * quantity;
        }
        let codes = self.codes(customer);
        let body = json!({"customerId": self.world.customers[customer].id, "items": items, "promotionCodes": codes});
        let reply = self.admin.post("/orders", body).await;
        let order = self.world.orders.len();
        self.done.push(format!("order {order}: customer {customer}, {} = {subtotal}, naming {codes:?}: {}", lines.join(" + "), reply.status));
        let pointers = |places: Vec<usize>| places.iter().map(|place| format!("/promotionCodes/{place}")).collect::<Vec<_>>();
        let named = match self.world.named(customer, &codes) {
            Ok(named) => named,
            Err(wrong) => return compare("codes", &json!([422, "PROMOTION_NOT_APPLICABLE", pointers(wrong)]), &outcome(&reply)),
        };
        compare("an order", &json!([201, "", []]), &outcome(&reply))?;
        let discounts = self.world.order(customer, subtotal, &named);
        let off: i64 = discounts.iter().map(|(_, amount)| amount).sum();
        let rules = &self.world.rules;
        let discount = |(rule, amount): &(usize, i64)| json!({"promotionId": rules[*rule].id, "code": rules[*rule].code, "amountMinor": amount});
        let expected = json!({"subtotalMinor": subtotal, "discountMinor": off, "totalMinor": subtotal - off, "currency": "USD",
            "discounts": discounts.iter().map(discount).collect::<Vec<_>>()});
        let data = reply.data();
        let names = ["subtotalMinor", "discountMinor", "totalMinor", "currency", "discounts"];
        let found: Value = names.iter().map(|name| ((*name).to_owned(), data[name].clone())).collect::<serde_json::Map<_, _>>().into();
        compare("an order", &expected, &found)?;
        self.world.orders.push(Placed { id: text(&data["id"]), customer, discounts: data["discounts"].clone(), cancelled: false });
        Ok(())
    }

    async fn cancel(&mut self) -> Result<(), String> {
        if self.world.orders.is_empty() {
            return Ok(());
        }
        let order = self.random.below(self.world.orders.len());
        self.done.push(format!("order {order} is cancelled"));
        let reply = self.admin.patch(&format!("/orders/{}/status", self.world.orders[order].id), json!({"status": "CANCELLED"})).await;
        self.world.cancel(order);
        compare("a cancellation", &json!([200, "", []]), &outcome(&reply))?;
        compare("what it had got stays written", &self.world.orders[order].discounts, &reply.data()["discounts"])
    }

    async fn assign(&mut self) -> Result<(), String> {
        let (rule, customer) = (self.random.below(self.world.rules.len()), self.random.below(self.world.customers.len()));
        self.done.push(format!("customer {customer} is given {}", self.world.rules[rule].code));
        let path = format!("/promotions/{}/assign", self.world.rules[rule].id);
        let reply = self.admin.post(&path, json!({"customerId": self.world.customers[customer].id})).await;
        let (status, code) = self.world.assign(rule, customer);
        compare("a gift", &json!([status, code]), &json!([reply.status, reply.code()]))
    }

    /// A promotion is activated, paused or ended.
    async fn turn(&mut self) -> Result<(), String> {
        let (rule, to) = (self.random.below(self.world.rules.len()), *self.random.of(&["DRAFT", "ACTIVE", "ACTIVE", "PAUSED", EXPIRED, "DELETED"]));
        let it = &self.world.rules[rule];
        self.done.push(format!("{} becomes {to}", it.code));
        let path = format!("/promotions/{}", it.id);
        if to == "DELETED" {
            // A draft would be gone.
            if it.status != "DRAFT" {
                compare("a promotion that is deleted", &json!([204, "", []]), &outcome(&self.admin.delete(&path).await))?;
                let now = self.world.now;
                self.world.rules[rule].delete(now);
            }
            return Ok(());
        }
        let reply = self.admin.patch(&path, json!({"status": to})).await;
        if it.status != to && !it.allowed().contains(&to) {
            let expected = json!([409, "PROMOTION_TRANSITION", it.allowed()]);
            return compare("a promotion's status", &expected, &json!([reply.status, reply.code(), reply.body["allowed"]]));
        }
        if to == "ACTIVE" && it.status != to && it.is_over(self.world.now) {
            return compare("a promotion that is over", &json!([422, "VALIDATION", ["/endsAt"]]), &outcome(&reply));
        }
        compare("a promotion's status", &json!([200, "", []]), &outcome(&reply))?;
        self.world.rules[rule].status = to;
        Ok(())
    }

    /// A night: promotions that are over are ended, and levels reached.
    async fn night(&mut self) -> Result<(), String> {
        self.done.push("a night".to_owned());
        self.settle().await;
        for job in ["promotion-expiry", "rfm-scoring"] {
            self.crm.start_job(job, 1).await;
        }
        self.settle().await;
        for rule in self.world.rules.iter_mut().filter(|rule| rule.is_over(self.world.now) && ["ACTIVE", "PAUSED"].contains(&rule.status)) {
            rule.status = EXPIRED;
        }
        for customer in 0..self.world.customers.len() {
            // By which rule somebody reaches a level is checked elsewhere.
            let page = self.admin.get(&format!("/customers/{}", self.world.customers[customer].id)).await.expect(200);
            self.world.reach(customer, text(&page.data()["levelCode"]));
        }
        self.look().await
    }

    /// What customers have and how often promotions were used.
    async fn look(&mut self) -> Result<(), String> {
        self.settle().await;
        for (number, customer) in self.world.customers.iter().enumerate() {
            let listed = self.admin.all(&format!("/customers/{}/promotions?limit=100", customer.id)).await;
            let mut found: Vec<_> = listed.iter().map(|held| (text(&held["code"]), text(&held["status"]))).collect();
            found.sort();
            compare(&format!("the promotions of customer {number}"), &json!(self.world.shown(number)), &json!(found))?;
        }
        for (number, rule) in self.world.rules.iter().enumerate() {
            let page = self.admin.get(&format!("/promotions/{}", rule.id)).await.expect(200);
            let found: Vec<&Value> = ["status", "usedCount", "assignedCount", "exhausted"].iter().map(|name| &page.data()[name]).collect();
            let given: Vec<&Held> = self.world.held.iter().filter(|held| held.rule == number).collect();
            let used = given.iter().filter(|held| held.used_by.is_some()).count();
            let waiting = given.iter().filter(|held| held.status == ASSIGNED && rule.status != EXPIRED).count();
            compare(&rule.code, &json!([rule.status, used, waiting, self.world.is_exhausted(number)]), &json!(found))?;
        }
        Ok(())
    }

    async fn pass(&mut self) {
        let minutes = *self.random.of(&[10, 20, 30]);
        self.done.push(format!("{minutes} minutes pass"));
        self.crm.advance(minutes * MINUTE);
        self.world.now += minutes;
        self.admin = self.crm.admin().await;
    }

    /// One thing that happens.
    async fn act(&mut self) -> Result<(), String> {
        match self.random.below(40) {
            0..=19 => self.order().await?,
            20..=22 => self.cancel().await?,
            23..=28 => self.assign().await?,
            29 | 30 => self.pass().await,
            31 => self.night().await?,
            32 | 33 if self.world.customers.len() < 5 => {
                let referrer = self.random.below(self.world.customers.len());
                let is_brought = self.random.below(4) > 0;
                self.welcome(Some(referrer).filter(|_| is_brought)).await;
            }
            34 => self.refer().await?,
            35 if self.world.rules.len() < 8 => self.promote().await,
            36 => self.turn().await?,
            37 => self.look().await?,
            _ => self.settle().await,
        }
        Ok(())
    }
}

/// The company of a seed, until it has so many orders; what was done is told where something differs. Gives the kinds of
/// promotions that were used.
async fn run(beginning: &'static Beginning, seed: u64, orders: u64) -> Result<BTreeSet<(&'static str, bool)>, String> {
    let mut company = Company::start(beginning, seed).await;
    let outcome = async {
        while (company.world.orders.len() as u64) < orders {
            company.act().await?;
        }
        company.look().await?;
        compare("a recount", &json!([]), &json!(disagreements(&company.crm.items().await, Look::Settled)))
    }
    .await;
    let used = company.world.held.iter().filter(|held| held.used_by.is_some()).map(|held| &company.world.rules[held.rule]);
    outcome.map(|()| used.map(|rule| (rule.trigger, rule.next_order)).collect()).map_err(|difference| {
        format!(
            "{difference}\n\nwhat led there:\n{}\n\nagain: PROMOTION_SEED={seed} cargo test --workspace --test crm model::promotions",
            company.done.join("\n")
        )
    })
}

#[test]
fn orders_get_what_plain_rules_of_promotions_give() {
    let orders = number_in_environment("PROMOTION_ORDERS").unwrap_or(ORDERS);
    let seeds = number_in_environment("PROMOTION_SEED").map_or(1..orders.div_ceil(ORDERS_EACH) + 1, |seed| seed..seed + 1);
    let (companies, used) = (seeds.end - seeds.start, Mutex::new(BTreeSet::new()));
    let outcome = in_lanes(seeds, |seed| {
        let beginning = beginning();
        used.lock().expect("lock").extend(runtime().block_on(run(beginning, seed, ORDERS_EACH))?);
        Ok(())
    });
    if let Err(failures) = outcome {
        panic!("{failures}");
    }
    let used = used.into_inner().expect("lock");
    assert!(companies < ORDERS / ORDERS_EACH || used.len() == 10, "each of five triggers, for this order and the next: {used:?}");
}
