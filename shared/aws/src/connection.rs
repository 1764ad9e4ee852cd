//! The connection to AWS: HTTP/1.1, kept open, over TLS with five trusted roots.
//!
//! Owns: what the SDK's own client (`aws-smithy-http-client`) does beside, made of the same crates: the
//! pool, how long connecting may take, what a failed call counts as when the SDK tries again. That one
//! speaks HTTP/2 as well, which no service here answers, and takes the roots as PEM text only: 0.9 MB and
//! a sixth of the instructions of a start (`docs/decisions/0022`).

use crate::Error;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as SdkConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::error::Elapsed;
use tower_service::Service;

/// The roots that AWS service endpoints chain to (<https://www.amazontrust.com/repository/>): Amazon Root
/// CA 1 to 4 and Starfield Services Root G2. The build script makes them of `amazon-roots.pem`.
const AMAZON_ROOTS: &[&[u8]] = &include!(concat!(env!("OUT_DIR"), "/roots.rs"));
/// How long connecting may take, TLS included.
const CONNECTING: Duration = Duration::from_secs(2);

type BoxError = Box<dyn StdError + Send + Sync>;

/// A connection for the SDK, to `https://` and (an emulator) `http://`. `AWS_CA_BUNDLE` names other roots.
pub fn http_client() -> Result<SharedHttpClient, Error> {
    let connection = SharedHttpConnector::new(Connection::open(bundle(), CONNECTING)?);
    Ok(http_client_fn(move |_, _| connection.clone()))
}

/// The file of trusted certificates, where one is named instead of those that are compiled in.
fn bundle() -> Option<String> {
    std::env::var("AWS_CA_BUNDLE").ok().filter(|file| !file.is_empty())
}

/// How long one attempt of [`put`] may take.
const PUTTING: Duration = Duration::from_secs(5);
/// How often [`put`] tries.
const ATTEMPTS: u32 = 3;

/// Sends a text with PUT to an address that was signed beforehand, again where that fails; the last time with the roots that
/// are compiled in, for the bundle may be what is wrong.
pub async fn put(address: &str, body: String) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        let sent = tokio::time::timeout(PUTTING, put_once(address, body.clone(), bundle().filter(|_| attempt < ATTEMPTS))).await;
        let sent = sent.unwrap_or_else(|_| Err(Error::Put(format!("no answer within {} s", PUTTING.as_secs()))));
        if sent.is_ok() || attempt == ATTEMPTS {
            return sent;
        }
        attempt += 1;
    }
}

async fn put_once(address: &str, body: String, bundle: Option<String>) -> Result<(), Error> {
    let failed = |cause: String| Error::Put(cause);
    let connection = Connection::open(bundle, CONNECTING)?;
    let mut request = HttpRequest::empty();
    request.set_method("PUT").map_err(|e| failed(e.to_string()))?;
    request.set_uri(address).map_err(|e| failed(e.to_string()))?;
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = body.into();
    let answer = connection.call(request).await.map_err(|e| failed(format!("{e:?}")))?;
    if answer.status().is_success() { Ok(()) } else { Err(failed(format!("answered {}", answer.status().as_u16()))) }
}

/// The text at an address that was signed beforehand; `None` where nothing is there (404). Whoever asked tries again.
#[cfg(feature = "objects")]
pub async fn get(address: &str) -> Result<Option<String>, Error> {
    let asked = async {
        let failed = |cause: String| Error::Get(cause);
        let connection = Connection::open(bundle(), CONNECTING)?;
        let mut request = HttpRequest::empty();
        request.set_uri(address).map_err(|e| failed(e.to_string()))?;
        let answer = connection.call(request).await.map_err(|e| failed(format!("{e:?}")))?;
        match answer.status().as_u16() {
            404 => return Ok(None),
            200 => {}
            status => return Err(failed(format!("answered {status}"))),
        }
        let body = aws_smithy_types::byte_stream::ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|e| failed(e.to_string()))?.to_vec();
        String::from_utf8(body).map(Some).map_err(|e| failed(e.to_string()))
    };
    tokio::time::timeout(GETTING, asked).await.unwrap_or_else(|_| Err(Error::Get(format!("no answer within {} s", GETTING.as_secs()))))
}

/// How long [`get`] may take: a batch of the stream has 6 MB at most.
#[cfg(feature = "objects")]
const GETTING: Duration = Duration::from_secs(20);

/// Connections to any number of hosts.
#[derive(Debug)]
struct Connection {
    client: Client<InTime, SdkBody>,
}

impl Connection {
    /// With these roots; connecting may take this long.
    fn open(bundle: Option<String>, connecting: Duration) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls(bundle)?).https_or_http().enable_http1().wrap_connector(tcp);
        // Without a timer the pool keeps connections that the other side has long closed.
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(InTime { https, connecting });
        Ok(Self { client })
    }
}

impl SdkConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let used = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || closable(&used));
        }
        let answer = self.client.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(classified)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What the SDK closes a connection with after a failed call, so that it tries again on another one.
fn closable(used: &CaptureConnection) -> Option<ConnectionMetadata> {
    used.connection_metadata().as_ref()?;
    let used = used.clone();
    let close = move || {
        if let Some(connected) = used.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(close).build())
}

