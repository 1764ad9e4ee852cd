//! The embedded CRM: the handlers and workers of the deployed system, on the table, stream, bus and
//! queues of this process.
//!
//! Every route and worker sees the table through a policy made of its declared actions, so a
//! function that would be refused in the cloud is refused here too.

use crate::adapters::{LocalQueues, Vault};
use crate::bus::LocalBus;
use crate::clock::Clock as WaitingClock;
use crate::hooks::for_role;
use crate::{
    Checkpoints, Fault, Mailbox, Operation, QueueSettings, Queues, Scheduler, StreamReader, Table, TableCheckpoints, TableError, connector, dev,
    front_event, scheduler, stream,
};
use application::clock::Clock;
use application::keys::{Wanted, settle};
use bytes::Bytes;
use domain::job::Start;
use edge::{Access, Action, App, Config, Router};
use futures_util::FutureExt;
use lambda_http::{Body, Response};
use messaging::{DEAD_BATCH, JOBS, Mailer, Probes, Queue, Senders, TICK, TICK_RATE, Timed, Work};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::keys::Reserved;
use store::migrations::Migration;
use store::{Progress, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;
use workers::{Trigger, WORKERS, Worker};

/// The table's name in this process.
pub const TABLE: &str = "crm";
/// How many stream records a worker gets at once, as in the template.
const STREAM_BATCH: usize = 100;

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Nowhere: gone when the process ends.
    Memory,
    /// In this folder.
    Folder(PathBuf),
}

/// What an embedded CRM is made of.
pub struct Parts {
    /// The database.
    pub table: Table,
    /// The deployment's secrets.
    pub secrets: Vault,
    /// Time and ids of handlers and workers.
    pub clock: Clock,
    /// Time of queues.
    pub waiting: Arc<dyn WaitingClock>,
    /// Configuration.
    pub config: Config,
}

