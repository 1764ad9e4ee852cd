//! Random calls about leads, follow-ups and tasks by four people: every answer is the one that the
//! plain model of the rules predicts.

use crate::model::calendar::{date_of, later};
use crate::model::rules::{Act, After, Call, Expected, NEVER, NO_ID, Person, Role, WRONG, World, misses};
use crate::model::seeds;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::random::Random;
use tests::{Crm, Person as Caller, Reply, eventually};

/// How many seeds run, each on a CRM of its own, and how many calls each makes.
const SEEDS: u64 = 5;
const CALLS: usize = 402;
/// How many calls a failure tells of.
const REMEMBERED: usize = 15;
/// How long the background may take.
const SOON: Duration = Duration::from_secs(40);
/// After how many looks what does not follow is told: most of that time.
const PATIENCE: usize = 1000;
const SECONDS_A_DAY: i64 = 86_400;
/// How many people make calls; those behind them are only named.
const CALLERS: usize = 4;

/// One seed at work.
struct Run {
    seed: u64,
    random: Random,
    callers: Vec<Caller>,
    world: World,
    /// The latest calls with their answers.
    latest: VecDeque<String>,
}

/// A CRM at ten in the morning, so that no run reaches midnight, and the date there.
async fn crm_at_ten() -> (Crm, String) {
    let crm = Crm::start().await;
    let now = local::Clock::now_ms(&local::SystemClock) / 1000;
    let ahead = (SECONDS_A_DAY * 10 / 24 - now).rem_euclid(SECONDS_A_DAY);
    crm.advance(ahead);
    (crm, date_of((now + ahead) / SECONDS_A_DAY))
}

/// A new team.
async fn team(admin: &Caller) -> String {
    text(&admin.post("/teams", json!({"name": format!("Team {}", unique())})).await.expect(201).data()["id"])
}

/// A new user, signed in.
async fn person(admin: &Caller, role: &str, team: &str) -> Caller {
    let email = format!("{}@crm.test", unique());
    let body = json!({"email": email, "password": PASSWORD, "firstName": "Test", "lastName": unique(), "role": role, "teamId": team});
    admin.post("/users", body).await.expect(201);
    admin.crm.sign_in(&email, PASSWORD).await
}

impl Run {
    /// An administrator, a manager and a rep of one team, a rep of another, somebody disabled, and
    /// some customers.
    async fn start(seed: u64) -> Self {
        let (crm, today) = crm_at_ten().await;
        let admin = crm.admin().await;
        let (team, other) = (team(&admin).await, team(&admin).await);
        let manager = person(&admin, "MANAGER", &team).await;
        let rep = person(&admin, "SALES_REP", &team).await;
        let stranger = person(&admin, "SALES_REP", &other).await;
        let former = person(&admin, "SALES_REP", &team).await;
        admin.delete(&format!("/users/{}", former.id)).await.expect(204);
        let known =
            |name, caller: &Caller, team: Option<&String>, role, active| Person { name, id: caller.id.clone(), team: team.cloned(), role, active };
        let people = vec![
            known("admin", &admin, None, Role::Admin, true),
            known("manager", &manager, Some(&team), Role::Manager, true),
            known("rep", &rep, Some(&team), Role::Rep, true),
            known("stranger", &stranger, Some(&other), Role::Rep, true),
            known("former", &former, Some(&team), Role::Rep, false),
        ];
        let mut world = World::new(people, today);
        for (place, owner) in [Some(&rep), Some(&manager), Some(&stranger), Some(&admin), None].into_iter().enumerate() {
            let owner = owner.map_or(Value::Null, |owner| json!(owner.id));
            world.add_customer(&admin.customer(json!({"name": format!("Customer {place}"), "email": email(place), "ownerId": owner})).await);
        }
        Self { seed, random: Random::new(seed), callers: vec![admin, manager, rep, stranger], world, latest: VecDeque::new() }
    }

    /// Ends the test with what is needed to run it again.
    fn fail(&self, what: &str) -> ! {
        let latest: Vec<&str> = self.latest.iter().map(String::as_str).collect();
        panic!("{what}\nSEED={} cargo test -p tests model\nthe latest calls:\n{}", self.seed, latest.join("\n"));
    }

