//! The CRM under measurement: its routes on a table in this process, called with the events that API
//! Gateway sends, and what the log says of each request.

use crate::Failure;
use crate::probe::{Passed, Probe};
use application::clock::Clock;
use aws::Sdk;
use domain::password::Password;
use domain::text::TextValue;
use domain::value::Email;
use edge::{App, Config, Router};
use lambda_http::Body;
use local::adapters::Vault;
use local::{Embedded, Parts, SystemClock, TABLE, Table};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use store::Store;

/// The password of everyone.
const PASSWORD: &str = "seven otters juggle";
const ADMIN: &str = "admin@bench.test";
/// How often something is read that does not answer, and how long is waited between.
const PATIENCE: usize = 10;
const PAUSE: Duration = Duration::from_secs(2);

/// A CRM with an administrator.
pub struct Crm {
    /// The database, and the workers' applications.
    pub embedded: Embedded,
    app: App,
    router: Router,
    probe: Probe,
}

/// What a request led to.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// What the log says of it.
    pub line: Line,
    /// What went to the table.
    pub passed: Passed,
}

/// A request's line in the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
    /// Bytes, with the line's end.
    pub bytes: usize,
}

impl Line {
    fn of(text: &str) -> Self {
        let line: Value = serde_json::from_str(text).unwrap_or_default();
        let units = |name: &str| line[name].as_f64().unwrap_or_default();
        Self { read: units("rru"), write: units("wru"), bytes: text.len() + 1 }
    }
}

/// Someone who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user's id.
    pub id: String,
    /// The access token.
    pub token: String,
}

/// The last line of the log.
fn last_line() -> &'static Mutex<String> {
    static LAST: OnceLock<Mutex<String>> = OnceLock::new();
    LAST.get_or_init(|| {
        application::log::start_with(|line| *last_line().lock().unwrap_or_else(PoisonError::into_inner) = line);
        Mutex::default()
    })
}

