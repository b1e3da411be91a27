//! The routes of all mutant web nodes, and the web nodes with an embedded accumulator.

use std::io::{Write, stderr, stdout};

use anyhow::Context;
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use eventhorizon::{Builder, Horizon, Secret};
use horizon_axum::Limits;
use horizon_backend::{ProgramKind, StoreUrl, shutdown_signal, start_log};
use horizon_core::Slug;
use rusqlite::Connection;
use tokio::net::TcpListener;

use super::MutantOptions;
use crate::{cluster::SLUGS, mutant::FaultMutant};

/// Runs a web node with an embedded accumulator and the defect.
pub(crate) async fn embedded(options: &MutantOptions) -> anyhow::Result<()> {
    let _log = start_log();
    let urls = options.urls(ProgramKind::Application)?;
    if options.mutant == FaultMutant::InitializesForeignFile {
        initialize(urls.store())?;
    }
    let horizon = start(
        options,
        Horizon::from_parsed_urls(urls.bus().clone(), urls.store().clone())?,
    )
    .await?;
    let app = router(&horizon);
    let app = match options.mutant {
        FaultMutant::BlocksOnLog => app.layer(middleware::from_fn(log_and_wait)),
        FaultMutant::PanicsOnLog => app.layer(middleware::from_fn(print)),
        _ => app,
    };
    serve(options, app, &horizon).await
}

/// Starts the backend of a web node.
pub(crate) async fn start(options: &MutantOptions, builder: Builder) -> anyhow::Result<Horizon> {
    let secret = options.secret.as_ref().context("HORIZON_SECRET is not set")?;
    let proxy = "127.0.0.1/32".parse()?;
    let horizon = builder
        .secret(Secret::new(&secret.0)?)
        .time_zone(options.time_zone.clone())
        .configure(|config| config.trusted_proxies.push(proxy))
        .start(|slug: &Slug| SLUGS.contains(&slug.as_str()));
    Ok(horizon.await?)
}

/// Returns the routes that the fault run uses.
pub(crate) fn router(horizon: &Horizon) -> Router {
    Router::new()
        .route("/healthz", get(async || "the process answers\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/blog/{slug}", get(async || "an article"))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(horizon))
}

/// Serves until shutdown.
pub(crate) async fn serve(options: &MutantOptions, app: Router, horizon: &Horizon) -> anyhow::Result<()> {
    let listener = TcpListener::bind(options.addr).await?;
    writeln!(stdout(), "The mutant is at http://{}", listener.local_addr()?)?;
    horizon_axum::serve(listener, app, Limits::default(), shutdown_signal(), horizon).await?;
    Ok(())
}

async fn ready(State(horizon): State<Horizon>) -> impl IntoResponse {
    match horizon.ready().await {
        Ok(sentence) => (StatusCode::OK, format!("{sentence}\n")),
        Err(problems) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problems}\n")),
    }
}

async fn metrics(State(horizon): State<Horizon>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], horizon.metrics() + "# EOF\n")
}

/// Writes a long line for each request and waits until it is written.
async fn log_and_wait(request: Request, next: Next) -> Response {
    // Errors are ignored, but a full pipe blocks.
    let _ = writeln!(stderr(), "{} {}", request.uri(), ".".repeat(4_096));
    next.run(request).await
}

/// Prints a line for each request.
#[expect(clippy::print_stderr, reason = "the panic on an error is the defect")]
async fn print(request: Request, next: Next) -> Response {
    eprintln!("{}", request.uri());
    next.run(request).await
}

/// Initialises a database without checking whose it is.
fn initialize(store: &StoreUrl) -> anyhow::Result<()> {
    if let StoreUrl::Sqlite(file) = store {
        let database = Connection::open(file)?;
        database.execute_batch("PRAGMA application_id = 1; PRAGMA journal_mode = WAL; VACUUM;")?;
    }
    Ok(())
}