    fn remember(&mut self, call: &Call) {
        let body = call.json().map(|body| body.to_string()).unwrap_or_default();
        let tag = call.tag.map(|tag| format!(" If-Match {tag}")).unwrap_or_default();
        self.latest.push_back(format!("{} {} {}{tag} {body}", self.world.people[call.who].name, call.method(), call.path()));
        if self.latest.len() > REMEMBERED {
            self.latest.pop_front();
        }
    }

    /// Makes a call and compares the answer with the model's; a list is read to its end.
    async fn call(&mut self, call: &Call) {
        self.remember(call);
        let caller = self.callers[call.who].clone();
        let tag = call.tag.map(|tag| format!("\"{tag}\""));
        let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
        let reply = caller.ask(call.method(), &call.path(), call.json().as_ref(), &headers).await;
        if let Some(latest) = self.latest.back_mut() {
            latest.push_str(&format!(" -> {} {}", reply.status, reply.code()));
        }
        // An answer out of memory is there without waiting, and others have to have their turn.
        tokio::task::yield_now().await;
        let expected = self.world.answer(call);
        if let Some(difference) = difference(&expected, &reply) {
            self.fail(&format!("{difference}\nthe answer: {}", reply.text));
        }
        if let Some(rows) = &expected.rows {
            let found = self.all_pages(&caller, &call.path(), reply).await;
            let ids = |rows: &[Value]| rows.iter().map(|row| text(&row["id"])).collect::<Vec<_>>();
            if ids(rows) != ids(&found) {
                self.fail(&format!("the list has {:?},\nexpected {:?}", ids(&found), ids(rows)));
            }
            if let Some(difference) = rows.iter().zip(&found).find_map(|(expected, found)| misses(expected, found, "")) {
                self.fail(&format!("a row of the list: {difference}"));
            }
            return;
        }
        if expected.status >= 300 {
            return;
        }
        for (path, wanted) in self.world.settle(&reply.body["data"]) {
            self.follows(&path, wanted).await;
        }
    }

    async fn all_pages(&self, caller: &Caller, path: &str, first: Reply) -> Vec<Value> {
        let (mut rows, mut page) = (Vec::new(), first);
        loop {
            rows.extend(page.data().as_array().into_iter().flatten().cloned());
            let cursor = text(&page.body["meta"]["nextCursor"]);
            if cursor.is_empty() {
                return rows;
            }
            let sign = if path.contains('?') { '&' } else { '?' };
            page = caller.get(&format!("{path}{sign}cursor={cursor}")).await;
            if page.status != 200 {
                self.fail(&format!("the next page: {}", page.text));
            }
        }
    }

    /// Waits for what follows in the background.
    async fn follows(&self, path: &str, wanted: Option<Value>) {
        let looks = AtomicUsize::new(0);
        eventually(path, SOON, || async {
            let reply = self.callers[0].get(path).await;
            let wrong = match &wanted {
                None => (reply.status != 404).then(|| "is still there".to_owned()),
                Some(_) if reply.status != 200 => Some(reply.text),
                Some(wanted) => misses(wanted, &reply.body["data"], ""),
            };
            let Some(wrong) = wrong else { return Some(()) };
            if looks.fetch_add(1, Ordering::SeqCst) > PATIENCE {
                self.fail(&format!("{path}: {wrong}"));
            }
            None
        })
        .await;
    }

