//! The way to the table, with a look at what passes.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What passed since it was asked last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passed {
    /// Rows that queries read.
    pub rows: u64,
    /// Items that were read one by one.
    pub gets: u64,
    /// Round trips: the longest chain of calls of which each began after the one before had ended.
    pub trips: u64,
    /// The longest chain among the calls that have ended.
    ended: u64,
}

/// An HTTP client that passes everything on and notes what passes.
///
/// The database in this process answers at once, so calls that are in flight together elsewhere would
/// come one after another. Each waits for the others once, as if it went over a wire.
#[derive(Debug, Clone)]
pub struct Probe {
    inner: SharedHttpClient,
    passed: Arc<Mutex<Passed>>,
}

impl Probe {
    /// On top of a client.
    pub fn new(inner: SharedHttpClient) -> Self {
        Self { inner, passed: Arc::default() }
    }

    /// What passed since this was asked last.
    pub fn passed(&self) -> Passed {
        std::mem::take(&mut *lock(&self.passed))
    }
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpClient for Probe {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { inner: self.inner.http_connector(settings, components), passed: self.passed.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    passed: Arc<Mutex<Passed>>,
}

/// The part of a query's answer that says how much was read.
#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "ScannedCount", default)]
    scanned: u64,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, passed) = (self.inner.clone(), self.passed.clone());
        HttpConnectorFuture::new(async move {
            let chain = {
                let mut passed = lock(&passed);
                let chain = passed.ended + 1;
                passed.trips = passed.trips.max(chain);
                chain
            };
            tokio::task::yield_now().await;
            let is_get = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".GetItem"));
            let is_query = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".Query"));
            let answer = inner.call(request).await?;
            let counted = answer.body().bytes().filter(|_| is_query).and_then(|body| serde_json::from_slice::<Counted>(body).ok());
            let mut passed = lock(&passed);
            passed.ended = passed.ended.max(chain);
            passed.gets += u64::from(is_get);
            passed.rows += counted.map_or(0, |counted| counted.scanned);
            drop(passed);
            Ok(answer)
        })
    }
}