/// A request as API Gateway describes it to a function.
pub fn event(method: &str, target: &str, token: &str, body: Option<&Value>, key: Option<&str>) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = format!("/api/v1{path}");
    let mut headers = json!({
        "accept": "application/json",
        "authorization": format!("Bearer {token}"),
        "content-type": "application/json",
        "host": "api.example.com",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(key) = key {
        headers["idempotency-key"] = key.into();
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "Mozilla/5.0"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Sep/2025:10:30:00 +0000",
            "timeEpoch": 1_756_722_600_000_u64,
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

impl Crm {
    /// An empty one in memory.
    pub async fn start() -> Result<Self, Failure> {
        Self::on(Table::memory()?).await
    }

    /// On an empty database.
    pub async fn on(table: Table) -> Result<Self, Failure> {
        last_line();
        let secrets = Vault::default();
        // Longer than any run, so nobody has to sign in again.
        let config = Config::read(|name| match name {
            "ACCESS_TTL" => Some("86400".to_owned()),
            "SEARCHES_PER_MINUTE" => Some("100000".to_owned()),
            _ => None,
        })?;
        let clock = Clock::system();
        let waiting = Arc::new(SystemClock);
        let parts = Parts { table: table.clone(), secrets: secrets.clone(), clock: clock.clone(), waiting, config: config.clone() };
        let embedded = Embedded::open(parts).await?;
        let email = Email::read(ADMIN).map_err(|invalid| invalid.message)?;
        let password = Password::new(PASSWORD).map_err(|invalid| invalid.message)?;
        workers::bootstrap::first_admin(embedded.app(), email, &password, false).await?;
        let probe = Probe::new(table.http_client());
        let store = Store::new(&Sdk::local(aws_smithy_runtime_api::client::http::SharedHttpClient::new(probe.clone())), TABLE);
        let app = App::new(store, clock, config).with_secrets(secrets.keys).with_links(secrets.links);
        app.warm_up().await?;
        let router = Router::new(local::routes().into_iter().flat_map(|(_, routes)| routes))?;
        Ok(Self { embedded, app, router, probe })
    }

    /// The database.
    pub fn table(&self) -> &Table {
        &self.embedded.table
    }

    /// The application with everything that a worker can be given, whose calls to the table are seen.
    pub fn probed(&self) -> App {
        self.embedded.app().on_store(&Store::new(&Sdk::local(aws_smithy_runtime_api::client::http::SharedHttpClient::new(self.probe.clone())), TABLE))
    }

    /// What passed since this was asked last, or a request was sent.
    pub fn passed(&self) -> Passed {
        self.probe.passed()
    }

    /// Sends a request, whatever comes of it.
    pub async fn ask(&self, method: &str, target: &str, token: &str, body: Option<&Value>, key: Option<&str>) -> Result<Reply, Failure> {
        let request = lambda_http::request::from_str(&event(method, target, token, body, key).to_string())?;
        self.probe.passed();
        let (parts, body) = self.router.answer(&self.app, request).await.into_parts();
        let body = match body {
            Body::Text(text) => serde_json::from_str(&text)?,
            _ => Value::Null,
        };
        let line = Line::of(&last_line().lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Reply { status: parts.status.as_u16(), body, line, passed: self.probe.passed() })
    }

    /// Sends a request that has to succeed.
    pub async fn send(&self, method: &str, target: &str, token: &str, body: Option<&Value>) -> Result<Reply, Failure> {
        let reply = self.ask(method, target, token, body, None).await?;
        if reply.status < 300 { Ok(reply) } else { Err(format!("{method} {target}: {} {}", reply.status, reply.body).into()) }
    }

    /// GET. A machine that is busy with something else may not answer in time and is asked again; what is counted is of
    /// the answer that came.
    pub async fn get(&self, target: &str, person: &Person) -> Result<Reply, Failure> {
        for _ in 0..PATIENCE {
            let reply = self.ask("GET", target, &person.token, None, None).await?;
            match reply.status {
                200 => return Ok(reply),
                503 => tokio::time::sleep(PAUSE).await,
                status => return Err(format!("GET {target}: {status} {}", reply.body).into()),
            }
        }
        Err(format!("GET {target}: no answer in {PATIENCE} tries").into())
    }

    async fn sign_in(&self, email: &str) -> Result<Person, Failure> {
        let session = self.send("POST", "/auth/login", "", Some(&json!({"email": email, "password": PASSWORD}))).await?.body;
        Ok(Person { id: text(&session["data"]["user"]["id"]), token: text(&session["data"]["accessToken"]) })
    }

    /// The administrator.
    pub async fn admin(&self) -> Result<Person, Failure> {
        self.sign_in(ADMIN).await
    }

    /// A new team.
    pub async fn team(&self, admin: &Person, name: &str) -> Result<String, Failure> {
        let team = self.send("POST", "/teams", &admin.token, Some(&json!({"name": name}))).await?;
        Ok(text(&team.body["data"]["id"]))
    }

    /// A new user, signed in.
    pub async fn person(&self, admin: &Person, name: &str, role: &str, team: &str) -> Result<Person, Failure> {
        let email = format!("{name}@bench.test");
        let body = json!({"email": email, "password": PASSWORD, "firstName": "Robin", "lastName": name, "role": role, "teamId": team, "mustChangePassword": false});
        self.send("POST", "/users", &admin.token, Some(&body)).await?;
        self.sign_in(&email).await
    }

    /// An item of the table, in DynamoDB's JSON form; there has to be one.
    pub async fn item(&self, pk: &str, sk: &str) -> Result<Value, Failure> {
        let key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let item = self.table().request("GetItem", json!({"TableName": TABLE, "Key": key})).await?["Item"].take();
        if item.is_null() { Err(format!("there is no item {pk} / {sk}").into()) } else { Ok(item) }
    }

    /// The items of a partition whose sort key begins so.
    pub async fn items(&self, pk: &str, prefix: &str) -> Result<Vec<Value>, Failure> {
        let mut answer = self
            .table()
            .request(
                "Query",
                json!({
                    "TableName": TABLE,
                    "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                    "ExpressionAttributeValues": {":pk": {"S": pk}, ":prefix": {"S": prefix}},
                }),
            )
            .await?;
        Ok(serde_json::from_value(answer["Items"].take())?)
    }
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
