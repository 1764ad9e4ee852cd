//! Per request: round trips (P5), capacity (P6), cost (P9).

use crate::Failure;
use crate::crm::{Crm, Person, Reply, text};
use crate::report::Report;
use crate::samples::Samples;
use crate::selling;
use domain::customer::Customer;
use domain::text::TextValue;
use domain::{CustomerId, Entity};
use serde_json::{Value, json};
use workers::{Worker, projector, relay};

/// How many records of a kind each reach has at least: a page and one more.
pub const EACH: u32 = 21;
/// Read units of a page in one partition.
pub const PAGE: f64 = 8.0;
/// Write units of the rows by which a created customer is found: words, values and orders.
const DERIVED: f64 = 20.0;
/// Write units of the figures that a created customer adds to, where ten are counted together: a mark of its own, and its part of those
/// that move.
const FIGURES: f64 = 3.0;
/// Read units of a dashboard for each team, the feed left out.
const TEAM: f64 = 4.0;
/// Read units of the caller's sign-in state.
pub const SIGN_IN: f64 = 1.0;

/// A CRM and those who ask it.
pub struct Stage {
    /// The CRM.
    pub crm: Crm,
    /// Reaches everything.
    pub admin: Person,
    /// Reaches the team.
    pub manager: Person,
    /// Reaches own records; in the manager's team.
    pub rep: Person,
}

/// What a request may take; where nothing is said, it is shown beside the others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Targets {
    /// Round trips.
    pub trips: Option<u64>,
    /// Read units of a request that writes nothing.
    pub read: Option<f64>,
    /// Write units.
    pub write: Option<f64>,
    /// US dollars for a million.
    pub cost: Option<f64>,
}

/// Measures and reports.
pub async fn measure(report: &mut Report) -> Result<(), Failure> {
    let stage = Stage::open().await?;
    people(report, &stage).await?;
    let customer = customers(report, &stage).await?;
    selling::measure(report, &stage, &customer).await
}

async fn people(report: &mut Report, stage: &Stage) -> Result<(), Failure> {
    let one_trip = Targets { trips: Some(1), ..Targets::default() };
    let manager = format!("/users/{}", stage.manager.id);
    for (what, target) in [("get_user", &*manager), ("list_users", "/users"), ("list_teams", "/teams")] {
        judge(report, what, &stage.get(target).await?, one_trip);
    }
    Ok(())
}

/// The requests of customers; a customer with everything beside it.
async fn customers(report: &mut Report, stage: &Stage) -> Result<String, Failure> {
    let samples = Samples::new(&stage.crm, &stage.manager).await?;
    let mut id = String::new();
    for number in 1..=EACH {
        let mut body = samples.body(number);
        body["ownerId"] = json!(stage.rep.id);
        id = stage.make("/customers", &body).await?;
    }
    let customer_id = CustomerId::read(&id).map_err(|invalid| invalid.message)?;
    stage.crm.embedded.app().unscoped().refind::<Customer>(customer_id, None).await?;
    selling::surround(stage, "customerId", &id).await?;

    let one = format!("/customers/{id}");
    // What the levels are called is read once in ten seconds, and not by these.
    stage.get(&one).await?;
    let get = stage.get(&one).await?;
    judge(report, "get_customer with notes, follow-up and counts", &get, Targets { cost: Some(1.70), ..DETAIL });
    let list = stage.page(&stage.manager, "/customers").await?;
    let targets = Targets { trips: Some(1), read: Some(2.0 * PAGE + SIGN_IN), cost: Some(2.60), ..Targets::default() };
    judge(report, "list of 20 customers, reach team and pool", &list, targets);
    lists(report, stage, "customers").await?;
    let found = stage.get("/customers?q=analytical").await?;
    judge(report, "list_customers by words (words, then records)", &found, Targets::default());

    stage.get(&one).await?;
    let create = stage.ask("POST", "/customers", Some(&samples.body(EACH + 1)), None).await?;
    judge(report, "create_customer", &create, Targets { cost: Some(14.50), ..CREATE });
    let keyed = samples.body(EACH + 2);
    stage.ask("POST", "/customers", Some(&keyed), Some("again")).await?;
    let again = stage.ask("POST", "/customers", Some(&keyed), Some("again")).await?;
    judge(report, "create_customer under a key used before", &again, Targets { trips: Some(3), ..Targets::default() });
    let change = stage.ask("PATCH", &one, Some(&json!({"firstName": "Ada"})), None).await?;
    judge(report, "update_customer, one field", &change, Targets { trips: Some(2), ..Targets::default() });
    behind(report, stage, "create_customer", "CUSTOMER", &create).await?;
    derived(report, stage, &samples).await?;
    dashboards(report, stage).await?;
    shard(report, stage, &samples).await?;
    Ok(id)
}

