//! The database: opening it, keeping other processes out of it, and handing it to the AWS SDK.

mod opening;
mod tuning;

use crate::clock::{Clock, SystemClock};
use crate::connector::Connector;
use crate::dispatch::{self, Answer, Unheard};
use crate::hooks::{Hook, Turn};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use dynoxide::Database;
use dynoxide::actions::scan::ScanRequest;
use opening::{check_header, damaged, lock, unusable, unwritable};
use serde_json::{Value, json};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub use opening::TableError;

/// How long it is waited for who is behind, at most.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many connections only read. Four processors have work for them; more would be memory.
const READERS: usize = 4;

/// A DynamoDB-compatible database in this process. Clones share it.
///
/// The hooks belong to the clone: two clones can speak for two roles.
#[derive(Clone)]
pub struct Table {
    // The database goes before `shared`, so the last clone closes it before the lock is let go.
    db: Database,
    readers: Arc<Readers>,
    /// Of a database file.
    writer: Option<Arc<Writer>>,
    pub(crate) before: Option<Hook>,
    pub(crate) after: Option<Hook>,
    pub(crate) turn: Option<Turn>,
    shared: Arc<Shared>,
}

struct Shared {
    writes: watch::Sender<u64>,
    /// How many readers of the stream have had more before them than they take at once for too long.
    behind: watch::Sender<u32>,
    served: AtomicBool,
    unheard: Arc<Unheard>,
    /// The database file and the lock that keeps it ours.
    file: Option<(PathBuf, File)>,
}

/// Connections to a database file that only read: SQLite lets any number of them read beside each other and beside the one that
/// writes, each what is committed when it begins. A database in memory has none.
#[derive(Default)]
struct Readers {
    connections: Vec<Database>,
    next: AtomicUsize,
}

impl Readers {
    fn open(name: &str) -> Result<Self, dynoxide::DynoxideError> {
        let connections = (0..READERS).map(|_| Database::new(name)).collect::<Result<_, _>>()?;
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    /// One of them, each in its turn.
    fn next(&self) -> Option<&Database> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.connections.get(turn.checked_rem(self.connections.len())?)
    }
}

/// Something to be done on the database.
type Job = Box<dyn FnOnce(&Database) + Send>;

/// The thread that writes for everybody: SQLite lets one write at a time, and to wait in a queue costs less than to wait for a lock. What
/// takes long is done beside it, on the blocking pool. Time that is paused in a test goes on while it works.
struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(db: Database) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let work = move || {
            for job in waiting {
                // Whoever waits for one that panicked hears that its answer is gone.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&db)));
            }
        };
        let thread = std::thread::Builder::new().name("table".to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Database) -> T + Send + 'static) -> Result<T, TableError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            // Who has given up waiting asks again.
            if !answer.is_closed() {
                drop(answer.send(work(db)));
            }
        });
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        let gone = || TableError::Interrupted("the database's thread gave no answer".to_owned());
        if sent { answered.await.map_err(|_| gone()) } else { Err(gone()) }
    }
}

impl Drop for Writer {
    /// What is under way is finished, and the database closed.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether a reader of the stream is behind; who is gone is not.
pub(crate) struct Place {
    shared: Arc<Shared>,
    is_behind: bool,
}

impl Place {
    pub(crate) fn is_behind(&mut self, is_behind: bool) {
        if std::mem::replace(&mut self.is_behind, is_behind) != is_behind {
            self.shared.behind.send_modify(|count| *count = if is_behind { *count + 1 } else { count.saturating_sub(1) });
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_behind(false);
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("file", &self.shared.file.as_ref().map(|(path, _)| path)).finish_non_exhaustive()
    }
}

impl Table {
    /// An empty database in memory.
    pub fn memory() -> Result<Self, TableError> {
        Self::in_memory(Database::memory()?)
    }

    /// An empty database in memory that reads its time from `clock`.
    pub fn memory_with_clock(clock: Arc<dyn dynoxide::storage_backend::Clock>) -> Result<Self, TableError> {
        Self::in_memory(Database::memory_with_clock(clock)?)
    }

    /// Opens or creates the database file at `path` and keeps every other process out of its
    /// folder until the last clone is dropped.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let lock = lock(folder)?;
        check_header(path, folder)?;
        let name = path.to_str().ok_or_else(|| unwritable(path, "its name is not UTF-8"))?;
        let db = Database::new(name).map_err(|error| unusable(path, &error))?;
        let readers = Readers::open(name).map_err(|error| unusable(path, &error))?;
        // A commit is in the file when it is answered, and on the disk a moment later: whoever kills the process loses nothing,
        // and a power cut the last moments, never a part of one. The engine calls it the normal way, and begins with another.
        db.disable_bulk_loading().map_err(|error| unusable(path, &error))?;
        // Reads every table's pages once, so damage shows here and not in mid-request.
        db.table_stats().map_err(|error| unusable(path, &error))?;
        tuning::index(path).map_err(|why| damaged(path, why))?;
        let writer = Writer::start(db.clone()).map_err(|error| TableError::Interrupted(error.to_string()))?;
        Ok(Self { readers: Arc::new(readers), writer: Some(Arc::new(writer)), ..Self::of(db, Some((path.into(), lock))) })
    }

