//! A CRM to talk to.

use crate::time::Passing;
use bytes::Bytes;
use domain::password::Password;
use domain::value::Email;
use futures::future::BoxFuture;
use lambda_http::Body;
use local::adapters::Vault;
use local::{Embedded, Parts, StartError, TABLE, Table};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The password of everyone in tests.
pub const PASSWORD: &str = "seven otters juggle";

/// Where requests come from.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where the CRM is.
#[derive(Clone)]
enum Place {
    Here(Box<Embedded>),
    There { client: reqwest::Client, base: String },
}

/// A CRM and its first administrator.
#[derive(Clone)]
pub struct Crm {
    place: Place,
    /// Address and password of an administrator.
    pub admin: (String, String),
    /// How its time passes.
    pub time: Passing,
    /// The deployment's secrets.
    secrets: Vault,
    workers: Option<Arc<Running>>,
    /// Where requests come from.
    from: IpAddr,
}

/// The workers at work.
struct Running {
    tasks: Mutex<JoinSet<()>>,
    _stop: watch::Sender<bool>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; `Null` where it is not JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// `data` of a success.
    pub fn data(&self) -> &Value {
        assert!(self.status < 300, "not a success: {} {}", self.status, self.text);
        &self.body["data"]
    }

    /// The `code` of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointers of the wrong fields, sorted.
    pub fn pointers(&self) -> Vec<&str> {
        let mut pointers: Vec<&str> = self.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["pointer"].as_str()).collect();
        pointers.sort_unstable();
        pointers
    }

    /// Fails unless the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A request in the making.
