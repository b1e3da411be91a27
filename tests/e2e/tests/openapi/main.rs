//! The OpenAPI document and the server agree: schemathesis sends what the document allows and what it forbids, and
//! compares every response with it, with all of its checks.

use std::{
    env,
    ffi::OsStr,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use axum::{Router, body::Body, extract::Request, middleware, middleware::Next, response::Response};
use eventhorizon::{Horizon, Rate, Slug};
use futures::StreamExt as _;
use horizon_axum::Limits;
use tokio::{net::TcpListener, process::Command, sync::oneshot, task::JoinHandle, time::timeout};

/// The seed of the generated requests, so that a failure can be repeated.
const SEED: &str = "20261129";

/// The largest number of generated requests for each operation and phase.
const MAX_EXAMPLES: &str = "15";

/// The time limit of the run: five minutes. It takes half a minute on an idle machine.
const RUN_TIMEOUT: Duration = Duration::from_secs(300);

/// More comments, likes and events than a run sends.
const MANY: u32 = 1_000_000;

/// The token for the reports.
const REPORTS_TOKEN: &str = "a token for the reports";

/// When a live stream ends: 100 ms after its head. Schemathesis reads complete responses, and a live stream has no end.
const STREAM_LIMIT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn the_openapi_document_and_the_server_agree() -> anyhow::Result<()> {
    let schemathesis = schemathesis()?;
    let (address, stop, server) = start().await?;
    let folder = tempfile::tempdir()?;
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi");
    let output = Command::new(schemathesis)
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", hooks)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["run", &format!("http://{address}/horizon/openapi.json")])
        .args(["--url", &format!("http://{address}/horizon")])
        .args([
            "--checks",
            "all",
            "--mode",
            "all",
            "--seed",
            SEED,
            "--max-examples",
            MAX_EXAMPLES,
        ])
        .args(["--header", &format!("Authorization: Bearer {REPORTS_TOKEN}")])
        .args(["--request-timeout", "20", "--continue-on-failure", "--warnings", "off"])
        .kill_on_drop(true)
        .output();
    let output = timeout(RUN_TIMEOUT, output)
        .await
        .context("schemathesis does not end")??;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ensure!(output.status.success(), "{text}");
    ensure!(text.contains("Tested: "), "{text}");
    drop(stop);
    Ok(server.await??)
}

/// Returns the program that `cargo xtask test` installs.
fn schemathesis() -> anyhow::Result<PathBuf> {
    let this = env::current_exe()?;
    let target = this
        .ancestors()
        .find(|folder| folder.file_name() == Some(OsStr::new("target")));
    let target = target.context("the tests are in `target`")?;
    let program = target.join("schemathesis/bin/schemathesis");
    ensure!(
        program.is_file(),
        "{} is missing: run `cargo xtask test`, which installs it",
        program.display()
    );
    Ok(program)
}

/// Starts a site on which every page exists, without limits for this network.
async fn start() -> anyhow::Result<(SocketAddr, oneshot::Sender<()>, JoinHandle<std::io::Result<()>>)> {
    let unlimited = Rate::new(u32::MAX, u32::MAX);
    let horizon = Horizon::in_memory()
        .configure(|config| {
            let rates = &mut config.rates;
            (rates.comments, rates.likes, rates.events, rates.live_streams) =
                (unlimited, unlimited, unlimited, unlimited);
            let limits = &mut config.network_limits;
            (limits.comments, limits.likes, limits.likes_without_visit, limits.events) = (MANY, MANY, MANY, MANY);
        })
        .reports_token(REPORTS_TOKEN)?
        .start(|_: &Slug| true)
        .await?;
    let router = horizon_axum::router(&horizon).layer(middleware::from_fn(end_streams));
    let app = Router::new().nest("/horizon", router);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        horizon_axum::serve(listener, app, Limits::default(), stopped, &horizon).await
    });
    Ok((address, stop, server))
}

/// Ends live streams early.
async fn end_streams(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_live = path.starts_with("/live") || path == "/dashboard/live";
    let response = next.run(request).await;
    if !is_live {
        return response;
    }
    let (parts, body) = response.into_parts();
    let end = Box::pin(tokio::time::sleep(STREAM_LIMIT));
    Response::from_parts(parts, Body::from_stream(body.into_data_stream().take_until(end)))
}