    fn in_memory(db: Database) -> Result<Self, TableError> {
        tuning::prepare_memory(&db).map_err(TableError::Interrupted)?;
        Ok(Self::of(db, None))
    }

    fn of(db: Database, file: Option<(PathBuf, File)>) -> Self {
        Self {
            db,
            readers: Arc::default(),
            writer: None,
            before: None,
            after: None,
            turn: None,
            shared: Arc::new(Shared {
                writes: watch::Sender::new(0),
                behind: watch::Sender::new(0),
                served: AtomicBool::new(false),
                unheard: Arc::default(),
                file,
            }),
        }
    }

    /// A view of the same database that calls `hook` before each SDK operation.
    #[must_use]
    pub fn with_observer(mut self, hook: Hook) -> Self {
        self.before = Some(hook);
        self
    }

    /// A view of the same database that calls `hook` after each SDK operation was carried out;
    /// an error takes the place of the answer, the change stays.
    #[must_use]
    pub fn with_after(mut self, hook: Hook) -> Self {
        self.after = Some(hook);
        self
    }

    /// A view of the same database in which each SDK operation waits for its turn: for tests that
    /// choose in which order things happen.
    #[must_use]
    pub fn with_turns(mut self, turn: Turn) -> Self {
        self.turn = Some(turn);
        self
    }

    /// The HTTP client to give an AWS SDK DynamoDB configuration.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(self.clone()))
    }

    /// Serves the same database as a DynamoDB endpoint on `listener` until `shutdown` completes.
    /// Hooks do not apply there.
    pub async fn serve_http(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), TableError> {
        self.shared.served.store(true, Ordering::Relaxed);
        let served = dynoxide::server::serve_with_shutdown(listener, self.db.clone(), shutdown);
        served.await.map_err(TableError::Interrupted)
    }

    /// Creates a table from a `CreateTable` request; `false` when it exists already.
    pub async fn create_table(&self, request: Value) -> Result<bool, TableError> {
        match self.request("CreateTable", request).await {
            Ok(_) => Ok(true),
            Err(TableError::Refused { code, .. }) if code == "ResourceInUseException" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Turns on expiry by `attribute`; nothing happens when it is on already.
    pub async fn enable_ttl(&self, table: &str, attribute: &str) -> Result<(), TableError> {
        let now = table.to_owned();
        let current = self.with_database(move |db| db.get_table_metadata(&now)).await??;
        if current.is_some_and(|meta| meta.ttl_enabled) {
            return Ok(());
        }
        let request = json!({"TableName": table, "TimeToLiveSpecification":
            {"Enabled": true, "AttributeName": attribute}});
        self.request("UpdateTimeToLive", request).await.map(drop)
    }

    /// Removes expired items from every table with TTL; answers how many.
    pub async fn sweep_ttl(&self) -> Result<usize, TableError> {
        let removed = self.at_length(Database::sweep_ttl).await??;
        if removed > 0 {
            self.wake();
        }
        Ok(removed)
    }

    /// Forgets stream records of `table_name` that come before the one numbered `before` and
    /// are older than ten minutes; answers how many. In memory nothing is forgotten.
    pub async fn trim_stream(&self, table_name: &str, before: &str) -> Result<usize, TableError> {
        let Some(path) = self.shared.file.as_ref().map(|(path, _)| path.clone()) else {
            return Ok(0);
        };
        let (table, before) = (table_name.to_owned(), before.to_owned());
        let now = SystemClock.now_ms() / 1000;
        self.at_length(move |_| tuning::trim(&path, &table, &before, now)).await?.map_err(TableError::Interrupted)
    }

    /// Writes a complete copy of the database to `path`, which appears only when it is whole.
    pub async fn copy_to(&self, path: &Path) -> Result<(), TableError> {
        let partial = path.with_extension("partial");
        let unwritable = |error| unwritable(path, error);
        match std::fs::remove_file(&partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unwritable(error));
            }
            _ => {}
        }
        let name = partial.to_string_lossy().into_owned();
        self.with_database(move |db| db.vacuum_into(&name)).await??;
        File::open(&partial).and_then(|file| file.sync_all()).and_then(|()| std::fs::rename(&partial, path)).map_err(unwritable)
    }

