//! How an AWS client is made.
//!
//! Owns: the SDK configuration shared by all clients, built by hand from the environment that
//! Lambda sets: no provider chain, no profile files, five trusted roots instead of the system's
//! list. (Reading the system's certificates costs 19 M instructions at every cold start.)
//! Does not own: any service; each crate makes its own client from [`Sdk::config`].

mod secrets;

#[cfg(feature = "secrets")]
pub use secrets::SecretsManager;
pub use secrets::{SecretFile, Secrets, SecretsError};

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The roots that AWS service endpoints chain to (<https://www.amazontrust.com/repository/>):
/// Amazon Root CA 1 to 4 and Starfield Services Root G2.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

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
    /// An answer could not be delivered.
    #[error("the answer could not be delivered: {0}")]
    Put(String),
}

/// Something that is made when it is first used.
pub type OnUse<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// The SDK configuration of this process.
#[derive(Debug, Clone)]
pub struct Sdk {
    config: SdkConfig,
}

impl Sdk {
    /// From the environment: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, and where set `AWS_ENDPOINT_URL` and `AWS_CA_BUNDLE`.
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
        let client = http_client(endpoint.as_deref().unwrap_or("https://"))?;
        Ok(Self::new(client, &read("AWS_REGION")?, credentials, endpoint.as_deref()))
    }

    /// On a given connection, with placeholder credentials: the embedded table.
    ///
    /// Each is in a region of its own. The SDK counts by region how often a process may still try
    /// again, and here many functions are one process: none may use up what another has left.
    pub fn local(client: SharedHttpClient) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let credentials = Credentials::new("local", "local", None, None, "local");
        let region = format!("local-{}", MADE.fetch_add(1, Ordering::Relaxed));
        Self::new(client, &region, credentials, Some("http://127.0.0.1"))
    }

    fn new(client: SharedHttpClient, region: &str, credentials: Credentials, endpoint: Option<&str>) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_attempt_timeout(Duration::from_secs(5)).build();
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

    /// A service's client that is made when it is first used: making one costs a million instructions,
    /// which a cold start need not pay for a service that the first request may not call.
    pub fn on_use<T: 'static>(&self, make: fn(&SdkConfig) -> T) -> OnUse<T> {
        let config = self.config.clone();
        LazyLock::new(Box::new(move || make(&config)))
    }

    /// What a service client is made from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

/// A connection for addresses like this one: a plain endpoint (an emulator) needs no TLS at all.
pub fn http_client(address: &str) -> Result<SharedHttpClient, Error> {
    if address.starts_with("http://") { Ok(Builder::new().build_http()) } else { https(std::env::var("AWS_CA_BUNDLE").ok()) }
}

/// Sends a text with PUT to an address that was signed beforehand.
pub async fn put(address: &str, body: String) -> Result<(), Error> {
    let failed = |cause: String| Error::Put(cause);
    let connector = if address.starts_with("http://") {
        Connector::builder().build_http()
    } else {
        Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(trust(std::env::var("AWS_CA_BUNDLE").ok())?).build()
    };
    let mut request = HttpRequest::empty();
    request.set_method("PUT").map_err(|e| failed(e.to_string()))?;
    request.set_uri(address).map_err(|e| failed(e.to_string()))?;
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = body.into();
    let answer = connector.call(request).await.map_err(|e| failed(format!("{e:?}")))?;
    if answer.status().is_success() { Ok(()) } else { Err(failed(format!("answered {}", answer.status().as_u16()))) }
}

fn https(bundle: Option<String>) -> Result<SharedHttpClient, Error> {
    let context = trust(bundle)?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

fn trust(bundle: Option<String>) -> Result<TlsContext, Error> {
    let pem = match bundle {
        Some(path) => std::fs::read(&path).map_err(|cause| Error::Bundle { path, cause })?,
        None => AMAZON_ROOTS.as_bytes().to_vec(),
    };
    let trust = TrustStore::empty().with_pem_certificate(pem);
    TlsContext::builder().with_trust_store(trust).build().map_err(|e| Error::Tls(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_make_a_client() {
        assert_eq!(AMAZON_ROOTS.matches("BEGIN CERTIFICATE").count(), 5);
        assert!(https(None).is_ok());
    }

    #[test]
    fn a_missing_bundle_is_named() {
        let error = https(Some("/nowhere.pem".into())).expect_err("no file");
        assert!(error.to_string().contains("/nowhere.pem"));
    }
}
