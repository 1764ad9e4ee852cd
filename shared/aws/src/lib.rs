//! How an AWS client is made.
//!
//! Owns: the SDK configuration shared by all clients, built by hand from the environment that
//! Lambda sets: no provider chain, no profile files, five trusted roots instead of the system's
//! list. (Reading the system's certificates costs 19 M instructions at every cold start.)
//! Does not own: any service; each crate makes its own client from [`Sdk::config`].

mod connection;
mod objects;
pub mod partition;
mod secrets;

pub use connection::{http_client, put};
#[cfg(feature = "objects")]
pub use objects::Bucket;
pub use objects::{Objects, ObjectsError};
#[cfg(feature = "secrets")]
pub use secrets::SecretsManager;
pub use secrets::{SecretFile, Secrets, SecretsError};

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What failed and why, in words. The answer itself, which the SDK's own account of an error repeats, may hold a secret or
/// somebody's data.
pub fn cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A variable that Lambda sets is missing.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// The file named by `AWS_CA_BUNDLE` could not be read.
    #[error("AWS_CA_BUNDLE {path} cannot be read: {cause}")]
    Bundle {
        /// The file.
        path: String,
        /// The reason.
        cause: std::io::Error,
    },
    /// The certificates were refused.
    #[error("the trusted certificates cannot be used: {0}")]
    Tls(String),
    /// The file named by `SMITHY_CLIENT_SDK_CUSTOM_PARTITION` could not be written.
    #[error("the partition {file} cannot be written: {cause}")]
    Partition {
        /// The file.
        file: String,
        /// The reason.
        cause: std::io::Error,
    },
    /// An answer could not be delivered.
    #[error("the answer could not be delivered: {0}")]
    Put(String),
    /// What was asked for did not come.
    #[error("it could not be read: {0}")]
    Get(String),
}

/// How long a call to AWS may take: one attempt, and all of them together.
#[derive(Debug, Clone, Copy)]
struct Patience {
    attempt: Duration,
    call: Duration,
}

/// All attempts of a call, seconds: less than a route's function may take, so that it has the time to say what did not
/// answer.
pub const CALL_SECONDS: u64 = 7;
const PATIENCE: Patience = Patience { attempt: Duration::from_secs(3), call: Duration::from_secs(CALL_SECONDS) };
/// A call that is made once: five of them fit into a worker's minute.
const ONCE: Duration = Duration::from_secs(10);
/// The embedded table answers or fails at once, but on a busy machine.
const LOCAL_PATIENCE: Patience = Patience { attempt: Duration::from_secs(5), call: Duration::from_secs(20) };

/// Something that is made when it is first used.
pub type OnUse<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// The SDK configuration of this process.
#[derive(Debug, Clone)]
pub struct Sdk {
    config: SdkConfig,
}

impl Sdk {
    /// From the environment: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, and where set `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE` and [`partition::FILE`].
    pub fn from_environment() -> Result<Self, Error> {
        let read = |name: &'static str| std::env::var(name).map_err(|_| Error::Missing(name));
        let credentials = Credentials::new(
            read("AWS_ACCESS_KEY_ID")?,
            read("AWS_SECRET_ACCESS_KEY")?,
            std::env::var("AWS_SESSION_TOKEN").ok(),
            None,
            "lambda-environment",
        );
        let endpoint = std::env::var("AWS_ENDPOINT_URL").ok();
        partition::from_environment()?;
        Ok(Self::new(http_client()?, &read("AWS_REGION")?, credentials, endpoint.as_deref(), PATIENCE))
    }

    /// On a given connection, with placeholder credentials: the embedded table.
    ///
    /// Each is in a region of its own. The SDK counts by region how often a process may still try
    /// again, and here many functions are one process: none may use up what another has left.
    pub fn local(client: SharedHttpClient) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let credentials = Credentials::new("local", "local", None, None, "local");
        let region = format!("local-{}", MADE.fetch_add(1, Ordering::Relaxed));
        Self::new(client, &region, credentials, Some("http://127.0.0.1"), LOCAL_PATIENCE)
    }

    /// The same for what must not be done twice: one attempt that is waited for, and whoever asked tries again.
    #[must_use]
    pub fn once(&self) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ONCE).operation_timeout(ONCE).build();
        Self { config: self.config.clone().into_builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts).build() }
    }

    fn new(client: SharedHttpClient, region: &str, credentials: Credentials, endpoint: Option<&str>, patience: Patience) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience.attempt).operation_timeout(patience.call).build();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .http_client(client)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(aws_smithy_async::time::SystemTimeSource::new())
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(timeouts);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { config: config.build() }
    }

    /// A service's client that is made when it is first used: a cold start need not pay for a service that
    /// the first request may not call.
    pub fn on_use<T: 'static>(&self, make: fn(&SdkConfig) -> T) -> OnUse<T> {
        let config = self.config.clone();
        LazyLock::new(Box::new(move || make(&config)))
    }

    /// What a service client is made from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}