pub struct Ask {
    /// Method.
    pub method: &'static str,
    /// Path below `/api/v1`.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// The system's time moved ahead, for waiting.
pub(crate) struct Ahead(pub Arc<AtomicI64>);

impl local::Clock for Ahead {
    fn now_ms(&self) -> i64 {
        local::Clock::now_ms(&local::SystemClock) + self.0.load(Ordering::SeqCst)
    }

    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'static, ()> {
        let clock = Self(self.0.clone());
        Box::pin(async move {
            while clock.now_ms() < at_ms {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    }
}

impl Crm {
    /// A fresh embedded CRM in memory with its workers and one administrator.
    pub async fn start() -> Self {
        Self::on(Table::memory().expect("memory")).await
    }

    /// An embedded CRM on this table.
    pub async fn on(table: Table) -> Self {
        let crm = Self::idle(table).await;
        crm.working().await
    }

    /// The same without workers: nothing happens in the background.
    pub async fn idle(table: Table) -> Self {
        Self::timed(table, Passing::default()).await
    }

    /// The same on a time of its own.
    pub async fn timed(table: Table, time: Passing) -> Self {
        Self::set(table, time, &[]).await
    }

    /// The same with these settings.
    pub async fn set(table: Table, time: Passing, settings: &[(&str, &str)]) -> Self {
        let crm = Self::open(table, Vault::default(), time, settings).await;
        let address = <Email as domain::text::TextValue>::read(&crm.admin.0).expect("email");
        let password = Password::new(PASSWORD).expect("password");
        workers::bootstrap::first_admin(crm.embedded().app(), address, &password, false).await.expect("admin");
        crm
    }

    async fn open(table: Table, secrets: Vault, time: Passing, settings: &[(&str, &str)]) -> Self {
        Self::try_open(table, secrets, time, settings).await.expect("opens")
    }

    async fn try_open(table: Table, secrets: Vault, time: Passing, settings: &[(&str, &str)]) -> Result<Self, StartError> {
        // `./check` runs the lists once more on a table that is spread over several shards. Whoever waits
        // to be found searches more often than people do, and time may stand still while customers are made.
        let setting = |name: &str| match (settings.iter().find(|(other, _)| *other == name), name) {
            (Some((_, value)), _) => Some((*value).to_owned()),
            (None, "CORS_ORIGINS") => Some("https://app.example".to_owned()),
            (None, "TABLE_SHARDS") => std::env::var(name).ok(),
            (None, "API_URL") => Some("https://api.example".to_owned()),
            (None, "SEARCHES_PER_MINUTE") => Some("100000".to_owned()),
            (None, "MESSAGES_PER_SECOND") => Some("1000".to_owned()),
            (None, _) => None,
        };
        let config = application::Config::read(setting).expect("config");
        let parts = Parts { table, secrets: secrets.clone(), clock: time.clock(), waiting: time.waiting(), config };
        let place = Place::Here(Box::new(Embedded::open(parts).await?));
        Ok(Self { place, admin: ("root@crm.test".into(), PASSWORD.into()), time, secrets, workers: None, from: HERE })
    }

    /// With workers.
    pub async fn working(mut self) -> Self {
        let (stop, stopped) = watch::channel(false);
        let tasks = self.embedded().start_workers(&stopped).await.expect("workers");
        self.workers = Some(Arc::new(Running { tasks: Mutex::new(tasks), _stop: stop }));
        self
    }

    /// Kills the workers wherever they are, and opens the CRM again, without workers, on what the
    /// table holds.
    pub async fn killed(&self) -> Self {
        if let Some(running) = &self.workers {
            let mut tasks = std::mem::take(&mut *running.tasks.lock().expect("lock"));
            tasks.shutdown().await;
        }
        Self { admin: self.admin.clone(), ..Self::open(self.embedded().table.clone(), self.secrets.clone(), self.time.clone(), &[]).await }
    }

    /// Another CRM that has what this one has, and the same secret, on a time of its own.
    pub async fn copied(&self, table: Table, time: Passing) -> Self {
        let mut definition = store::schema::definition();
        definition["TableName"] = TABLE.into();
        table.create_table(definition).await.expect("a table");
        for items in self.embedded().table.items(TABLE).await.expect("items").chunks(25) {
            let puts: Vec<Value> = items.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
            table.request("BatchWriteItem", json!({"RequestItems": {TABLE: puts}})).await.expect("written");
        }
        Self { admin: self.admin.clone(), ..Self::open(table, self.secrets.clone(), time, &[]).await }
    }

    /// The deployment's secret, as text.
    pub async fn secret(&self) -> String {
        self.secrets.keys.read().await.expect("secret").expect("written")
    }

    /// Puts another text into the deployment's secret.
    pub async fn set_secret(&self, text: &str) {
        self.secrets.keys.write(text.to_owned()).await.expect("written");
    }

    /// Another process on the same table, secret and time, without workers: what it remembers is its own, as of
    /// functions that have been warm for a while.
    pub async fn beside(&self) -> Self {
        Self { admin: self.admin.clone(), ..Self::open(self.embedded().table.clone(), self.secrets.clone(), self.time.clone(), &[]).await }
    }

    /// A CRM on this table with this text as secret and without an administrator; an error says why it does
    /// not start.
    pub async fn bare(table: Table, secret: Option<&str>) -> Result<Self, StartError> {
        let secrets = Vault::default();
        if let Some(text) = secret {
            secrets.keys.write(text.to_owned()).await.expect("written");
        }
        Self::try_open(table, secrets, Passing::default(), &[]).await
    }

    /// A CRM that is deployed at this address.
    pub fn at(base: &str, email: &str, password: &str) -> Self {
        let place = Place::There { client: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned() };
        Self { place, admin: (email.to_owned(), password.to_owned()), time: Passing::default(), secrets: Vault::default(), workers: None, from: HERE }
    }

    /// The embedded CRM behind it.
    pub fn embedded(&self) -> &Embedded {
        match &self.place {
            Place::Here(embedded) => embedded,
            Place::There { .. } => panic!("this test needs the embedded CRM"),
        }
    }

    /// The same CRM, asked from another address.
    pub fn from_address(&self, address: [u8; 4]) -> Self {
        Self { from: IpAddr::from(address), ..self.clone() }
    }

    /// Lets time pass: for tokens, sessions, throttling and delayed messages.
    pub fn advance(&self, seconds: i64) {
        self.time.advance(Duration::from_secs(seconds.unsigned_abs()));
    }

    /// Sends a request.
    pub async fn send(&self, ask: Ask) -> Reply {
        match &self.place {
            Place::Here(embedded) => {
                let mut request = http::Request::builder().method(ask.method).uri(format!("/api/v1{}", ask.path)).header("host", "crm.test");
                for (name, value) in &ask.headers {
                    request = request.header(name, value);
                }
                embedded.call_from(self.from, request.body(Bytes::from(ask.body)).expect("request")).await.into()
            }
            Place::There { client, base } => {
                let method = reqwest::Method::from_bytes(ask.method.as_bytes()).expect("method");
                let mut request = client.request(method, format!("{base}/api/v1{}", ask.path)).body(ask.body);
                for (name, value) in &ask.headers {
                    request = request.header(name, value);
                }
                let answer = request.send().await.expect("answers");
                let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                reply(status, &headers, answer.text().await.expect("text"))
            }
        }
    }
}

impl From<http::Response<Body>> for Reply {
    fn from(answer: http::Response<Body>) -> Self {
        let (parts, body) = answer.into_parts();
        let text = match body {
            Body::Text(text) => text,
            Body::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        reply(parts.status.as_u16(), &parts.headers, text)
    }
}

fn reply(status: u16, headers: &http::HeaderMap, text: String) -> Reply {
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Reply { status, headers: headers.collect(), body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}

/// A number that no other caller in this run gets: for names and addresses.
pub fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let run = uuid::Uuid::now_v7().simple().to_string();
    format!("{}{}", &run[20..], NEXT.fetch_add(1, Ordering::SeqCst))
}

/// Runs the same thing so many times at once.
pub async fn together<F, Fut>(times: usize, f: F) -> Vec<Reply>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Reply> + Send + 'static,
{
    let running: Vec<_> = (0..times).map(|n| tokio::spawn(f(n))).collect();
    let mut replies = Vec::new();
    for task in running {
        replies.push(task.await.expect("runs"));
    }
    replies
}

/// Asks until the answer is as wanted; fails after `limit`. What follows a change in the background
/// has no moment at which it must be there, only one by which.
pub async fn eventually<T, Fut: Future<Output = Option<T>>>(what: &str, limit: Duration, ask: impl Fn() -> Fut) -> T {
    let end = tokio::time::Instant::now() + limit;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
