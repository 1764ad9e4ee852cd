//! The functions as they are deployed: start (P1), memory (P2), size (P3), CPU per request (P4).

use crate::Failure;
use crate::crm::{Crm, Person, event, text};
use crate::lambda::Function;
use crate::report::Report;
use crate::samples::Samples;
use local::TABLE;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use store::keys;
use tokio::net::TcpListener;

/// Customers in the table that requests are sent to.
const CUSTOMERS: u32 = 100;
/// How often the function and the bare handler take turns, and how many requests a turn has.
const TURNS: usize = 9;
const REQUESTS: u32 = 100;
/// Requests before memory is looked at again.
const SERVED: u32 = 1_000;

/// Measures and reports what the binaries in this folder do.
pub async fn measure(report: &mut Report, binaries: &Path) -> Result<(), Failure> {
    start(report, binaries).await?;
    let bench = Bench::open(binaries).await?;
    memory(report, &bench).await?;
    size(report, binaries)?;
    cpu(report, &bench).await
}

/// Every binary with the handlers it can be.
pub fn functions() -> Vec<(&'static str, Vec<&'static str>)> {
    let routes = local::routes().into_iter().map(|(name, routes)| {
        let nowhere = (name == "docs").then_some(docs::unknown::NAME);
        (name, routes.iter().map(|route| route.name).chain(nowhere).collect())
    });
    let workers = workers::WORKERS.chunk_by(|one, next| one.binary() == next.binary());
    let workers = workers.map(|workers| (workers[0].binary(), workers.iter().map(|worker| worker.name).collect()));
    routes.chain(workers).collect()
}

/// What is in a function's environment beside what Lambda puts there.
fn settings() -> Vec<(&'static str, String)> {
    let settings = [
        ("TABLE_NAME", TABLE),
        ("SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm"),
        ("LINKS_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:links"),
        ("BUS_NAME", "crm"),
        ("UNDELIVERED_BUCKET", "crm-undelivered"),
        ("MESSAGES_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/messages"),
        ("WORK_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/work"),
        (aws::partition::SUFFIX, "amazonaws.com"),
        (aws::partition::FILE, aws::partition::PLACE),
    ];
    settings.map(|(name, value)| (name, value.to_owned())).to_vec()
}

async fn start(report: &mut Report, binaries: &Path) -> Result<(), Failure> {
    let hello = Function::instructions_to_first_poll(&binaries.join("hello"), "hello", &[]).await?;
    report.shown("P1", "instructions to the first poll: hello world on lambda_runtime", format!("{} k", hello / 1000));
    let mut variables = settings();
    variables.push(("WARM_UP", "off".to_owned()));
    for (binary, handlers) in functions() {
        let mut most = (0, "");
        for handler in handlers {
            most = most.max((Function::instructions_to_first_poll(&binaries.join(binary), handler, &variables).await?, handler));
        }
        let ratio = most.0 as f64 / hello as f64;
        report.firm("P1", format!("{binary}, most for {}", most.1), format!("{ratio:.2}× ({} k)", most.0 / 1000), "≤ 2.5×", ratio <= 2.5);
    }
    Ok(())
}

fn size(report: &mut Report, binaries: &Path) -> Result<(), Failure> {
    for (binary, _) in functions() {
        let path = binaries.join(binary);
        let (plain, zipped) = (std::fs::metadata(&path)?.len() as f64 / 1e6, deflated(&path)? as f64 / 1e6);
        let met = plain <= 8.0 && zipped <= 3.2;
        report.firm("P3", format!("{binary}: stripped / zipped"), format!("{plain:.2} / {zipped:.2} MB"), "≤ 8 / 3.2 MB", met);
    }
    Ok(())
}

/// The size of a file in a zip, whose method is gzip's.
fn deflated(path: &Path) -> Result<usize, Failure> {
    Ok(Command::new("gzip").arg("-c").arg(path).output()?.stdout.len())
}