/// What a failed call counts as; the SDK tries again after all but a wrong request and the unknown.
fn classified(error: legacy::Error) -> ConnectorError {
    let connecting = error.is_connect();
    let timed_out = cause::<Elapsed>(&error).is_some();
    let lost = cause::<std::io::Error>(&error).is_some();
    match cause::<hyper::Error>(&error) {
        _ if timed_out => ConnectorError::timeout(error.into()),
        Some(cause) if cause.is_timeout() => ConnectorError::timeout(error.into()),
        Some(cause) if cause.is_user() => ConnectorError::user(error.into()),
        Some(cause) if lost || cause.is_closed() || cause.is_canceled() => ConnectorError::io(error.into()),
        // The other side closed a kept connection just as the request was sent.
        Some(cause) if cause.is_incomplete_message() => ConnectorError::other(error.into(), Some(ErrorKind::TransientError)),
        None if lost || connecting => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}

/// The first error of this type among the causes.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// Connects, or fails after a while.
#[derive(Debug, Clone)]
struct InTime {
    https: HttpsConnector<HttpConnector>,
    connecting: Duration,
}

impl Service<Uri> for InTime {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let (connected, connecting) = (self.https.call(address), self.connecting);
        Box::pin(async move { tokio::time::timeout(connecting, connected).await? })
    }
}

/// TLS 1.2 and 1.3 by ring, trusting Amazon's roots or those of a bundle.
fn tls(bundle: Option<String>) -> Result<ClientConfig, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::Tls(error.to_string());
    let mut roots = RootCertStore::empty();
    match bundle {
        Some(path) => {
            let pem = std::fs::read(&path).map_err(|cause| Error::Bundle { path, cause })?;
            for root in CertificateDer::pem_slice_iter(&pem) {
                roots.add(root.map_err(|e| refused(&e))?).map_err(|e| refused(&e))?;
            }
        }
        None => {
            for root in AMAZON_ROOTS {
                roots.add(CertificateDer::from(*root)).map_err(|e| refused(&e))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|e| refused(&e))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::byte_stream::ByteStream;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A server that lets each connection be handled so; its address, and how many connections there were.
    fn server(handle: impl Fn(std::net::TcpStream) + Send + Copy + 'static) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("address").to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || handle(stream));
            }
        });
        (address, connections)
    }

    /// Answers every request of a connection.
    fn answering(mut stream: std::net::TcpStream) {
        let mut request = [0; 4096];
        while stream.read(&mut request).is_ok_and(|length| length > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("answers");
        }
    }

    /// Hears a request and hangs up.
    fn hanging_up(mut stream: std::net::TcpStream) {
        let _ = stream.read(&mut [0; 4096]);
    }

    /// Never says a word.
    fn silent(stream: std::net::TcpStream) {
        std::mem::forget(stream);
    }

    /// Fails once, then answers.
    fn failing_first(mut stream: std::net::TcpStream) {
        static HEARD: AtomicUsize = AtomicUsize::new(0);
        let status = if HEARD.fetch_add(1, Ordering::Relaxed) == 0 { "503 Slow Down" } else { "200 OK" };
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    }

    #[tokio::test]
    async fn what_is_put_is_put_again_when_that_failed() {
        let (address, connections) = server(failing_first);
        put(&format!("http://{address}/signed"), "{}".to_owned()).await.expect("put");
        assert_eq!(connections.load(Ordering::Relaxed), 2);
        let (address, connections) = server(hanging_up);
        put(&format!("http://{address}/signed"), "{}".to_owned()).await.expect_err("never answered");
        assert_eq!(connections.load(Ordering::Relaxed), 3);
    }

    fn connection() -> Connection {
        Connection::open(None, Duration::from_millis(50)).expect("opens")
    }

    fn request(address: &str) -> HttpRequest {
        let mut request = HttpRequest::empty();
        request.set_uri(address).expect("an address");
        request
    }

    #[test]
    fn the_built_in_roots_are_those_of_the_file() {
        let pem = include_bytes!("amazon-roots.pem");
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().expect("PEM");
        assert_eq!(AMAZON_ROOTS.len(), 5);
        assert_eq!(roots, AMAZON_ROOTS.iter().map(|root| CertificateDer::from(*root)).collect::<Vec<_>>());
    }

    #[test]
    fn a_bundle_replaces_them_and_a_missing_one_is_named() {
        assert!(tls(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/src/amazon-roots.pem").into())).is_ok());
        let error = tls(Some("/nowhere.pem".into())).expect_err("no file");
        assert!(error.to_string().contains("/nowhere.pem"));
    }

    #[tokio::test]
    async fn a_connection_is_kept_until_the_sdk_closes_it() {
        let (address, connections) = server(answering);
        let connection = connection();
        let capture = CaptureSmithyConnection::new();
        for _ in 0..3 {
            let mut request = request(&format!("http://{address}"));
            request.add_extension(capture.clone());
            let answer = connection.call(request).await.expect("answers").into_body();
            assert_eq!(ByteStream::new(answer).collect().await.expect("a body").into_bytes(), "ok");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
        capture.get().expect("the connection that was used").poison();
        connection.call(request(&format!("http://{address}"))).await.expect("answers");
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_may_be_tried_again_is_told_from_what_may_not() {
        let closed = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("address");
        let error = connection().call(request(&format!("http://{closed}"))).await.expect_err("nobody listens");
        assert!(error.is_io(), "{error:?}");
        let (address, _) = server(hanging_up);
        let error = connection().call(request(&format!("http://{address}"))).await.expect_err("no answer");
        assert_eq!(error.as_other(), Some(ErrorKind::TransientError), "{error:?}");
        let (address, _) = server(silent);
        let error = connection().call(request(&format!("https://{address}"))).await.expect_err("no TLS in time");
        assert!(error.is_timeout(), "{error:?}");
        let (address, _) = server(answering);
        let error = connection().call(request(&format!("https://{address}"))).await.expect_err("no TLS at all");
        assert!(error.is_io(), "{error:?}");
    }
}
