//! The way to the table, with a look at what passes.

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An HTTP client that passes everything on and counts the rows that queries read.
///
/// The database in this process answers at once, so calls that are in flight together elsewhere would
/// come one after another. Each waits for the others once, as if it went over a wire.
#[derive(Debug, Clone)]
pub struct Probe {
    inner: SharedHttpClient,
    rows: Arc<AtomicU64>,
}

impl Probe {
    /// On top of a client.
    pub fn new(inner: SharedHttpClient) -> Self {
        Self { inner, rows: Arc::default() }
    }

    /// How many rows queries read since this was asked last.
    pub fn rows(&self) -> u64 {
        self.rows.swap(0, Ordering::Relaxed)
    }
}

impl HttpClient for Probe {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { inner: self.inner.http_connector(settings, components), rows: self.rows.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    rows: Arc<AtomicU64>,
}

/// The part of a query's answer that says how much was read.
#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "ScannedCount", default)]
    scanned: u64,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, rows) = (self.inner.clone(), self.rows.clone());
        HttpConnectorFuture::new(async move {
            tokio::task::yield_now().await;
            let is_query = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".Query"));
            let answer = inner.call(request).await?;
            let counted = answer.body().bytes().filter(|_| is_query).and_then(|body| serde_json::from_slice::<Counted>(body).ok());
            rows.fetch_add(counted.map_or(0, |counted| counted.scanned), Ordering::Relaxed);
            Ok(answer)
        })
    }
}