    /// Looks at everything once more, and at the columns that lists get in the background.
    async fn recount(&self) {
        let mut all: Vec<After> = Vec::new();
        let world = &self.world;
        all.extend(world.leads.values().map(|lead| (format!("/leads/{}", lead.id), Some(world.lead_page(lead)))));
        all.extend(world.customers.values().map(|customer| (format!("/customers/{}", customer.id), Some(world.customer_page(customer)))));
        all.extend(world.tasks.values().map(|task| (format!("/tasks/{}", task.id), Some(world.whole_task(task)))));
        all.extend(world.gone.iter().flat_map(|id| ["leads", "follow-ups", "tasks"].map(|kind| (format!("/{kind}/{id}"), None))));
        let admin = &self.callers[0];
        for (path, wanted) in &all {
            let reply = admin.get(path).await;
            let wrong = match wanted {
                None => (reply.status != 404).then(|| "is still there".to_owned()),
                Some(wanted) => misses(wanted, &reply.body["data"], ""),
            };
            if let Some(wrong) = wrong {
                self.fail(&format!("in the end {path}: {wrong}"));
            }
        }
        let dates = || async {
            let mut wrong = Vec::new();
            for list in ["/leads?limit=100", "/leads?archived=true&limit=100", "/customers?limit=100", "/customers?archived=true&limit=100"] {
                for row in self.all_pages(admin, list, admin.get(list).await).await {
                    let path = format!("{}/{}", list.split('?').next().unwrap_or_default(), text(&row["id"]));
                    let page = all.iter().find(|(known, _)| *known == path).and_then(|(_, wanted)| wanted.as_ref());
                    if page.is_none_or(|page| page["nextFollowUpAt"] != row["nextFollowUpAt"]) {
                        wrong.push(path);
                    }
                }
            }
            wrong.is_empty().then_some(())
        };
        eventually(&format!("seed {}: the lists show the next follow-ups", self.seed), SOON, dates).await;
        let parked = admin.get("/admin/dead-letters").await.expect(200);
        assert_eq!(parked.data(), &json!([]), "seed {}", self.seed);
    }
}

/// How an answer differs from the one predicted.
fn difference(expected: &Expected, reply: &Reply) -> Option<String> {
    if (reply.status, reply.code()) != (expected.status, expected.code) {
        return Some(format!("{} {}, expected {} {}", reply.status, reply.code(), expected.status, expected.code));
    }
    if reply.pointers() != expected.pointers {
        return Some(format!("wrong are {:?}, expected {:?}", reply.pointers(), expected.pointers));
    }
    let etag = expected.version.map(|version| format!("\"{version}\""));
    if reply.header("etag") != etag.as_deref() {
        return Some(format!("the ETag is {:?}, expected {etag:?}", reply.header("etag")));
    }
    let found = if reply.status < 300 { &reply.body["data"] } else { &reply.body };
    if expected.members.is_null() { None } else { misses(&expected.members, found, "") }
}

/// The e-mail addresses that records share.
fn email(place: usize) -> String {
    format!("contact{place}@model.example")
}

/// A body in the making.
#[derive(Default)]
struct Body(Map<String, Value>);

impl Body {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}

