//! A company made up from a seed: several teams, people of every role and reach, and records that were
//! given away, moved, converted, closed and archived.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests::background::settle;
use tests::crm::PASSWORD;
use tests::people::text;
use tests::random::Random;
use tests::{Crm, Passing, Person};

/// The day on which everything is looked at.
pub const TODAY: &str = "2026-03-02";
/// Ten o'clock of 2 March 2026, when lists are looked at, and 25 days before, when the company begins.
const LOOK_MS: i64 = 1_772_445_600_000;
const BEGIN_MS: i64 = LOOK_MS - 25 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// A word begins no other one, so that it is plain by which word a record is found.
pub const WORDS: [&str; 9] = ["alder", "Birch", "cedar", "dogwood", "Élan", "fir", "Grünholz", "Gruenholz", "hazel"];
/// Letters of the words above that have accents, and what they are without.
const ACCENTS: [(char, char); 2] = [('é', 'e'), ('ü', 'u')];
pub const SOURCES: [&str; 3] = ["website", "Trade fair", "referral"];
/// The permissions by which lists are read, with the reach that a seed may change.
const READING: [&str; 12] =
    ["leads", "customers", "activities", "followups", "tasks", "projects", "worklogs", "orders", "transactions", "messages", "users", "feed"];

/// How far a caller's permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    Own,
    Team,
    All,
}

/// Somebody who reads lists.
pub struct Caller {
    pub name: &'static str,
    pub person: Person,
    /// The caller's own team and those that the caller manages.
    pub teams: BTreeSet<String>,
    scopes: BTreeSet<String>,
}

impl Caller {
    /// The reach of a permission, as `/auth/me` tells it.
    pub fn reach(&self, permission: &str) -> Option<Reach> {
        let has = |name: &str| self.scopes.contains(name);
        match permission {
            _ if has("*") => Some(Reach::All),
            _ if has(permission) || has(&format!("{permission}_all")) => Some(Reach::All),
            _ if has(&format!("{permission}_team")) => Some(Reach::Team),
            _ if has(&format!("{permission}_own")) => Some(Reach::Own),
            _ => None,
        }
    }

    /// Whether what this owner has, in this team, is inside a reach.
    pub fn covers(&self, reach: Reach, owner: Option<&str>, team: Option<&str>) -> bool {
        let own = owner == Some(&self.person.id);
        match reach {
            Reach::All => true,
            Reach::Own => own,
            // The pool is the teams' as well.
            Reach::Team => own || owner.is_none() || team.is_some_and(|team| self.teams.contains(team)),
        }
    }
}

/// A company, and everything in it as an administrator reads it.
pub struct Company {
    pub callers: Vec<Caller>,
    pub users: Vec<String>,
    pub teams: Vec<String>,
    /// Everything of each collection.
    pub records: BTreeMap<&'static str, Vec<Value>>,
    /// What every record was made as, for those that no route reads one by one.
    made: BTreeMap<&'static str, Vec<Value>>,
}

/// A company that is being made.
struct Making {
    crm: Crm,
    random: Random,
    admin: Person,
    people: Vec<Person>,
    made: BTreeMap<&'static str, Vec<Value>>,
    number: usize,
}

impl Company {
    pub async fn make(seed: u64) -> Self {
        let crm = Crm::timed(local::Table::memory().expect("memory"), Passing::by_hand(BEGIN_MS)).await;
        let mut posts = crm.posts().await;
        let admin = crm.admin().await;
        let mut making = Making { crm: crm.clone(), random: Random::new(seed), admin, people: Vec::new(), made: BTreeMap::new(), number: 0 };
        let teams = making.teams().await;
        making.people(&teams).await;
        making.goods().await;
        making.promotions().await;
        making.sales().await;
        settle(&mut posts).await;
        making.campaigns().await;
        making.work().await;
        making.orders().await;
        making.turn().await;
        settle(&mut posts).await;
        making.move_people(&teams).await;
        making.work().await;
        making.orders().await;
        making.park().await;
        settle(&mut posts).await;
        making.rate().await;
        making.grant().await;
        settle(&mut posts).await;
        making.pass_to(LOOK_MS).await;
        settle(&mut posts).await;
        making.done().await
    }

