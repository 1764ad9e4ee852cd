//! The HTTP front: what API Gateway does for the deployed system, on a local port.

use crate::front_event;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use lambda_http::{Body, Request, Response};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// What answers the requests: the same function that serves Lambda.
pub type Handler = Arc<dyn Fn(Request) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// The front's limits.
#[derive(Clone)]
pub struct Front {
    handler: Handler,
    /// The largest request body; Lambda takes 6 MB.
    pub max_body: usize,
    /// How long a client may take over its request head, idle time on a kept connection
    /// included.
    pub head_timeout: Duration,
    /// How long a client may take over its request body.
    pub body_timeout: Duration,
    /// How long requests under way may still take at shutdown.
    pub shutdown_limit: Duration,
    /// How many connections are open at once; further ones wait.
    pub max_connections: usize,
}

impl Front {
    /// A front for `handler` with the usual limits.
    pub fn new(handler: Handler) -> Self {
        Self {
            handler,
            max_body: 6 * 1024 * 1024,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            shutdown_limit: Duration::from_secs(10),
            max_connections: 1024,
        }
    }

    /// Serves `listener` until `shutdown` completes, then finishes the requests under way.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let graceful = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(self.max_connections));
        // Every handler holds a sender: the receiver ends when the last handler is done, also
        // one whose client has gone.
        let (working, mut idle) = mpsc::channel::<Infallible>(1);
        let mut connections = JoinSet::new();
        let limit = self.shutdown_limit;
        let front = Arc::new(self);
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (listener.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = Arc::clone(&front).connection(stream, peer.ip(), working.clone());
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        let _permit = permit;
                        // One that ended early is its client's matter.
                        let _ = connection.await;
                    });
                }
                Err(error) => {
                    application::log::fault("front", &format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        drop(working);
        let finished = async {
            graceful.shutdown().await;
            while connections.join_next().await.is_some() {}
            while idle.recv().await.is_some() {}
        };
        if tokio::time::timeout(limit, finished).await.is_err() {
            application::log::fault("front", "requests were still under way at the end of the shutdown limit");
        }
    }

    fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        working: mpsc::Sender<Infallible>,
    ) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
        // Only slower without.
        let _ = stream.set_nodelay(true);
        let head_timeout = self.head_timeout;
        let service = service_fn(move |request| {
            let (front, working) = (Arc::clone(&self), working.clone());
            async move { Ok::<_, Infallible>(front.answer(request, peer, working).await) }
        });
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(head_timeout).serve_connection(TokioIo::new(stream), service)
    }

    async fn answer(&self, request: http::Request<Incoming>, peer: IpAddr, working: mpsc::Sender<Infallible>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(status) => return closing(status),
        };
        let Some(request) = front_event::request(&parts, body, peer) else {
            return closing(StatusCode::BAD_REQUEST);
        };
        if let Some(page) = crate::dev::answer(&request) {
            return written(page);
        }
        let handler = Arc::clone(&self.handler);
        // On its own task, so that a panic stays there and a client that leaves does not cut
        // the handler short, as it would not in Lambda.
        let work = tokio::spawn(async move {
            let _working = working;
            handler(request).await
        });
        match work.await {
            Ok(response) => written(response),
            Err(error) => {
                application::log::fault("front", &format!("a request handler failed: {error}"));
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// Reads the body; one that is too large is read on for a while, because a client that is
    /// still sending would not see the answer.
    async fn read(&self, body: Incoming) -> Result<Bytes, StatusCode> {
        let patience = self.max_body.saturating_mul(4);
        if body.size_hint().lower() > patience as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let read = async {
            let (mut body, mut kept, mut total) = (body, BytesMut::new(), 0);
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                total += data.len();
                if total <= self.max_body {
                    kept.extend_from_slice(&data);
                } else if total > patience {
                    break;
                } else {
                    kept = BytesMut::new();
                }
            }
            if total > self.max_body {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            Ok(kept.freeze())
        };
        let read = tokio::time::timeout(self.body_timeout, read).await;
        read.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
    }
}

/// The handler's response, less what only the connection can know.
fn written(response: Response<Body>) -> Response<Full<Bytes>> {
    let mut response = response.map(|body| match body {
        Body::Text(text) => Full::from(text),
        Body::Binary(bytes) => Full::from(bytes),
        _ => Full::default(),
    });
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        response.headers_mut().remove(name);
    }
    response
}

/// API Gateway's own answer, e.g. `{"message":"Internal Server Error"}`.
fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = serde_json::json!({ "message": reason }).to_string();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The same, ending the connection, whose request may not have been read to its end.
fn closing(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = plain(status);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