/// What is chosen at random.
impl Run {
    /// Whether something happens that happens once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.random.below(times) == 0
    }

    /// The id of a record, seldom one that is gone, of nothing, or none at all.
    fn id(&mut self, known: &[String]) -> String {
        match self.random.below(40) {
            0 => NEVER.to_owned(),
            1 => NO_ID.to_owned(),
            2 if !self.world.gone.is_empty() => self.random.of(&self.world.gone).clone(),
            _ if known.is_empty() => NEVER.to_owned(),
            // The newest half more often than the rest.
            n if n % 2 == 0 => self.random.of(&known[known.len() / 2..]).clone(),
            _ => self.random.of(known).clone(),
        }
    }

    /// The id of a record for a body or a query, where none at all is another mistake.
    fn reference(&mut self, known: &[String]) -> String {
        Some(self.id(known)).filter(|id| id != NO_ID).unwrap_or_else(|| NEVER.to_owned())
    }

    fn lead_ids(&self) -> Vec<String> {
        self.world.leads.keys().cloned().collect()
    }

    fn customer_ids(&self) -> Vec<String> {
        self.world.customers.keys().cloned().collect()
    }

    fn follow_up_ids(&self) -> Vec<String> {
        self.world.follow_ups.keys().cloned().collect()
    }

    fn task_ids(&self) -> Vec<String> {
        self.world.tasks.keys().cloned().collect()
    }

    /// Somebody, seldom nobody that is known.
    fn person(&mut self) -> String {
        if self.once_in(20) { NEVER.to_owned() } else { self.random.of(&self.world.people).id.clone() }
    }

    /// An owner or the pool.
    fn owner(&mut self) -> Value {
        if self.once_in(4) { Value::Null } else { json!(self.person()) }
    }

    /// A date around today, at the edges and in the middle of the day.
    fn date(&mut self) -> String {
        let days = *self.random.of(&[-40, -2, -1, -1, 0, 0, 0, 1, 6, 7, 8, 30]);
        let time = *self.random.of(&["T00:00:00.000Z", "T12:00:00.000Z", "T23:59:59.999Z"]);
        format!("{}{time}", later(&self.world.today, days))
    }

    fn day(&mut self) -> String {
        let days = *self.random.of(&[-2, -1, 0, 1, 7]);
        later(&self.world.today, days)
    }

    fn word(&mut self) -> String {
        format!("Word {}", self.random.below(6))
    }

    /// A text or null.
    fn word_or_null(&mut self) -> Value {
        if self.once_in(4) { Value::Null } else { json!(self.word()) }
    }

    fn some_email(&mut self) -> Value {
        match self.random.below(10) {
            0 => Value::Null,
            1 => json!(email(self.random.below(9)).to_uppercase()),
            _ => json!(email(self.random.below(24))),
        }
    }

    fn some_phone(&mut self) -> Value {
        if self.once_in(5) { Value::Null } else { json!(format!("+49300000{}", 10 + self.random.below(24))) }
    }

    fn recurrence(&mut self) -> Value {
        if self.once_in(4) {
            return Value::Null;
        }
        let mut rule = json!({"every": 1 + self.random.below(9), "unit": *self.random.of(&["DAY", "WEEK"])});
        if self.once_in(3) {
            rule["until"] = json!(self.day());
        }
        rule
    }

    /// A mistake now and then: a field of a form that it cannot have.
    fn spoil(&mut self, body: &mut Body, fields: &[&str]) {
        if self.once_in(25) {
            let field = *self.random.of(fields);
            body.0.insert(field.to_owned(), json!(WRONG));
        }
    }

    /// The version of the record in `If-Match` now and then, seldom a wrong one.
    fn tag(&mut self, version: Option<u64>) -> Option<u64> {
        match (self.random.below(10), version) {
            (0..=1, Some(version)) => Some(version),
            (2, Some(version)) => Some(version + 1),
            (3, Some(version)) => Some(version.saturating_sub(1)),
            _ => None,
        }
    }

    fn allow_duplicate(&mut self) -> Vec<(&'static str, String)> {
        match self.random.below(6) {
            0..=1 => vec![("allowDuplicate", "true".to_owned())],
            2 => vec![("allowDuplicate", "false".to_owned())],
            _ => Vec::new(),
        }
    }

    /// How a list is cut into pages.
    fn limit(&mut self) -> (&'static str, String) {
        ("limit", self.random.of(&["2", "3", "7", "20", "100"]).to_string())
    }

    /// The next call: seldom one that is turned away.
    fn next_call(&mut self) -> Call {
        loop {
            let call = self.any_call();
            if !self.world.is_undecided(&call) && (!self.world.is_turned_away(&call) || self.once_in(5)) {
                return call;
            }
        }
    }

    /// A call.
    fn any_call(&mut self) -> Call {
        use Act::*;
        const WEIGHTS: [(Act, usize); 23] = [
            (CreateLead, 14),
            (ListLeads, 7),
            (GetLead, 4),
            (UpdateLead, 8),
            (DeleteLead, 4),
            (MoveLead, 8),
            (AssignLead, 5),
            (ConvertLead, 7),
            (GetCustomer, 3),
            (UpdateCustomer, 1),
            (DeleteCustomer, 1),
            (AssignCustomer, 2),
            (CreateFollowUp, 13),
            (ListFollowUps, 6),
            (GetFollowUp, 3),
            (UpdateFollowUp, 8),
            (DeleteFollowUp, 2),
            (CreateTask, 12),
            (ListTasks, 7),
            (GetTask, 3),
            (UpdateTask, 7),
            (MoveTask, 7),
            (DeleteTask, 2),
        ];
        let mut at = self.random.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        let mut chosen = CreateLead;
        for (act, weight) in WEIGHTS {
            if at < weight {
                chosen = act;
                break;
            }
            at -= weight;
        }
        let who = *self.random.of(&[0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, CALLERS - 1]);
        let mut call = Call { who, act: chosen, id: String::new(), query: Vec::new(), body: Map::new(), tag: None };
        let body = match chosen {
            CreateLead | ListLeads | GetLead | UpdateLead | DeleteLead | MoveLead | AssignLead | ConvertLead => self.about_lead(&mut call),
            GetCustomer | UpdateCustomer | DeleteCustomer | AssignCustomer => self.about_customer(&mut call),
            CreateFollowUp | ListFollowUps | GetFollowUp | UpdateFollowUp | DeleteFollowUp => self.about_follow_up(&mut call),
            CreateTask | ListTasks | GetTask | UpdateTask | MoveTask | DeleteTask => self.about_task(&mut call),
        };
        call.body = body.0;
        call
    }

    fn about_lead(&mut self, call: &mut Call) -> Body {
        if !matches!(call.act, Act::CreateLead | Act::ListLeads) {
            let ids = if matches!(call.act, Act::ConvertLead | Act::DeleteLead) && self.once_in(2) {
                self.world.leads_with_work()
            } else {
                self.lead_ids()
            };
            call.id = self.id(&ids);
            let version = self.world.leads.get(&call.id).map(|lead| lead.version);
            call.tag = if call.act == Act::GetLead { None } else { self.tag(version) };
        }
        let mut body = Body::default();
        match call.act {
            Act::CreateLead => {
                call.query = self.allow_duplicate();
                if !self.once_in(3) {
                    body = body.with("title", self.word());
                }
                body = self.contact(body, 2);
                if self.once_in(2) {
                    body = body.with("ownerId", self.owner());
                }
                self.spoil(&mut body, &["email", "phone", "ownerId"]);
            }
            Act::ListLeads => {
                if self.once_in(2) {
                    let status = *self.random.of(&["NEW", "CONTACTED", "IN_PROGRESS", "QUALIFIED", "CONVERTED", "CLOSED"]);
                    call.query.push(("status", status.to_owned()));
                }
                if self.once_in(3) {
                    let owner = self.person();
                    call.query.push(("ownerId", self.random.of(&["me".to_owned(), "none".to_owned(), owner]).clone()));
                }
                if self.once_in(4) {
                    call.query.push(("archived", self.random.of(&["true", "true", "false"]).to_string()));
                }
                if self.once_in(3) {
                    call.query.push(("sort", self.random.of(&["createdAt", "-createdAt"]).to_string()));
                }
                let limit = self.limit();
                call.query.push(limit);
                self.spoil_query(call, "status");
            }
            Act::UpdateLead => {
                call.query = self.allow_duplicate();
                if self.once_in(3) {
                    body = body.with("title", self.word_or_null());
                }
                body = self.contact(body, 4);
                if self.once_in(3) {
                    body = body.with("archived", self.random.below(4) == 0);
                }
                self.spoil(&mut body, &["email", "phone", "archived"]);
            }
            Act::DeleteLead => match self.random.below(6) {
                0..=1 => call.query.push(("hard", "true".to_owned())),
                2 => call.query.push(("hard", "false".to_owned())),
                _ => {}
            },
            Act::MoveLead => {
                call.query = self.allow_duplicate();
                let status = *self.random.of(&["NEW", "CONTACTED", "IN_PROGRESS", "IN_PROGRESS", "QUALIFIED", "CLOSED", "CONVERTED"]);
                if !self.once_in(30) {
                    body = body.with("status", status);
                }
                if self.once_in(if status == "CLOSED" { 2 } else { 20 }) {
                    body = body.with("closeReason", *self.random.of(&["WON", "LOST_PRICE", "OTHER"])).with("closeNote", self.word());
                }
                self.spoil(&mut body, &["status", "closeReason"]);
            }
            Act::AssignLead => {
                if !self.once_in(20) {
                    body = body.with("ownerId", self.owner());
                }
                self.spoil(&mut body, &["ownerId"]);
            }
            Act::ConvertLead => {
                call.query = self.allow_duplicate();
                if self.once_in(2) {
                    let customers = self.customer_ids();
                    body = body.with("customerId", self.reference(&customers));
                }
                self.spoil(&mut body, &["customerId"]);
            }
            _ => {}
        }
        body
    }

    /// Names and contact data, each once in so many times.
    fn contact(&mut self, mut body: Body, odds: usize) -> Body {
        for name in ["firstName", "lastName", "company", "description"] {
            if self.once_in(odds) {
                body = body.with(name, self.word_or_null());
            }
        }
        if self.once_in(odds) {
            body = body.with("email", self.some_email());
        }
        if self.once_in(odds) {
            body = body.with("phone", self.some_phone());
        }
        body
    }

    fn spoil_query(&mut self, call: &mut Call, name: &'static str) {
        if self.once_in(30) {
            call.query.retain(|(known, _)| *known != name);
            call.query.push((name, WRONG.to_owned()));
        }
    }

    fn about_customer(&mut self, call: &mut Call) -> Body {
        let ids = self.customer_ids();
        call.id = self.id(&ids);
        let version = self.world.customers.get(&call.id).map(|customer| customer.version);
        call.tag = if call.act == Act::GetCustomer { None } else { self.tag(version) };
        let mut body = Body::default();
        match call.act {
            Act::UpdateCustomer => {
                call.query = self.allow_duplicate();
                body = body.with("archived", false);
                if self.once_in(2) {
                    body = body.with("email", self.some_email());
                }
            }
            Act::AssignCustomer if !self.once_in(20) => body = body.with("ownerId", self.owner()),
            _ => {}
        }
        body
    }

    /// Names a lead or a customer in a body or a query.
    fn parent(&mut self) -> Vec<(&'static str, String)> {
        let (leads, customers) = (self.lead_ids(), self.customer_ids());
        match self.random.below(12) {
            0..=6 => vec![("leadId", self.reference(&leads))],
            7..=10 => vec![("customerId", self.reference(&customers))],
            _ => vec![("leadId", self.reference(&leads)), ("customerId", self.reference(&customers))],
        }
    }

    /// The filters that lists of follow-ups and of tasks have in common.
    fn due_filters(&mut self, call: &mut Call, person: &'static str, statuses: &[&str]) {
        if self.once_in(3) {
            call.query.extend(self.parent());
        }
        if self.once_in(3) {
            let owner = self.person();
            call.query.push((person, self.random.of(&["me".to_owned(), owner]).clone()));
        }
        if self.once_in(3) {
            call.query.push(("status", (*self.random.of(statuses)).to_owned()));
        }
        if self.once_in(2) {
            let day = self.day();
            let due = match self.random.below(5) {
                0 => "overdue".to_owned(),
                1 => "today".to_owned(),
                2 => "soon".to_owned(),
                3 => format!("before:{day}"),
                _ => format!("after:{day}"),
            };
            call.query.push(("due", due));
        }
        if self.once_in(3) {
            call.query.push(("sort", self.random.of(&["dueAt", "-dueAt"]).to_string()));
        }
        let limit = self.limit();
        call.query.push(limit);
        self.spoil_query(call, "due");
    }

    fn about_follow_up(&mut self, call: &mut Call) -> Body {
        if !matches!(call.act, Act::CreateFollowUp | Act::ListFollowUps) {
            let ids = self.follow_up_ids();
            call.id = self.id(&ids);
            let version = self.world.follow_ups.get(&call.id).map(|follow_up| follow_up.version);
            call.tag = if call.act == Act::GetFollowUp { None } else { self.tag(version) };
        }
        let mut body = Body::default();
        match call.act {
            Act::CreateFollowUp => {
                if !self.once_in(20) {
                    for (name, id) in self.parent() {
                        body = body.with(name, id);
                    }
                }
                if !self.once_in(30) {
                    body = body.with("dueAt", self.date());
                }
                if self.once_in(2) {
                    body = body.with("notes", self.word());
                }
                if self.once_in(3) {
                    body = body.with("assigneeId", self.person());
                }
                self.spoil(&mut body, &["dueAt", "leadId", "assigneeId"]);
            }
            Act::ListFollowUps => self.due_filters(call, "assigneeId", &["PENDING", "PENDING", "COMPLETED", "CANCELLED"]),
            Act::UpdateFollowUp => {
                if self.once_in(2) {
                    body = body.with("status", *self.random.of(&["PENDING", "COMPLETED", "CANCELLED"]));
                }
                if self.once_in(3) {
                    body = body.with("dueAt", self.date());
                }
                if self.once_in(3) {
                    body = body.with("notes", self.word_or_null());
                }
                if self.once_in(4) {
                    body = body.with("assigneeId", self.person());
                }
                if self.once_in(30) {
                    let field = *self.random.of(&["status", "dueAt", "assigneeId"]);
                    body = body.with(field, Value::Null);
                }
                self.spoil(&mut body, &["status", "dueAt", "assigneeId"]);
            }
            _ => {}
        }
        body
    }

    fn about_task(&mut self, call: &mut Call) -> Body {
        if !matches!(call.act, Act::CreateTask | Act::ListTasks) {
            let ids = self.task_ids();
            call.id = self.id(&ids);
            let version = self.world.tasks.get(&call.id).map(|task| task.version);
            call.tag = if call.act == Act::GetTask { None } else { self.tag(version) };
        }
        let mut body = Body::default();
        match call.act {
            Act::CreateTask => {
                if !self.once_in(30) {
                    body = body.with("title", self.word());
                }
                if self.once_in(4) {
                    body = body.with("status", *self.random.of(&["TODO", "IN_PROGRESS", "DONE", "CANCELLED"]));
                }
                if self.once_in(3) {
                    body = body.with("ownerId", self.person());
                }
                body = self.of_task(body, 2);
                self.spoil(&mut body, &["dueAt", "status", "leadId", "ownerId", "priority", "recurrence"]);
            }
            Act::ListTasks => self.due_filters(call, "ownerId", &["open", "open", "TODO", "IN_PROGRESS", "DONE", "CANCELLED"]),
            Act::UpdateTask => {
                if self.once_in(3) {
                    body = body.with("title", self.word());
                }
                if self.once_in(4) {
                    body = body.with("ownerId", self.person());
                }
                body = self.of_task(body, 4);
                for name in ["leadId", "customerId"] {
                    if self.once_in(12) {
                        body = body.with(name, Value::Null);
                    }
                }
                if self.once_in(30) {
                    let field = *self.random.of(&["title", "priority", "ownerId"]);
                    body = body.with(field, Value::Null);
                }
                self.spoil(&mut body, &["dueAt", "leadId", "ownerId", "priority", "recurrence"]);
            }
            Act::MoveTask => {
                if !self.once_in(30) {
                    body = body.with("status", *self.random.of(&["TODO", "IN_PROGRESS", "DONE", "CANCELLED"]));
                }
                self.spoil(&mut body, &["status"]);
            }
            _ => {}
        }
        body
    }

    /// The fields that a task may have, each once in so many times.
    fn of_task(&mut self, mut body: Body, odds: usize) -> Body {
        if self.once_in(odds) {
            for (name, id) in self.parent() {
                body = body.with(name, id);
            }
        }
        if self.once_in(odds) {
            let due = if self.once_in(6) { Value::Null } else { json!(self.date()) };
            body = body.with("dueAt", due);
        }
        if self.once_in(odds * 2) {
            body = body.with("priority", *self.random.of(&["LOW", "NORMAL", "HIGH"]));
        }
        if self.once_in(odds * 2) {
            body = body.with("description", self.word_or_null());
        }
        if self.once_in(odds * 3) {
            body = body.with("recurrence", self.recurrence());
        }
        if self.once_in(30) {
            body = body.with("projectId", NEVER);
        }
        body
    }
}

/// One seed from its beginning to its end; gives how many calls were predicted.
async fn run(seed: u64) -> usize {
    let mut run = Run::start(seed).await;
    let mut calls = 0;
    while calls < CALLS {
        let call = run.next_call();
        run.call(&call).await;
        calls += 1;
    }
    run.recount().await;
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_about_leads_follow_ups_and_tasks_are_those_of_a_plain_model() {
    let seeds = seeds(1, SEEDS);
    let running: Vec<_> = seeds.into_iter().map(|seed| tokio::spawn(run(seed))).collect();
    let mut calls = 0;
    for run in running {
        calls += run.await.expect("the run of a seed");
    }
    assert!(calls >= CALLS, "{calls} calls");
}
