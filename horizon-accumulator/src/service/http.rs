//! `/healthz`, `/readyz` and `/metrics`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use horizon_backend::ReadinessCheck;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::metrics::ServiceMetrics;

/// The maximum number of open connections: 64. Others wait.
const MAX_CONNECTIONS: usize = 64;

/// How long a connection may last, with its one request: 10 seconds.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long open connections may last after shutdown: 1 second.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The wait after a failed accept, usually because the process has too many open files: 200 ms.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

#[derive(Clone, Debug)]
pub(crate) struct HttpState {
    readiness: Arc<ReadinessCheck>,
    metrics: Arc<ServiceMetrics>,
}

impl HttpState {
    pub(crate) fn new(readiness: ReadinessCheck, metrics: Arc<ServiceMetrics>) -> Self {
        let readiness = Arc::new(readiness);
        Self { readiness, metrics }
    }
}

/// Serves until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, state: HttpState, shutdown: impl Future<Output = ()>) {
    let router = router(state);
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted, retrying");
                    sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve_connection(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Ok(Err(error)) = timeout(CONNECTION_TIMEOUT, connection).await {
        tracing::debug!(%error, "a connection failed");
    }
}

fn router(state: HttpState) -> Router {
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

async fn ready(State(state): State<HttpState>) -> impl IntoResponse {
    match state.readiness.check().await {
        Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
        Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
    }
}

async fn metrics(State(state): State<HttpState>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], state.metrics.encode())
}