/// What is derived of customers that were just made: rows by which each is found, and figures, which those of a batch share.
async fn derived(report: &mut Report, stage: &Stage, samples: &Samples) -> Result<(), Failure> {
    let mut number = EACH + 10;
    for together in [1, 10, 40] {
        let mut ids = Vec::new();
        for _ in 0..together {
            number += 1;
            let mut body = samples.body(number);
            body["ownerId"] = json!(stage.rep.id);
            let id = stage.make("/customers", &body).await?;
            ids.push(CustomerId::read(&id).map_err(|invalid| invalid.message)?);
        }
        let [rows, figures] = [(); 2].map(|()| stage.crm.embedded.worker_app(&projector::WORKER));
        for id in &ids {
            rows.unscoped().refind::<Customer>(*id, None).await?;
        }
        let keys: Vec<store::Key> = ids.iter().map(|id| store::keys::record(Customer::KIND, id)).collect();
        figures.count_figures(&keys).await?;
        let each = |app: &edge::App| app.usage().write / f64::from(together);
        let (found, figures) = (each(&rows), each(&figures));
        let what = format!("of each create_customer in batches of {together}");
        report.shown("P12", format!("write units of what is derived {what}"), format!("{}", found + figures));
        report.firm("P12", format!("write units of what it is found by {what}"), found.to_string(), format!("≤ {DERIVED}"), found <= DERIVED);
        let what = format!("write units of figures {what}");
        if together == 10 {
            report.firm("P12", what, figures.to_string(), format!("≤ {FIGURES}"), figures <= FIGURES);
        } else {
            report.shown("P12", what, figures.to_string());
        }
    }
    Ok(())
}

/// How many records a batch of the stream has.
const BATCH: u32 = 100;
/// How long a round trip to the table takes in the cloud, seconds; what else a worker does takes little beside it.
const ROUND_TRIP: f64 = 0.005;
/// How many records one shard's projector has to handle in a second: as many as one partition can take.
const A_SECOND: f64 = 1_000.0;

/// How many records of a shard the projector handles in a second, by its round trips for a batch of new customers.
async fn shard(report: &mut Report, stage: &Stage, samples: &Samples) -> Result<(), Failure> {
    let mut records = Vec::new();
    for number in 0..BATCH {
        let mut body = samples.body(1_000 + number);
        body["ownerId"] = json!(stage.rep.id);
        let id = stage.make("/customers", &body).await?;
        for item in stage.crm.items(&format!("{}#{id}", Customer::KIND), Customer::KIND).await? {
            records.push(inserted(records.len(), &item));
        }
    }
    let app = stage.crm.probed();
    stage.crm.passed();
    (projector::WORKER.handle)(&app, json!({"Records": records})).await?;
    let trips = stage.crm.passed().trips;
    let rate = f64::from(BATCH) / (ROUND_TRIP * trips as f64);
    let what = format!("records a second of one shard's projector at 5 ms a round trip, {BATCH} new customers");
    report.firm("P11", what, format!("{rate:.0} ({trips} trips)"), format!("≥ {A_SECOND}"), rate >= A_SECOND);
    Ok(())
}

/// Both dashboards: at most so many units for each team, beside the caller's feed.
async fn dashboards(report: &mut Report, stage: &Stage) -> Result<(), Failure> {
    for (reach, person, teams) in [("team", &stage.manager, 1.0), ("all", &stage.admin, 2.0)] {
        // With the caller's sign-in state.
        let feed = stage.ask_as(person, "GET", "/feed", None, None).await?.line.read;
        let reply = stage.ask_as(person, "GET", "/dashboard", None, None).await?;
        if reply.body["data"]["totals"]["customers"].as_i64().unwrap_or(0) < 40 {
            return Err(format!("GET /dashboard: {}", reply.body).into());
        }
        judge(report, &format!("get_dashboard, reach {reach}"), &reply, Targets { read: Some(TEAM * teams + feed), ..Targets::default() });
    }
    let own = stage.ask_as(&stage.rep, "GET", "/dashboard/me", None, None).await?;
    judge(report, "get_own_dashboard", &own, Targets { trips: Some(1), read: Some(TEAM + SIGN_IN), ..Targets::default() });
    Ok(())
}

/// What a record with everything beside it may take.
pub const DETAIL: Targets = Targets { trips: Some(2), read: Some(3.0), write: None, cost: None };
/// What a create may take.
pub const CREATE: Targets = Targets { trips: Some(2), read: None, write: Some(20.0), cost: None };

/// A page for who reaches their own records, and for who reaches everything: one partition each. The
/// limit holds for each partition; the caller's sign-in state comes on top.
pub async fn lists(report: &mut Report, stage: &Stage, path: &str) -> Result<(), Failure> {
    let targets = Targets { trips: Some(1), read: Some(PAGE + SIGN_IN), ..Targets::default() };
    for (reach, person) in [("own", &stage.rep), ("all", &stage.admin)] {
        let reply = stage.page(person, &format!("/{path}")).await?;
        judge(report, &format!("list of 20 {path}, reach {reach}"), &reply, targets);
    }
    Ok(())
}