/// Why the CRM could not start: one line for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table's stream.
    #[error(transparent)]
    Stream(#[from] crate::StreamError),
    /// The queues.
    #[error(transparent)]
    Queue(#[from] crate::QueueError),
    /// The table's first answers.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Keys or secret.
    #[error(transparent)]
    Keys(#[from] application::keys::KeyFailure),
    /// The routes.
    #[error(transparent)]
    Routes(#[from] edge::router::RouterError),
    /// A schedule, or a piece of work.
    #[error("a schedule cannot be read: {0}")]
    Schedule(String),
}

/// A running CRM.
#[derive(Clone)]
pub struct Embedded {
    /// The database.
    pub table: Table,
    /// The queues.
    pub queues: Queues,
    /// The event bus.
    pub bus: LocalBus,
    /// What was sent.
    pub mailbox: Mailbox,
    waiting: Arc<dyn WaitingClock>,
    /// Whether the table was created just now.
    pub first_start: bool,
    app: App,
    router: Arc<Router>,
}

impl Storage {
    /// Opens the database and the secrets.
    pub fn open(&self) -> Result<(Table, Vault), TableError> {
        match self {
            Self::Memory => Ok((Table::memory()?, Vault::default())),
            Self::Folder(folder) => Ok((Table::open(&folder.join("crm.db"))?, Vault::beside(folder))),
        }
    }
}

/// A view of the table that refuses everything but these actions, and what is reserved but for what is
/// declared, as the function's role would. Hooks on the table itself are called as well, and told the
/// role.
fn policed(table: &Table, role: &'static str, actions: impl IntoIterator<Item = Action>, declared: Vec<Reserved>) -> Table {
    let allowed: HashSet<&'static str> = actions.into_iter().map(Action::name).collect();
    let beneath = table.before.clone().map(|hook| for_role(hook, role));
    let kept_off: Vec<Reserved> = Reserved::ALL.into_iter().filter(|reserved| !declared.contains(reserved)).collect();
    let touched = move |operation: &Operation| kept_off.iter().find(|reserved| operation.touches(**reserved)).map(|reserved| reserved.name());
    let refused = move |operation: &Operation| {
        let undeclared = operation.actions.iter().find(|action| !allowed.contains(*action));
        undeclared.copied().or_else(|| touched(operation))
    };
    let check = move |operation: &Operation| match refused(operation) {
        Some(action) => Err(Fault::access_denied(action)),
        None => beneath.as_ref().map_or(Ok(()), |hook| hook(operation)),
    };
    let view = table.clone().with_observer(Arc::new(check));
    match table.after.clone() {
        Some(hook) => view.with_after(for_role(hook, role)),
        None => view,
    }
}

fn store_on(table: &Table) -> Store {
    Store::on(connector::client(table), TABLE)
}

/// The table cut to what a route declares.
fn route_table(table: &Table, route: &edge::Route) -> Table {
    let caller = (route.access != Access::Public).then_some(Action::Get);
    policed(table, route.name, route.actions.iter().copied().chain(caller), route.reserved())
}

impl Embedded {
    /// Puts the CRM together: creates what is missing in the table, settles the keys.
    pub async fn open(parts: Parts) -> Result<Self, StartError> {
        let Parts { table, secrets, clock, waiting, config } = parts;
        let mut definition = store::schema::definition();
        definition["TableName"] = TABLE.into();
        let first_start = table.create_table(definition).await?;
        table.enable_ttl(TABLE, store::schema::TTL).await?;
        let schedule_clock = waiting.clone();
        let from = config.mail_from.as_ref().map(|address| address.as_str());
        let mailbox = Mailbox::open(table.clone(), waiting.clone(), from, &config.mail_from_name).await?;
        let queues = Queues::open(table.clone(), waiting, queue_settings()).await?;
        let store = store_on(&table);
        // Made at the first start; later it is made good if one of table and secret came from elsewhere.
        let wanted = Wanted { access_seconds: config.access_seconds, ..Wanted::default() };
        settle(&store, secrets.keys.as_ref(), clock.now(), wanted).await?;
        application::links::draw(secrets.links.as_ref()).await.map_err(application::keys::KeyFailure::from)?;
        let local_queues = Arc::new(LocalQueues(queues.clone()));
        let routes: Vec<edge::Route> = crate::routes::routes().into_iter().flat_map(|(_, routes)| routes).collect();
        let stores: HashMap<&'static str, Store> = routes.iter().map(|route| (route.name, store_on(&route_table(&table, route)))).collect();
        let bus = LocalBus::new(queues.clone());
        let app = App::new(store, clock, config)
            .with_secrets(secrets.keys)
            .with_links(secrets.links)
            .with_queues(local_queues)
            .with_bus(Arc::new(bus.clone()))
            .with_senders(mailbox.senders());
        let probes = Probes { bus: Some(Arc::new(bus.clone())), email: Some(Arc::new(mailbox.clone())), sms: Some(Arc::new(mailbox.clone())) };
        let app = app.with_probes(probes);
        app.warm_up().await?;
        let router = Router::new(routes)?.with_store_per_route(stores);
        Ok(Self { table, queues, bus, mailbox, waiting: schedule_clock, first_start, app, router: Arc::new(router) })
    }

    /// With mails that go elsewhere than to the mailbox.
    #[must_use]
    pub fn with_mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        let senders = self.app.senders().clone();
        self.app = self.app.with_senders(Senders { mailer: Some(mailer), ..senders });
        self
    }

    /// With other services that are asked how they stand.
    #[must_use]
    pub fn with_probes(mut self, probes: Probes) -> Self {
        self.app = self.app.with_probes(probes);
        self
    }

    /// The application behind the routes, without a policy: also for setting things up.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The application of a worker, its table cut to what it declares.
    pub fn worker_app(&self, worker: &Worker) -> App {
        self.app.on_store(&store_on(&policed(&self.table, worker.name, worker.actions.iter().copied(), worker.reserved())))
    }

    /// Answers a request as the HTTP front would, without a connection.
    pub async fn call(&self, request: http::Request<Bytes>) -> Response<Body> {
        self.call_from(IpAddr::V4(Ipv4Addr::LOCALHOST), request).await
    }

    /// Answers an HTTP request that comes from this address.
    pub async fn call_from(&self, peer: IpAddr, request: http::Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match front_event::request(&parts, body, peer) {
            Some(request) => self.answer(request).await,
            None => {
                let mut response = Response::new(Body::Empty);
                *response.status_mut() = http::StatusCode::BAD_REQUEST;
                response
            }
        }
    }

    /// Answers a Lambda request.
    pub async fn answer(&self, request: lambda_http::Request) -> Response<Body> {
        if request.uri().path().starts_with(dev::BASE) {
            return dev::answer(self, &request).await;
        }
        // Before anything is read, so that what is decided on does not grow old meanwhile.
        if !request.method().is_safe() {
            self.table.room().await;
        }
        self.router.answer(&self.app, request).await
    }

    /// Starts the workers; they end, after what they are at, when `stop` changes.
    pub async fn start_workers(&self, stop: &watch::Receiver<bool>) -> Result<JoinSet<()>, StartError> {
        let mut running = JoinSet::new();
        for worker in WORKERS {
            let app = self.worker_app(worker);
            let stopped = wait(stop.clone());
            match worker.trigger {
                Trigger::Stream(interest) => {
                    let checkpoints = TableCheckpoints::open(self.table.clone()).await?;
                    let reader = StreamReader::open(self.table.clone(), TABLE, checkpoints.load(worker.name).await?).await?.of(interest);
                    running.spawn(async move {
                        stream::run(reader, worker.name, STREAM_BATCH, checkpoints, |event: Value| handle(worker, &app, event), stopped).await;
                    });
                }
                Trigger::Queue(queue) => self.consume(&mut running, worker, app, (queue.name().to_owned(), queue.batch()), stop),
                Trigger::DeadLetters => {
                    for queue in Queue::ALL {
                        self.consume(&mut running, worker, app.clone(), (queue.dead_name(), DEAD_BATCH), stop);
                    }
                }
                Trigger::CustomResource => {}
            }
        }
        let (table, checkpoints) = (self.table.clone(), TableCheckpoints::open(self.table.clone()).await?);
        running.spawn(keep_house(table, checkpoints, self.waiting.clone(), wait(stop.clone())));
        let (scheduler, clock, stopped) = (self.scheduler()?, self.waiting.clone(), wait(stop.clone()));
        running.spawn(scheduler.run(clock, stopped));
        Ok(running)
    }

    /// Puts the migrations that were not yet carried out to their end on the work queue, and gives them.
    pub async fn start_migrations(&self) -> Result<Vec<&'static Migration>, StartError> {
        let pending = self.app.unscoped().pending_migrations().await?;
        for migration in &pending {
            let work = Work::Migrate { name: migration.name.to_owned(), dry_run: false, run: None };
            let body = serde_json::to_string(&work).map_err(|e| StartError::Schedule(e.to_string()))?;
            self.queues.send(work.queue().name(), vec![body], Duration::ZERO).await?;
        }
        Ok(pending)
    }

    /// How far a migration is; `None` before it began.
    pub async fn migration_progress(&self, migration: &Migration) -> Result<Option<Progress>, StartError> {
        Ok(self.app.unscoped().migration_progress(migration.name, false).await?)
    }

    /// The schedules: each job at its time, and the tick, which makes good what was missed while nothing ran.
    fn scheduler(&self) -> Result<Scheduler, StartError> {
        let now = self.app.clock.now().millis();
        let mut scheduler = Scheduler::new(self.app.config.zone.clone());
        let jobs = JOBS.iter().filter_map(|job| Some((job.name.as_str(), job.cron?, Timed::Start(Start::scheduled(job.name)))));
        for (name, expression, timed) in jobs.chain([(TICK, TICK_RATE, Timed::Tick)]) {
            let (queues, body) = (self.queues.clone(), serde_json::to_string(&timed).map_err(|e| StartError::Schedule(e.to_string()))?);
            let job: scheduler::Job = Arc::new(move |_| {
                let (queues, body) = (queues.clone(), body.clone());
                let send = async move { queues.send(Queue::Jobs.name(), vec![body], Duration::ZERO).await };
                send.map(|sent| sent.map(|_| ()).map_err(|error| error.to_string())).boxed()
            });
            // The first tick comes at once.
            let since = if name == TICK { now - 60_000 } else { now };
            scheduler.add(name, expression, since, job).map_err(|e| StartError::Schedule(e.to_string()))?;
        }
        Ok(scheduler)
    }

    fn consume(&self, running: &mut JoinSet<()>, worker: &'static Worker, app: App, (queue, batch): (String, u32), stop: &watch::Receiver<bool>) {
        let (queues, stopped) = (self.queues.clone(), wait(stop.clone()));
        running.spawn(async move {
            let done = queues.run(&queue, batch as usize, |event: Value| handle(worker, &app, event), stopped).await;
            if let Err(error) = done {
                application::log::fault(worker.name, &error.to_string());
            }
        });
    }
}

/// How long between two looks for what nobody needs any more, milliseconds.
const HOUSEKEEPING: i64 = 10 * 60_000;

/// Forgets now and then what every worker has read of the stream, and the items whose time is over: DynamoDB does both by itself.
async fn keep_house(table: Table, checkpoints: TableCheckpoints, clock: Arc<dyn WaitingClock>, stopped: impl Future<Output = ()>) {
    let readers: Vec<&str> = WORKERS.iter().filter(|worker| matches!(worker.trigger, Trigger::Stream(_))).map(|worker| worker.name).collect();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = clock.sleep_until(clock.now_ms() + HOUSEKEEPING) => {}
        }
        let kept = async { Ok::<_, TableError>((checkpoints.trim(TABLE, &readers).await?, table.sweep_ttl().await?)) };
        if let Err(error) = kept.await {
            application::log::fault("housekeeping", &error.to_string());
        }
    }
}

async fn handle(worker: &Worker, app: &App, event: Value) -> Result<Value, workers::Failure> {
    (worker.handle)(app, event).await
}

async fn wait(mut stop: watch::Receiver<bool>) {
    // A sender that is gone means stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The pauses of a message that fails double up to those that SQS makes from the first one on: so many come before.
pub(crate) const SHORT_PAUSES: u32 = 9;

fn queue_settings() -> Vec<QueueSettings> {
    let settings = |queue: Queue| {
        let mut dead = QueueSettings::new(&queue.dead_name());
        dead.max_receives = u32::MAX;
        let mut live = QueueSettings::new(queue.name()).dead_letter(&queue.dead_name(), queue.max_receives() + SHORT_PAUSES);
        live.visibility_timeout = Duration::from_secs(360);
        [live, dead]
    };
    Queue::ALL.into_iter().flat_map(settings).collect()
}