    /// Replaces the whole database with the copy at `path`. Running queues must be reopened.
    pub async fn restore_from(&self, path: &Path) -> Result<(), TableError> {
        let name = path.to_string_lossy().into_owned();
        self.with_database(move |db| db.restore_from(&name)).await??;
        self.wake();
        Ok(())
    }

    /// Every item of a table in DynamoDB's JSON form, past the hooks: for recounts. The SDK has no
    /// such operation here, since the CRM never scans.
    pub async fn items(&self, table: &str) -> Result<Vec<Value>, TableError> {
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let request = ScanRequest { table_name: table.to_owned(), exclusive_start_key_raw: from, ..Default::default() };
            let answer = self.with_database(move |db| db.scan(request)).await??;
            let text = |error: serde_json::Error| TableError::Interrupted(error.to_string());
            let answer = serde_json::to_value(answer).map_err(text)?;
            items.extend(answer["Items"].as_array().cloned().unwrap_or_default());
            match answer.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
                Some(key) => from = Some(key.clone()),
                None => return Ok(items),
            }
        }
    }

    /// Sends one request in DynamoDB's JSON form, past the hooks.
    pub async fn request(&self, operation: &str, request: Value) -> Result<Value, TableError> {
        let answer = self.request_quietly(operation, request).await?;
        if dispatch::writes(operation) {
            self.wake();
        }
        Ok(answer)
    }

    /// The same without waking the stream readers, for tables that have no stream.
    pub(crate) async fn request_quietly(&self, operation: &str, request: Value) -> Result<Value, TableError> {
        let answer = self.carry_out(operation, request.to_string().into()).await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(body);
        }
        let text = |key: &str| body[key].as_str();
        let code = text("__type").unwrap_or_default();
        let message = text("message").or_else(|| text("Message")).unwrap_or_default();
        Err(TableError::Refused { code: code.rsplit('#').next().unwrap_or_default().to_owned(), message: message.to_owned() })
    }

    /// Runs `work` on the database: in place in memory, where calls are short and order must be
    /// reproducible, and on the thread that writes for a file, where a commit waits for the disk.
    pub(crate) async fn with_database<T: Send + 'static>(&self, work: impl FnOnce(&Database) -> T + Send + 'static) -> Result<T, TableError> {
        match &self.writer {
            Some(writer) => writer.run(work).await,
            None => Ok(work(&self.db)),
        }
    }

    /// Does what takes long and lets others in between its pieces: beside the thread that writes for a file, in place in memory.
    async fn at_length<T: Send + 'static>(&self, work: impl FnOnce(&Database) -> T + Send + 'static) -> Result<T, TableError> {
        if self.writer.is_none() {
            return Ok(work(&self.db));
        }
        let db = self.db.clone();
        tokio::task::spawn_blocking(move || work(&db)).await.map_err(|error| TableError::Interrupted(error.to_string()))
    }

    pub(crate) fn unheard(&self) -> &Unheard {
        &self.shared.unheard
    }

    /// Carries out an operation in DynamoDB's JSON form, past the hooks: what only reads beside whoever writes, where there is a file.
    pub(crate) async fn carry_out(&self, operation: &str, body: Bytes) -> Result<Answer, TableError> {
        let (unheard, name) = (self.shared.unheard.clone(), operation.to_owned());
        let work = move |db: &Database| dispatch::answer(db, &unheard, &name, &body);
        if dispatch::reads(operation) { Ok(self.reading(work)) } else { self.with_database(work).await }
    }

    /// Reads: beside whoever writes, where there is a file. It is short, since what is read is in memory as a rule, so nobody waits
    /// for another thread.
    pub(crate) fn reading<T>(&self, work: impl FnOnce(&Database) -> T) -> T {
        work(self.readers.next().unwrap_or(&self.db))
    }

    /// Waits until nobody who follows the stream is behind, a second at most: what is derived from a change is seen soon after it,
    /// however many write as fast as they can, and who hangs costs each a second.
    pub async fn room(&self) {
        let mut behind = self.shared.behind.subscribe();
        let _ = tokio::time::timeout(PATIENCE, behind.wait_for(|count| *count == 0)).await;
    }

    /// Where a reader of the stream says whether it is behind.
    pub(crate) fn place(&self) -> Place {
        Place { shared: self.shared.clone(), is_behind: false }
    }

    /// Tells stream readers that something was written.
    pub(crate) fn wake(&self) {
        self.shared.writes.send_modify(|count| *count += 1);
    }

    pub(crate) fn writes(&self) -> watch::Receiver<u64> {
        self.shared.writes.subscribe()
    }

    /// Whether writes can arrive without [`Table::wake`], through the TCP endpoint.
    pub(crate) fn is_served(&self) -> bool {
        self.shared.served.load(Ordering::Relaxed)
    }
}