    /// Everything of a collection.
    pub fn all(&self, collection: &str) -> &[Value] {
        self.records.get(collection).map(Vec::as_slice).unwrap_or_default()
    }

    /// A record by its id.
    pub fn find(&self, collection: &str, id: &str) -> Option<&Value> {
        self.all(collection).iter().find(|record| record["id"] == id)
    }

    /// What the records of a collection were answered as when they were made.
    pub fn made(&self, collection: &str) -> &[Value] {
        self.made.get(collection).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A text for comparing, without case and accents.
pub fn plain(text: &str) -> String {
    text.to_lowercase().chars().map(|c| ACCENTS.iter().find(|(accented, _)| *accented == c).map_or(c, |(_, bare)| *bare)).collect()
}

/// The same with two letters for an umlaut.
pub fn respelled(text: &str) -> String {
    plain(&text.to_lowercase().replace('ü', "ue"))
}

impl Making {
    /// Some time passes, or none: records of one moment are told apart by their ids.
    fn pass(&mut self) {
        let millis = *self.random.of(&[0, 0, 1, 1_000, 3_000]);
        self.crm.time.advance(Duration::from_millis(millis));
    }

    /// A day or so passes, after which access tokens have run out; less than two, since what happened before those is not published.
    async fn pass_days(&mut self) {
        let hours = 20 + self.random.below(25) as u64;
        self.crm.time.advance(Duration::from_secs(hours * 3600));
        self.refresh().await;
    }

    async fn pass_to(&mut self, millis: i64) {
        let now = self.crm.time.clock().now().millis();
        self.crm.time.advance(Duration::from_millis(u64::try_from(millis - now).expect("time goes on")));
        self.refresh().await;
    }

    /// Everybody gets a new access token.
    async fn refresh(&mut self) {
        for person in self.people.iter_mut().chain([&mut self.admin]) {
            let reply = self.crm.nobody().post("/auth/refresh", json!({"refreshToken": person.refresh})).await.expect(200);
            *person = Person::from_session(&self.crm, reply.data());
        }
    }

    /// Makes something; a refusal is none.
    async fn post(&mut self, by: &Person, collection: &'static str, body: Value) -> Option<Value> {
        self.pass();
        let reply = by.post(collection, body).await;
        assert!(reply.status < 500 && reply.status != 401, "{}", reply.text);
        let made = (reply.status == 201).then(|| reply.data().clone())?;
        self.made.entry(collection).or_default().push(made.clone());
        Some(made)
    }

    /// Changes something, if that is allowed.
    async fn patch(&mut self, path: &str, body: Value) {
        self.pass();
        let reply = self.admin.patch(path, body).await;
        assert!(reply.status < 500 && reply.status != 401, "{}", reply.text);
    }

    async fn teams(&mut self) -> Vec<String> {
        let admin = self.admin.clone();
        for name in ["Team alder", "Team birch", "Team cedar"] {
            self.post(&admin, "/teams", json!({"name": name})).await.expect("made");
        }
        self.ids("/teams")
    }

    fn ids(&self, collection: &str) -> Vec<String> {
        self.made.get(collection).into_iter().flatten().map(|record| text(&record["id"])).collect()
    }

    /// One of a collection, by its id.
    fn one(&mut self, collection: &str) -> Option<String> {
        let ids = self.ids(collection);
        (!ids.is_empty()).then(|| self.random.of(&ids).clone())
    }

    fn chance(&mut self, of: usize) -> bool {
        self.random.below(of) == 0
    }

    /// A manager and two reps of the first team, a manager of the other two who is in none, a rep in each
    /// of them, and a rep and an administrator without a team.
    async fn people(&mut self, teams: &[String]) {
        let admin = self.admin.clone();
        let people = [
            ("MANAGER", Some(0)),
            ("MANAGER", None),
            ("SALES_REP", Some(0)),
            ("SALES_REP", Some(1)),
            ("SALES_REP", None),
            ("SALES_REP", Some(0)),
            ("SALES_REP", Some(2)),
        ];
        for (number, (role, team)) in people.into_iter().enumerate() {
            let email = format!("staff{number}@office.test");
            let body = json!({
                "email": email, "password": PASSWORD, "role": role, "teamId": team.map(|team: usize| teams[team].clone()), "mustChangePassword": false,
                "firstName": self.random.of(&WORDS), "lastName": format!("Person {number}"), "username": format!("user{number}"),
            });
            self.post(&admin, "/users", body).await.expect("made");
            self.people.push(self.crm.sign_in(&email, PASSWORD).await);
        }
        let (first, second) = (self.people[0].id.clone(), self.people[1].id.clone());
        for (team, manager) in [(0, &first), (1, &second), (2, &second)] {
            self.patch(&format!("/teams/{}", teams[team]), json!({"managerId": manager})).await;
        }
    }

    /// Somebody's id, or nobody's.
    fn owner(&mut self) -> Value {
        if self.chance(5) { Value::Null } else { json!(self.somebody().id) }
    }

    fn somebody(&mut self) -> Person {
        let people: Vec<Person> = self.people.iter().chain([&self.admin]).cloned().collect();
        self.random.of(&people).clone()
    }

    /// Some words, the first in a random case.
    fn name(&mut self) -> String {
        self.number += 1;
        let (first, second) = (*self.random.of(&WORDS), *self.random.of(&WORDS));
        let first = if self.chance(3) { first.to_uppercase() } else { first.to_owned() };
        match self.random.below(3) {
            0 => first,
            1 => format!("{first} {second}"),
            _ => format!("{first} {}", 10 + self.number % 7),
        }
    }

    fn maybe(&mut self, value: Value) -> Value {
        if self.chance(2) { Value::Null } else { value }
    }

    /// Products, some of them no longer sold.
    async fn goods(&mut self) {
        for n in 0..14 {
            let admin = self.admin.clone();
            let body = json!({
                "sku": format!("sku{}x", 10 + n), "name": self.name(), "priceMinor": self.random.below(10_000), "active": !self.chance(3),
                "category": self.random.clone().of(&WORDS), "description": "d".repeat(self.random.below(400)),
            });
            let body = if self.chance(4) { without(body, "category") } else { body };
            self.post(&admin, "/products", body).await.expect("made");
        }
        for product in self.ids("/products") {
            if self.chance(4) {
                let name = self.name();
                self.patch(&format!("/products/{product}"), json!({"name": name, "active": true})).await;
            }
        }
    }

    /// Promotions, of which none applies by itself to an order here.
    async fn promotions(&mut self) {
        for n in 0..12 {
            let admin = self.admin.clone();
            let (name, status) = (self.name(), *self.random.of(&["DRAFT", "ACTIVE"]));
            let mut body = json!({"code": format!("CODE{n}X"), "name": name, "discountType": "PERCENT", "discountValue": 5, "status": status});
            match self.random.below(3) {
                0 => body["trigger"] = json!("MANUAL"),
                1 => (body["trigger"], body["beneficiary"]) = (json!("REFERRAL"), json!("BOTH")),
                _ => (body["trigger"], body["minOrderMinor"]) = (json!("MIN_PURCHASE"), json!(9_000_000_000_000_i64)),
            }
            self.post(&admin, "/promotions", body).await.expect("made");
        }
        for promotion in self.ids("/promotions") {
            if self.chance(4) {
                let status = *self.random.of(&["ACTIVE", "PAUSED", "EXPIRED"]);
                self.patch(&format!("/promotions/{promotion}"), json!({"status": status})).await;
            }
        }
    }

    /// Campaigns, some of which go to customers.
    async fn campaigns(&mut self) {
        for n in 0..8 {
            let caller = if self.chance(2) { self.admin.clone() } else { self.people[n % 2].clone() };
            let mut body = json!({"name": self.name(), "channel": "SMS", "body": "Hello {{ name }}"});
            if n % 2 == 0 {
                (body["channel"], body["subject"]) = (json!("EMAIL"), json!("Hello"));
            }
            if n == 1 {
                body["scheduledAt"] = json!("2999-01-01T00:00:00Z");
            }
            self.post(&caller, "/campaigns", body).await.expect("made");
        }
        for (n, campaign) in self.ids("/campaigns").into_iter().enumerate() {
            match n % 4 {
                0 => drop(self.admin.post(&format!("/campaigns/{campaign}/execute"), json!({})).await.expect(202)),
                2 => self.patch(&format!("/campaigns/{campaign}"), json!({"status": "CANCELLED"})).await,
                _ => {}
            }
        }
    }

    /// Leads and customers.
    async fn sales(&mut self) {
        for round in 0..4 {
            for _ in 0..4 {
                let admin = self.admin.clone();
                let n = self.number + 1;
                let (name, company, owner) = (self.name(), self.name(), self.owner());
                let body = json!({
                    "title": name, "ownerId": owner, "company": self.maybe(json!(company)), "source": *self.random.of(&SOURCES),
                    "status": *self.random.of(&["NEW", "CONTACTED", "IN_PROGRESS", "QUALIFIED"]), "email": self.maybe(json!(format!("lead{n}@oak.example"))),
                    "phone": self.maybe(json!(format!("+4930555{:04}", 1000 + n))), "description": "x".repeat(self.random.below(400)),
                });
                let body = if self.chance(4) { without(body, "source") } else { body };
                self.post(&admin, "/leads", body).await;
                if self.chance(3) {
                    continue;
                }
                let n = self.number + 1;
                let (name, owner) = (self.name(), self.owner());
                let body = json!({
                    "name": name, "ownerId": owner, "lifecycle": *self.random.of(&["PROSPECT", "CUSTOMER", "FORMER"]),
                    "engagement": *self.random.of(&["HOT", "WARM", "INACTIVE"]), "email": self.maybe(json!(format!("buyer{n}@elm.example"))),
                    "firstName": self.maybe(json!(*self.random.clone().of(&WORDS))), "birthday": self.maybe(json!("1980-03-02")),
                });
                self.post(&admin, "/customers", body).await;
            }
            if round % 2 == 1 {
                self.pass_days().await;
            }
        }
    }

    /// Orders of customers, some of them moved on, paid and paid back.
    async fn orders(&mut self) {
        self.refresh().await;
        let admin = self.admin.clone();
        for _ in 0..10 {
            let items: Vec<Value> = (0..1 + self.random.below(3)).map(|n| json!({"productId": self.one("/products"), "quantity": 1 + n})).collect();
            let (by, body) = (self.somebody(), json!({"customerId": self.one("/customers"), "items": items}));
            let order = match self.post(&by, "/orders", body.clone()).await {
                Some(order) => Some(order),
                None => self.post(&admin, "/orders", body).await,
            };
            let Some(order) = order else { continue };
            let (path, total) = (format!("/orders/{}", text(&order["id"])), order["totalMinor"].as_i64().expect("a total"));
            for _ in 0..self.random.below(3) {
                let day = *self.random.of(&["2026-01-05", "2026-01-20", "2026-01-21"]);
                let body = json!({
                    "type": *self.random.of(&["PAYMENT", "PAYMENT", "REFUND"]), "method": *self.random.of(&["CASH", "CARD"]),
                    "status": *self.random.of(&["SUCCEEDED", "SUCCEEDED", "FAILED"]), "amountMinor": *self.random.of(&[total, total / 2]),
                    "occurredAt": format!("{day}T{}Z", *self.random.of(&["00:00:00.000", "09:00:00.000"])),
                });
                self.pass();
                let reply = admin.post(&format!("{path}/transactions"), body).await;
                assert!(reply.status < 500 && reply.status != 401, "{}", reply.text);
                if reply.status == 201 {
                    self.made.entry("/transactions").or_default().push(reply.data().clone());
                }
            }
            if self.chance(2) {
                let status = *self.random.of(&["CONFIRMED", "CANCELLED"]);
                self.patch(&format!("{path}/status"), json!({"status": status})).await;
            }
        }
    }

    /// A lead or customer, as a field of a body.
    fn party(&mut self) -> (&'static str, Option<String>) {
        if self.chance(2) { ("leadId", self.one("/leads")) } else { ("customerId", self.one("/customers")) }
    }

    /// A date around today, and a time of it.
    fn day(&mut self) -> String {
        let days = ["2026-01-30", "2026-02-20", "2026-02-28", "2026-03-01", TODAY, TODAY, "2026-03-03", "2026-03-09", "2026-03-10", "2026-04-01"];
        (*self.random.of(&days)).to_owned()
    }

    fn moment(&mut self) -> String {
        let time = *self.random.of(&["00:00:00.000", "10:00:00.000", "12:30:00.000", "23:59:59.999"]);
        format!("{}T{time}Z", self.day())
    }

    /// What hangs below leads, customers, projects and tasks.
    async fn work(&mut self) {
        self.refresh().await;
        for _ in 0..14 {
            let (by, (field, party)) = (self.somebody(), self.party());
            let day = *self.random.of(&["2026-01-05", "2026-01-20", "2026-01-20", "2026-01-21"]);
            let hour = *self.random.of(&["00:00:00.000", "09:00:00.000", "23:59:59.999"]);
            let body = json!({
                field: party, "type": *self.random.of(&["NOTE", "CALL", "EMAIL", "MEETING"]), "body": "b".repeat(1 + self.random.below(400)),
                "occurredAt": format!("{day}T{hour}Z"),
            });
            // Who may not write there does not, and then an administrator does.
            if self.post(&by, "/activities", body.clone()).await.is_none() {
                let admin = self.admin.clone();
                self.post(&admin, "/activities", body).await;
            }
        }
        for _ in 0..9 {
            let (admin, person, (field, party)) = (self.admin.clone(), self.somebody(), self.party());
            let body = json!({field: party, "dueAt": self.moment(), "notes": "n".repeat(self.random.below(400)), "assigneeId": person.id});
            self.post(&admin, "/follow-ups", body).await;
        }
        for _ in 0..4 {
            let (admin, person) = (self.admin.clone(), self.somebody());
            let members: BTreeSet<String> = (0..self.random.below(3)).map(|_| self.somebody().id).collect();
            let body = json!({
                "name": self.name(), "customerId": self.one("/customers"), "ownerId": person.id, "memberIds": members,
                "status": *self.random.of(&["PLANNED", "ACTIVE", "ON_HOLD"]), "description": "A description",
            });
            self.post(&admin, "/projects", body).await;
        }
        for _ in 0..12 {
            let (admin, person) = (self.admin.clone(), self.somebody());
            let mut body = json!({"title": self.name(), "ownerId": person.id, "priority": *self.random.of(&["LOW", "NORMAL", "HIGH"])});
            if !self.chance(3) {
                body["dueAt"] = json!(self.moment());
                if self.chance(5) {
                    body["recurrence"] = json!({"every": 30, "unit": "DAY"});
                }
            }
            match self.random.below(5) {
                0 => body["leadId"] = json!(self.one("/leads")),
                1 => body["customerId"] = json!(self.one("/customers")),
                2 => body["projectId"] = json!(self.one("/projects")),
                3 => {
                    body["projectId"] = json!(self.one("/projects"));
                    body["leadId"] = json!(self.one("/leads"));
                }
                _ => {}
            }
            self.post(&admin, "/tasks", body).await;
        }
        for _ in 0..10 {
            let by = self.somebody();
            let (kind, field) = *self.random.of(&[("/customers", "customerId"), ("/projects", "projectId"), ("/tasks", "taskId")]);
            let body = json!({
                field: self.one(kind), "minutes": 5 + self.random.below(100), "description": "w".repeat(1 + self.random.below(400)),
                "workDate": *self.random.of(&["2025-12-31", "2026-01-01", "2026-01-15", "2026-01-15", "2026-01-31"]),
            });
            if self.post(&by, "/worklogs", body.clone()).await.is_none() {
                let admin = self.admin.clone();
                self.post(&admin, "/worklogs", body).await;
            }
        }
    }

    /// Records take their turns: they are changed, moved on, converted, closed, archived and given away.
    async fn turn(&mut self) {
        self.refresh().await;
        for lead in self.ids("/leads") {
            let path = format!("/leads/{lead}");
            match self.random.below(12) {
                0 => self.patch(&format!("{path}/status"), json!({"status": "CLOSED", "closeReason": "OTHER"})).await,
                1 | 2 => {
                    let admin = self.admin.clone();
                    let body = if self.chance(2) { json!({}) } else { json!({"customerId": self.one("/customers")}) };
                    let reply = admin.post(&format!("{path}/convert"), body).await;
                    let customer = reply.body["data"]["customer"].clone();
                    if reply.status == 200 && !self.ids("/customers").contains(&text(&customer["id"])) {
                        self.made.entry("/customers").or_default().push(customer);
                    }
                }
                3 => drop(self.admin.delete(&path).await),
                4 => {
                    self.admin.delete(&path).await;
                    self.patch(&path, json!({"archived": false})).await;
                }
                5 | 6 => {
                    let owner = self.owner();
                    self.patch(&format!("{path}/assign"), json!({"ownerId": owner})).await;
                }
                7 => {
                    let title = self.name();
                    self.patch(&path, json!({"title": title})).await;
                }
                _ => {}
            }
        }
        for customer in self.ids("/customers") {
            let path = format!("/customers/{customer}");
            match self.random.below(8) {
                0 => drop(self.admin.delete(&path).await),
                1 | 2 => {
                    let owner = self.owner();
                    self.patch(&format!("{path}/assign"), json!({"ownerId": owner})).await;
                }
                3 => {
                    let name = self.name();
                    self.patch(&path, json!({"name": name, "engagement": "HOT"})).await;
                }
                _ => {}
            }
        }
        for follow_up in self.ids("/follow-ups") {
            let path = format!("/follow-ups/{follow_up}");
            match self.random.below(5) {
                0 => self.patch(&path, json!({"status": "COMPLETED"})).await,
                1 => self.patch(&path, json!({"status": "CANCELLED"})).await,
                2 => {
                    let person = self.somebody().id;
                    self.patch(&path, json!({"assigneeId": person})).await;
                }
                _ => {}
            }
        }
        for task in self.ids("/tasks") {
            let path = format!("/tasks/{task}");
            match self.random.below(6) {
                0 => self.patch(&format!("{path}/status"), json!({"status": "DONE"})).await,
                1 => self.patch(&format!("{path}/status"), json!({"status": "IN_PROGRESS"})).await,
                2 => self.patch(&format!("{path}/status"), json!({"status": "CANCELLED"})).await,
                3 => {
                    let person = self.somebody().id;
                    self.patch(&path, json!({"ownerId": person})).await;
                }
                _ => {}
            }
        }
        for project in self.ids("/projects") {
            let path = format!("/projects/{project}");
            match self.random.below(4) {
                0 => self.patch(&path, json!({"status": "CANCELLED"})).await,
                1 => {
                    let person = self.somebody().id;
                    self.patch(&path, json!({"ownerId": person, "memberIds": []})).await;
                }
                _ => {}
            }
        }
        if let Some(activity) = self.one("/activities") {
            self.admin.delete(&format!("/activities/{activity}")).await;
        }
        if let Some(log) = self.one("/worklogs") {
            self.admin.delete(&format!("/worklogs/{log}")).await.expect(204);
            self.made.entry("/worklogs").or_default().retain(|made| made["id"] != log.as_str());
        }
    }

    /// One rep goes to another team, one is disabled, and a renamed one stays.
    async fn move_people(&mut self, teams: &[String]) {
        let team = self.random.of(teams).clone();
        let (moved, gone, renamed) = (self.people[5].id.clone(), self.people.pop().expect("people").id, self.people[2].id.clone());
        self.patch(&format!("/users/{moved}"), json!({"teamId": team})).await;
        self.patch(&format!("/users/{renamed}"), json!({"lastName": "Renamed"})).await;
        let heir = if self.chance(2) { format!("?reassignTo={}", self.somebody().id) } else { String::new() };
        self.admin.delete(&format!("/users/{gone}{heir}")).await.expect(204);
        self.pass_days().await;
    }

    /// Messages that were given up on.
    async fn park(&mut self) {
        let app = self.crm.embedded().app().clone();
        for number in 0..5 {
            self.pass();
            let (act, queue) = (app.act(), *self.random.of(&["work", "automation"]));
            let parked = store::Parked {
                id: act.id(),
                queue: queue.into(),
                cause: format!("cause {number}"),
                attempts: 1,
                failed_at: act.at,
                body: "{}".into(),
            };
            app.unscoped().park(&parked).await.expect("parks");
            let shown = json!({"id": parked.id.to_string(), "queue": queue, "cause": parked.cause, "attempts": 1, "failedAt": act.at.to_string()});
            self.made.entry("/admin/dead-letters").or_default().push(shown);
        }
    }

    /// The job that rates customers is still to come: some get a level as it would give them one.
    async fn rate(&mut self) {
        for customer in self.ids("/customers") {
            let level = *self.random.of(&["", "SILVER", "GOLD"]);
            if level.is_empty() {
                continue;
            }
            let request = json!({
                "TableName": local::TABLE, "Key": {"pk": {"S": format!("CUSTOMER#{customer}")}, "sk": {"S": "CUSTOMER"}},
                "UpdateExpression": "SET derived.levelCode = :level, rev = rev + :one",
                "ExpressionAttributeValues": {":level": {"S": level}, ":one": {"N": "1"}},
            });
            self.crm.embedded().table.request("UpdateItem", request).await.expect("rated");
        }
    }

    /// Two seeds of three give managers and reps another reach.
    async fn grant(&mut self) {
        if self.chance(3) {
            return;
        }
        let roles = self.admin.get("/roles").await.expect(200);
        for role in roles.data().as_array().expect("roles").iter().filter(|role| role["code"] != "ADMIN") {
            let names = role["permissions"].as_array().expect("names").iter().map(text);
            let mut names: BTreeSet<String> = names.filter(|name| !READING.iter().any(|of| name.starts_with(&format!("{of}:read_")))).collect();
            for resource in READING {
                let reach = *self.random.of(&["own", "team", "team", "all"]);
                names.insert(format!("{resource}:read_{reach}"));
            }
            self.admin.put(&format!("/roles/{}/permissions", text(&role["code"])), json!({"permissions": names})).await.expect(200);
        }
    }

    /// The company as it is in the end.
    async fn done(self) -> Company {
        let admin = &self.admin;
        let mut records = BTreeMap::new();
        for (collection, made) in &self.made {
            let mut found = Vec::new();
            for record in made {
                let reply = admin.get(&format!("{collection}/{}", text(&record["id"]))).await;
                match reply.status {
                    200 => found.push(reply.data().clone()),
                    404 | 405 => {}
                    _ => panic!("{}", reply.text),
                }
            }
            records.insert(*collection, found);
        }
        // Those that were not made by a request of ours.
        let root = admin.get(&format!("/users/{}", admin.id)).await.expect(200);
        records.entry("/users").or_default().insert(0, root.data().clone());
        for collection in ["/worklogs", "/transactions", "/teams", "/admin/dead-letters"] {
            if records.get(collection).is_none_or(Vec::is_empty) {
                let page = admin.get(&format!("{collection}?limit=100")).await.expect(200);
                records.insert(collection, page.data().as_array().expect("a list").clone());
            }
        }
        let mut inboxes = Vec::new();
        for person in &records["/users"] {
            inboxes.extend(admin.all(&format!("/notifications?limit=100&type=ALL&recipientId={}", text(&person["id"]))).await);
        }
        records.insert("/messages", admin.all("/messages?limit=100").await);
        records.insert("/notifications", inboxes);
        records.insert("/feed", admin.all("/feed?limit=100").await);
        let teams: Vec<Value> = admin.get("/teams?limit=100").await.expect(200).data().as_array().expect("teams").clone();
        let names = [
            "the administrator",
            "the manager of the first team",
            "the manager of two teams",
            "a rep",
            "a rep of another team",
            "a rep without a team",
        ];
        let mut callers = Vec::new();
        for (name, person) in names.into_iter().zip([admin].into_iter().chain(&self.people)) {
            let me = person.get("/auth/me").await.expect(200);
            let managed = teams.iter().filter(|team| team["managerId"] == person.id.as_str()).map(|team| text(&team["id"]));
            let own = me.data()["teamId"].as_str().map(str::to_owned);
            let scopes = me.data()["scopes"].as_array().expect("scopes").iter().map(text).collect();
            callers.push(Caller { name, person: person.clone(), teams: managed.chain(own).collect(), scopes });
        }
        let ids = |records: &[Value]| records.iter().map(|record| text(&record["id"])).collect();
        let users = ids(&records["/users"]);
        Company { callers, users, teams: ids(&teams), records, made: self.made }
    }
}

/// A body without a field.
fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().and_then(|fields| fields.remove(field));
    body
}
