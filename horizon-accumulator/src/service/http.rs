//! What a supervisor and a scraper ask.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::metrics::Metrics;
use horizon_backend::ReadinessCheck;

/// The most connections that are open at once; further ones wait.
const CONNECTIONS: usize = 64;

/// How long a connection may last, which brings one request.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// How long open connections have to end after a shutdown.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How long to wait when the system has no more sockets to give.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// What the answers are made of.
#[derive(Debug)]
pub(crate) struct Probes {
    pub(crate) ready: ReadinessCheck,
    pub(crate) metrics: Arc<Metrics>,
}

/// Answers until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, probes: Probes, shutdown: impl Future<Output = ()>) {
    let router = router(probes);
    let mut shutdown = pin!(shutdown);
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    open.spawn(answer(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be taken right now");
                    sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    let ended = async { while open.join_next().await.is_some() {} };
    if timeout(LAST_ANSWERS, ended).await.is_err() {
        open.shutdown().await;
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Ok(Err(error)) = timeout(CONNECTION_WAIT, connection).await {
        tracing::debug!(%error, "a connection broke off");
    }
}

fn router(probes: Probes) -> Router {
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(probes))
}

async fn ready(State(probes): State<Arc<Probes>>) -> impl IntoResponse {
    match probes.ready.check().await {
        Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
        Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
    }
}

async fn metrics(State(probes): State<Arc<Probes>>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], probes.metrics.encode())
}
