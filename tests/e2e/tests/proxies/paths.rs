//! An application whose pages are named by their paths, behind the proxy.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, ensure};
use axum::Router;
use eventhorizon::{Horizon, Slug};
use horizon_axum::Limits;
use horizon_test_support::{http, raw};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};

use crate::site::{BROWSER, MAX_ATTEMPTS, ProxyProcess, ProxySetup, is_port_in_use};

/// The page, and its path as browsers send it.
const PAGE: &str = "docs/a b/é";
const PATH: &str = "docs/a%20b/%C3%A9";

/// Checks that the proxy passes on the paths of pages unchanged.
pub(crate) async fn check(setup: &ProxySetup) -> anyhow::Result<()> {
    let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == PAGE).await?;
    let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let upstream = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        horizon_axum::serve(listener, app, Limits::default(), stopped, &horizon).await
    });
    let (proxy, process) = start(setup, upstream).await?;
    let checked = check_paths(proxy).await;
    drop((process, stop));
    server.await??;
    checked
}

/// Starts the proxy. Tries again if another process took its port in between.
async fn start(setup: &ProxySetup, upstream: SocketAddr) -> anyhow::Result<(SocketAddr, ProxyProcess)> {
    let mut attempt = 1;
    loop {
        let proxy = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        match ProxyProcess::start(setup, proxy, upstream).await {
            Ok(process) => return Ok((proxy, process)),
            Err(error) if attempt < MAX_ATTEMPTS && is_port_in_use(&error) => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn check_paths(proxy: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(proxy).await?;
    let head = format!("GET /horizon/live/{PATH} HTTP/1.1\r\nHost: {proxy}\r\nUser-Agent: {BROWSER}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    raw::read_until(&mut stream, "\"viewers\":1")
        .await
        .context("the stream")?;
    let path = format!("/horizon/likes/{PATH}");
    let liked = http::send(proxy, http::Method::PUT, &path, &[], "").await?;
    ensure!(liked.status == 200 && liked.json()?["likes"] == 1, "{liked:?}");
    raw::read_until(&mut stream, "\"likes\":1")
        .await
        .context("the like on the stream")?;
    // Some proxies refuse encoded slashes themselves.
    let encoded = http::get(proxy, "/horizon/stats/docs%2Fa%20b/%C3%A9").await?;
    ensure!(matches!(encoded.status.as_u16(), 400 | 404), "{encoded:?}");
    Ok(())
}