impl Stage {
    async fn open() -> Result<Self, Failure> {
        let crm = Crm::start().await?;
        let admin = crm.admin().await?;
        let team = crm.team(&admin, "North").await?;
        let manager = crm.person(&admin, "manager", "MANAGER", &team).await?;
        let rep = crm.person(&admin, "rep", "SALES_REP", &team).await?;
        Ok(Self { crm, admin, manager, rep })
    }

    /// Makes a record as the manager; its id.
    pub async fn make(&self, path: &str, body: &Value) -> Result<String, Failure> {
        Ok(text(&self.crm.send("POST", path, &self.manager.token, Some(body)).await?.body["data"]["id"]))
    }

    /// What the log says of a GET by the manager.
    pub async fn get(&self, target: &str) -> Result<Reply, Failure> {
        self.ask("GET", target, None, None).await
    }

    /// What the log says of a page, which has to be full.
    pub async fn page(&self, person: &Person, target: &str) -> Result<Reply, Failure> {
        let reply = self.ask_as(person, "GET", target, None, None).await?;
        let found = reply.body["data"].as_array().map_or(0, Vec::len);
        if found == 20 { Ok(reply) } else { Err(format!("GET {target}: {found} records, not a page of 20").into()) }
    }

    /// What the log says of a request by the manager.
    pub async fn ask(&self, method: &str, target: &str, body: Option<&Value>, key: Option<&str>) -> Result<Reply, Failure> {
        self.ask_as(&self.manager, method, target, body, key).await
    }

    /// What the log says of a request. The grants of the caller's role are in memory then, as they are
    /// for all requests but one in ten seconds.
    async fn ask_as(&self, person: &Person, method: &str, target: &str, body: Option<&Value>, key: Option<&str>) -> Result<Reply, Failure> {
        self.crm.get("/teams", person).await?;
        let reply = self.crm.ask(method, target, &person.token, body, key).await?;
        if reply.status < 300 { Ok(reply) } else { Err(format!("{method} {target}: {} {}", reply.status, reply.body).into()) }
    }
}

/// Reports what a request took.
pub fn judge(report: &mut Report, what: &str, reply: &Reply, targets: Targets) {
    let (trips, line) = (reply.passed.trips, reply.line);
    row(report, "P5", format!("round trips: {what}"), trips.to_string(), targets.trips.map(|target| (target.to_string(), trips <= target)));
    let (kind, units, beside, target) = if line.write == 0.0 {
        ("read", line.read, String::new(), targets.read)
    } else {
        ("write", line.write, format!(" and {} read", line.read), targets.write)
    };
    row(report, "P6", format!("{kind} units: {what}"), format!("{units}{beside}"), target.map(|target| (target.to_string(), units <= target)));
    let usd = cost(reply);
    let what = format!("USD per million: {what} ({} B logged)", line.bytes);
    row(report, "P9", what, format!("{usd:.2}"), targets.cost.map(|target| (format!("{target:.2}"), usd <= target)));
}

/// A figure that has to be at most its target, or has none.
fn row(report: &mut Report, id: &'static str, what: String, measured: String, target: Option<(String, bool)>) {
    match target {
        Some((target, met)) => report.firm(id, what, measured, format!("≤ {target}"), met),
        None => report.shown(id, what, measured),
    }
}

/// Reports what the stream workers spend on a record that was just made.
pub async fn behind(report: &mut Report, stage: &Stage, route: &str, kind: &str, made: &Reply) -> Result<(), Failure> {
    let pk = format!("{kind}#{}", text(&made.body["data"]["id"]));
    for (worker, sort) in [(&projector::WORKER, kind), (&relay::WORKER, "EVENT#")] {
        let usage = spent(&stage.crm, worker, &stage.crm.items(&pk, sort).await?).await?;
        let spent = format!("{} read, {} write units, {} calls", usage.read, usage.write, usage.calls);
        report.shown("P6", format!("beside each {route}: {}", worker.name), spent);
    }
    Ok(())
}

/// What a worker spends when these items are new.
async fn spent(crm: &Crm, worker: &Worker, items: &[Value]) -> Result<store::Usage, Failure> {
    let app = crm.embedded.worker_app(worker);
    for (index, item) in items.iter().enumerate() {
        (worker.handle)(&app, json!({"Records": [inserted(index, item)]})).await?;
    }
    Ok(app.usage())
}

/// What the stream says of a new item.
fn inserted(number: usize, item: &Value) -> Value {
    let change = json!({"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item, "SequenceNumber": number.to_string(), "SizeBytes": 1});
    json!({"eventID": number.to_string(), "eventName": "INSERT", "awsRegion": "local", "dynamodb": change})
}

/// USD for a million of these requests: HTTP API and Lambda calls, Lambda's time at 256 MB with 2 ms
/// and 4 ms per round trip, table, log.
fn cost(reply: &Reply) -> f64 {
    let gigabyte_seconds = 0.25 * (0.002 + 0.004 * reply.passed.trips as f64);
    let logged = reply.line.bytes as f64 / 1024.0;
    1.20 + 13.3334 * gigabyte_seconds + 0.125 * reply.line.read + 0.625 * reply.line.write + 0.50 * logged
}