/// A table that functions reach over HTTP, and people and customers in it.
pub struct Bench<'a> {
    /// The CRM on the same table.
    pub crm: Crm,
    binaries: &'a Path,
    manager: Person,
    customer: String,
    samples: Samples,
    variables: Vec<(&'static str, String)>,
    _folder: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    /// For the functions in this folder.
    pub async fn open(binaries: &'a Path) -> Result<Self, Failure> {
        let crm = Crm::start().await?;
        let admin = crm.admin().await?;
        let team = crm.team(&admin, "North").await?;
        let manager = crm.person(&admin, "manager", "MANAGER", &team).await?;
        let samples = Samples::new(&crm, &manager).await?;
        let mut customer = String::new();
        for number in 1..=CUSTOMERS {
            let made = crm.send("POST", "/customers", &manager.token, Some(&samples.body(number))).await?;
            customer = text(&made.body["data"]["id"]);
        }
        let folder = tempfile::tempdir()?;
        let items = folder.path().join("items.json");
        std::fs::write(&items, written(&crm, &customer).await?.to_string())?;
        // Whoever signs in reads the secret; there is no service here that has it.
        let secret = folder.path().join("secret.json");
        std::fs::write(&secret, crm.embedded.app().secrets()?.read().await?.ok_or("there is no secret")?)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut variables = settings();
        variables.push(("SECRET_FILE", secret.to_string_lossy().into_owned()));
        variables.push(("AWS_ENDPOINT_URL", format!("http://{}", listener.local_addr()?)));
        variables.push(("BARE_USER", manager.id.clone()));
        variables.push(("BARE_TEAM", team));
        variables.push(("BARE_ITEMS", items.to_string_lossy().into_owned()));
        let table = crm.table().clone();
        tokio::spawn(async move { table.serve_http(listener, std::future::pending()).await });
        Ok(Self { crm, binaries, manager, customer, samples, variables, _folder: folder })
    }

    /// Starts a binary as this handler.
    pub async fn function(&self, binary: &str, handler: &str) -> Result<Function, Failure> {
        Function::start(&self.binaries.join(binary), handler, &self.variables).await
    }

    /// The event of a request; each number makes another one.
    pub fn event(&self, handler: &str, number: u32) -> Value {
        let token = &self.manager.token;
        match handler {
            "get_customer" => event("GET", &format!("/customers/{}", self.customer), token, None, None),
            "list_customers" => event("GET", "/customers", token, None, None),
            _ => event("POST", "/customers", token, Some(&self.samples.body(number)), None),
        }
    }
}

/// The items that the create of this customer wrote.
async fn written(crm: &Crm, customer: &str) -> Result<Value, Failure> {
    let pk = format!("CUSTOMER#{customer}");
    let record = crm.item(&pk, "CUSTOMER").await?;
    let event = crm.items(&pk, "EVENT#").await?.into_iter().next().ok_or("a create without an event")?;
    let mut markers = Vec::new();
    for (space, field) in [("EMAIL", "email"), ("PHONE", "phone")] {
        let key = keys::unique(space, &text(&record["data"]["M"][field]["S"]));
        markers.push(crm.item(&key.pk, &key.sk).await?);
    }
    Ok(json!({"record": record, "event": event, "markers": markers}))
}

async fn memory(report: &mut Report, bench: &Bench<'_>) -> Result<(), Failure> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let names = [
        ("auth", "login"),
        ("users", "list_users"),
        ("teams", "list_teams"),
        ("admin", "get_settings"),
        ("docs", "health"),
        ("workers", "projector"),
    ];
    for (binary, handler) in names {
        let ready = megabytes(bench.function(binary, handler).await?.resident()?);
        report.loose("P2", format!("{binary}, {handler}: resident when ready"), format!("{ready:.1} MB"), "≤ 12 MB", ready <= 12.0);
    }
    for handler in ["get_customer", "list_customers", "create_customer"] {
        let mut function = bench.function("customers", handler).await?;
        let ready = megabytes(function.resident()?);
        for number in 0..SERVED {
            function.call(&bench.event(handler, 100_000 + number)).await?;
        }
        let after = megabytes(function.resident()?);
        let what = format!("customers, {handler}: resident when ready / after {SERVED} requests");
        report.loose("P2", what, format!("{ready:.1} / {after:.1} MB"), "≤ 12 / 24 MB", ready <= 12.0 && after <= 24.0);
    }
    Ok(())
}

async fn cpu(report: &mut Report, bench: &Bench<'_>) -> Result<(), Failure> {
    for (handler, target) in [("get_customer", 1.5), ("list_customers", 2.0), ("create_customer", 2.0)] {
        let mut ours = bench.function("customers", handler).await?;
        let mut bare = bench.function("bare", handler).await?;
        let (mut our_turns, mut bare_turns) = (Vec::new(), Vec::new());
        let mut number = 200_000;
        for _ in 0..TURNS {
            our_turns.push(turn(bench, &mut ours, handler, &mut number).await?);
            bare_turns.push(turn(bench, &mut bare, handler, &mut number).await?);
        }
        let (our, bare) = (median(our_turns), median(bare_turns));
        let ratio = our / bare;
        let measured = format!("{ratio:.2}× ({our:.3} / {bare:.3} ms)");
        report.loose("P4", format!("CPU per warm request ÷ bare handler: {handler}"), measured, format!("≤ {target}×"), ratio <= target);
    }
    Ok(())
}

/// Milliseconds of CPU per request over one turn.
async fn turn(bench: &Bench<'_>, function: &mut Function, handler: &str, number: &mut u32) -> Result<f64, Failure> {
    let before = function.cpu()?;
    for _ in 0..REQUESTS {
        *number += 1;
        function.call(&bench.event(handler, *number)).await?;
    }
    Ok((function.cpu()? - before) as f64 / 1e6 / f64::from(REQUESTS))
}

fn median(mut turns: Vec<f64>) -> f64 {
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied().unwrap_or_default()
}
