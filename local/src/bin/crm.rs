//! `cargo run`: the embedded CRM.

use clap::Parser;
use local::adapters::secret_files;
use local::clock::SystemClock;
use local::smtp::Smtp;
use local::{Embedded, Front, Parts, Storage, demo};
use messaging::Probes;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use store::Progress;
use store::migrations::Migration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::instrument::WithSubscriber;

/// The CRM in one process: HTTP API, table, stream, queues and workers. No Docker, no cloud account.
///
/// The deployment's settings (TIME_ZONE, CURRENCY, CORS_ORIGINS, …) are environment variables; see
/// docs/configuration.md.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, env = "CRM_PORT", default_value_t = 9000)]
    port: u16,
    /// Folder of the data
    #[arg(long, env = "CRM_DATA", default_value = ".crm", value_name = "DIR")]
    data: PathBuf,
    /// Keep nothing: the data is gone when the CRM stops
    #[arg(long, env = "CRM_MEMORY")]
    memory: bool,
    /// Start without demo data
    #[arg(long, env = "CRM_NO_DEMO")]
    no_demo: bool,
    /// Server that mails are handed to instead of the mailbox, such as smtp://127.0.0.1:1025; needs MAIL_FROM
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_name = "URL")]
    smtp_url: Option<String>,
    /// Serve the table (and run the workers) for `cargo lambda watch`, without the HTTP API
    #[arg(long)]
    store_only: bool,
}

/// A fifth of the time went into the system's allocator, and what is freed went back late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often it is looked how far a migration is.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    application::log::start();
    let mut config = application::Config::from_environment().map_err(text)?;
    let listener = listen(options.port).await?;
    let address = listener.local_addr().map_err(text)?;
    config.api_url.get_or_insert_with(|| format!("http://{address}"));
    let smtp = options.smtp_url.as_deref().map(|url| {
        let from = config.mail_from.as_ref().map(|address| address.as_str());
        Smtp::new(url, from, &config.mail_from_name)
    });
    let smtp = smtp.transpose()?;
    let storage = if options.memory { Storage::Memory } else { Storage::Folder(options.data.clone()) };
    let mut crm = open(&storage, config, options.no_demo).await?;
    if let Some(smtp) = smtp {
        let smtp = Arc::new(smtp);
        let probes = Probes { email: Some(smtp.clone()), ..crm.app().probes().clone() };
        crm = crm.with_mailer(smtp).with_probes(probes);
    }
    let (stop, stopped) = watch::channel(false);
    let mut workers = crm.start_workers(&stopped).await.map_err(text)?;
    let pending = crm.start_migrations().await.map_err(text)?;
    if !crm.first_start {
        tokio::spawn(tell(crm.clone(), pending));
    }
    let signal = async move {
        wait_for_signal().await;
        eprintln!("Stopping: finishing the requests under way.");
        let _ = stop.send(true);
    };
    if options.store_only {
        announce_store(address, &options);
        crm.table.serve_http(listener, signal).await.map_err(text)?;
    } else {
        announce(address, &storage, options.no_demo);
        let handler = crm.clone();
        let front = Front::new(Arc::new(move |request| {
            let crm = handler.clone();
            Box::pin(async move { crm.answer(request).await })
        }));
        front.serve(listener, signal).await;
    }
    while workers.join_next().await.is_some() {}
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} is in use; stop what uses it or choose another with --port"),
        _ => format!("port {port} cannot be used: {error}"),
    })
}

/// Opens the data; at the very first start fills it. A file beside the data says that the demo is
/// being loaded: a start that finds it was preceded by one that was cut short, and begins anew.
async fn open(storage: &Storage, config: application::Config, no_demo: bool) -> Result<Embedded, String> {
    let loading = match storage {
        Storage::Memory => None,
        Storage::Folder(folder) => Some(folder.join("demo.loading")),
    };
    let (mut table, mut secrets) = storage.open().map_err(text)?;
    if let (Storage::Folder(folder), Some(true)) = (storage, loading.as_ref().map(|file| file.exists())) {
        drop((table, secrets));
        std::fs::remove_file(folder.join("crm.db")).map_err(text)?;
        (table, secrets) = storage.open().map_err(text)?;
    }
    let parts = Parts { table, secrets, clock: application::clock::Clock::system(), waiting: Arc::new(SystemClock), config };
    let crm = Embedded::open(parts).await.map_err(text)?;
    if crm.first_start && !no_demo {
        eprintln!("First start: loading demo data …");
        if let Some(file) = &loading {
            std::fs::write(file, "").map_err(text)?;
        }
        demo::load(&crm).with_subscriber(application::log::quiet()).await.map_err(text)?;
        if let Some(file) = &loading {
            std::fs::remove_file(file).map_err(text)?;
        }
    }
    Ok(crm)
}

/// Says which stored records are being brought into their present shape, and when each migration is done.
async fn tell(crm: Embedded, pending: Vec<&'static Migration>) {
    for migration in pending {
        eprintln!("Bringing stored records into their present shape ({}): {} …", migration.name, migration.about);
        loop {
            match crm.migration_progress(migration).await {
                Ok(Some(Progress { looked, changed, failed, finished_at: Some(_), .. })) => {
                    eprintln!("Done ({}): {looked} looked at, {changed} changed, {failed} failed.", migration.name);
                    break;
                }
                Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(error) => return eprintln!("How far {} is cannot be read: {error}", migration.name),
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn wait_for_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {} _ = terminate.recv() => {} }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

fn announce(address: SocketAddr, storage: &Storage, no_demo: bool) {
    let bold = |text: &str| if std::io::stdout().is_terminal() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
    let base = format!("http://{address}/api/v1");
    println!();
    println!("  The CRM is running at {}", bold(&base));
    println!("  Documentation to read and try:  {}", bold(&format!("{base}/docs")));
    println!("  What it sends is shown at        {}", bold(&format!("http://{address}/dev/mailbox")));
    println!("  What happens behind it, at       {}", bold(&format!("http://{address}/dev/events")));
    match storage {
        Storage::Memory => println!("  The data is in memory and gone when it stops."),
        Storage::Folder(folder) => println!("  The data is in {}; remove the folder to start anew.", folder.display()),
    }
    if !no_demo {
        println!();
        println!("  Demo accounts (only here, never in a deployment), password {}:", bold(demo::PASSWORD));
        for (name, _, _, role) in demo::PEOPLE {
            println!("    {:24}{role}", demo::address(name));
        }
        println!();
        println!("  Try it in another terminal:");
        println!("    curl -s {base}/auth/login -H 'content-type: application/json' \\");
        println!("      -d '{{\"email\":\"{}\",\"password\":\"{}\"}}'", demo::address("admin"), demo::PASSWORD);
    }
    println!();
    println!("  Ctrl-C stops it.");
    println!();
}

fn announce_store(address: SocketAddr, options: &Options) {
    println!();
    println!("  The table is served at http://{address}. In another terminal:");
    println!();
    println!("    export AWS_ENDPOINT_URL=http://{address} AWS_REGION=local AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local");
    let [keys, links] = secret_files(&options.data);
    println!("    export TABLE_NAME={} SECRET_FILE={} LINKS_SECRET_FILE={}", local::TABLE, keys.display(), links.display());
    println!("    cargo lambda watch");
    println!();
}
