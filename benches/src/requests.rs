//! Per request: round trips (P5), capacity (P6), cost (P9).

use crate::Failure;
use crate::crm::{Crm, Person, Reply, text};
use crate::report::Report;
use crate::samples::Samples;
use domain::CustomerId;
use domain::customer::Customer;
use domain::input::TextValue;
use serde_json::{Value, json};
use workers::{Worker, projector, relay};

/// How many customers each reach has at least: a page and one more.
const EACH: u32 = 21;

/// Measures and reports.
pub async fn measure(report: &mut Report) -> Result<(), Failure> {
    let crm = Crm::start().await?;
    let admin = crm.admin().await?;
    let team = crm.team(&admin, "North").await?;
    let manager = crm.person(&admin, "manager", "MANAGER", &team).await?;
    let rep = crm.person(&admin, "rep", "SALES_REP", &team).await?;
    let samples = Samples::new(&crm, &manager).await?;
    let mut id = String::new();
    for number in 1..=EACH {
        let mut body = samples.body(number);
        body["ownerId"] = json!(rep.id);
        id = text(&crm.send("POST", "/customers", &manager.token, Some(&body)).await?.body["data"]["id"]);
    }
    let customer_id = CustomerId::read(&id).map_err(|invalid| invalid.message)?;
    crm.embedded.all_ports().store.reindex::<Customer>(customer_id).await?;

    let asker = Asker { crm: &crm, person: &manager };
    let one = format!("/customers/{id}");
    let get = asker.ask("GET", &one, None, None).await?;
    let list = asker.ask("GET", "/customers", None, None).await?;
    let body = samples.body(EACH + 1);
    let create = asker.ask("POST", "/customers", Some(&body), None).await?;
    let keyed = samples.body(EACH + 2);
    asker.ask("POST", "/customers", Some(&keyed), Some("again")).await?;
    let again = asker.ask("POST", "/customers", Some(&keyed), Some("again")).await?;
    let change = asker.ask("PATCH", &one, Some(&json!({"firstName": "Ada"})), None).await?;
    let found = asker.ask("GET", "/customers?q=analytical", None, None).await?;

    let mut trips = |what: &str, reply: &Reply, target: u64| {
        report.firm("P5", format!("round trips: {what}"), reply.passed.trips.to_string(), format!("≤ {target}"), reply.passed.trips <= target);
    };
    trips("get_customer", &get, 1);
    trips("get_user", &asker.ask("GET", &format!("/users/{}", manager.id), None, None).await?, 1);
    trips("list_customers", &list, 1);
    trips("list_users", &asker.ask("GET", "/users", None, None).await?, 1);
    trips("list_teams", &asker.ask("GET", "/teams", None, None).await?, 1);
    trips("create_customer", &create, 2);
    trips("update_customer", &change, 2);
    trips("create_customer under a key used before", &again, 3);
    report.shown("P5", "round trips: list_customers by words (words, then records)", found.passed.trips.to_string());

    let mut reads = |what: &str, reply: &Reply, target: f64| {
        report.firm(
            "P6",
            format!("read units: {what}"),
            reply.line.read.to_string(),
            format!("≤ {target}"),
            reply.line.read <= target && reply.line.write == 0.0,
        );
    };
    reads("get_customer", &get, 1.5);
    // The limit holds for each partition of the scope; the caller's sign-in state comes on top.
    for (reach, person, partitions) in [("own", &rep, 1.0), ("team and pool", &manager, 2.0), ("all", &admin, 1.0)] {
        let reply = Asker { crm: &crm, person }.ask("GET", "/customers", None, None).await?;
        reads(&format!("list of 20 customers, reach {reach}"), &reply, 8.0 * partitions + 1.0);
    }
    report.firm("P6", "write units: create_customer", create.line.write.to_string(), "≤ 20", create.line.write <= 20.0);
    report.shown("P6", "read units: create_customer", create.line.read.to_string());
    report.shown("P6", "write units: update_customer, one field", change.line.write.to_string());
    for worker in [&projector::WORKER, &relay::WORKER] {
        report.shown("P6", format!("beside each create: {}", worker.name), behind(&crm, worker, &asker, &samples).await?);
    }

    for (what, reply, target) in [("get_customer", &get, 1.70), ("list_customers", &list, 2.60), ("create_customer", &create, 14.50)] {
        let usd = cost(reply);
        report.firm(
            "P9",
            format!("USD per million: {what} ({} B logged)", reply.line.bytes),
            format!("{usd:.2}"),
            format!("≤ {target:.2}"),
            usd <= target,
        );
    }
    Ok(())
}

/// Someone asking.
struct Asker<'a> {
    crm: &'a Crm,
    person: &'a Person,
}

impl Asker<'_> {
    /// What the log says of a request. The grants of the caller's role are in memory then, as they are
    /// for all requests but one in ten seconds.
    async fn ask(&self, method: &str, target: &str, body: Option<&Value>, key: Option<&str>) -> Result<Reply, Failure> {
        self.crm.get("/teams", self.person).await?;
        let reply = self.crm.ask(method, target, &self.person.token, body, key).await?;
        if reply.status < 300 { Ok(reply) } else { Err(format!("{method} {target}: {} {}", reply.status, reply.body).into()) }
    }
}

/// What a stream worker spends on a new customer.
async fn behind(crm: &Crm, worker: &Worker, asker: &Asker<'_>, samples: &Samples) -> Result<String, Failure> {
    let number = 1000 + worker.name.len() as u32;
    let made = crm.send("POST", "/customers", &asker.person.token, Some(&samples.body(number))).await?;
    let pk = format!("CUSTOMER#{}", text(&made.body["data"]["id"]));
    let sort = if worker.name == "relay" { "EVENT#" } else { "CUSTOMER" };
    let ports = crm.embedded.ports(worker);
    for (index, item) in crm.items(&pk, sort).await?.iter().enumerate() {
        let change = json!({"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item, "SequenceNumber": index.to_string()});
        let record = json!({"eventID": index.to_string(), "eventName": "INSERT", "dynamodb": change});
        (worker.handle)(&ports, json!({"Records": [record]})).await?;
    }
    let usage = ports.store.meter().usage();
    Ok(format!("{} read, {} write units, {} calls", usage.read, usage.write, usage.calls))
}

/// USD for a million of these requests: HTTP API and Lambda calls, Lambda's time at 256 MB with 2 ms
/// and 4 ms per round trip, table, log.
fn cost(reply: &Reply) -> f64 {
    let gigabyte_seconds = 0.25 * (0.002 + 0.004 * reply.passed.trips as f64);
    let logged = reply.line.bytes as f64 / 1024.0;
    1.20 + 13.3334 * gigabyte_seconds + 0.125 * reply.line.read + 0.625 * reply.line.write + 0.50 * logged
}
