//! Metrics and health, for the machines that look after a controller: no login, and nothing in them that needs one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::State;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::ServeError;
use crate::metrics::Metrics;

/// The form of what Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics and health that are being served, until it is dropped.
#[derive(Debug)]
pub struct Probes {
    /// Where.
    pub address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Probes {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[derive(Clone)]
struct Shown {
    state: watch::Receiver<Arc<State>>,
    metrics: Arc<Metrics>,
}

/// Serves `/metrics` (`OpenMetrics`), `/healthz` (200 while the program works) and `/readyz` (200 once the cluster's
/// sources and Kustomizations have been read; 503 before, and while a standby waits for its turn).
///
/// # Errors
/// The port is taken or may not be used.
pub async fn serve_probes(state: watch::Receiver<Arc<State>>, address: SocketAddr) -> Result<Probes, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shown = Shown { state: state.clone(), metrics: Arc::new(Metrics::new()) };
    let metrics = shown.metrics.clone();
    let observing = tokio::spawn(async move {
        let mut state = state;
        while state.changed().await.is_ok() {
            let state = state.borrow_and_update().clone();
            metrics.observe(&state);
        }
    });
    let router = Router::new()
        .route("/metrics", get(read_metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readiness))
        .with_state(shown);
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(Probes { address, tasks: [observing, serving] })
}

async fn read_metrics(Extract(shown): Extract<Shown>) -> Response {
    let state = shown.state.borrow().clone();
    match shown.metrics.text(&state) {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn readiness(Extract(shown): Extract<Shown>) -> Response {
    if shown.state.borrow().synced {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the cluster's sources and Kustomizations have not been read yet\n")
        .into_response()
}
