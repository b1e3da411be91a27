//! The application that the pages belong to. All that the tests know of it is [`host`] and [`Site`].

use std::{io, net::SocketAddr, sync::Arc, time::SystemTime};

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use horizon_axum::{Config, Horizon, Limits, Moderation, Ports, Secret};
use horizon_core::{Slug, Timestamp};
use horizon_memory::{LocalPresence, MemoryPipe, MemoryStats};
use horizon_web_tests::Host;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

const PAGE: &str = include_str!("page.html");

/// Only what comes from the application itself may run or be asked for.
const POLICY: &str = "default-src 'self'; img-src data:";

/// A running application; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Site {
    address: SocketAddr,
    server: JoinHandle<io::Result<()>>,
    stop: oneshot::Sender<()>,
}

/// Starts an application with the router at `/horizon` and with these pages:
/// `/page/{slug}` whose script names the slug, `/view/{slug}` whose `main` does, and `/` that is none of them.
pub(crate) async fn host(address: SocketAddr) -> anyhow::Result<Site> {
    start(address, Moderation::After).await
}

/// The same where comments wait to be approved.
pub(crate) async fn moderated_host() -> anyhow::Result<Site> {
    start(SocketAddr::from(([127, 0, 0, 1], 0)), Moderation::First).await
}

async fn start(address: SocketAddr, moderation: Moderation) -> anyhow::Result<Site> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let store = Arc::new(MemoryStats::new());
    let (pipe, feed) = MemoryPipe::new(store.clone());
    tokio::spawn(horizon_accumulator::run(
        feed,
        store.clone(),
        now,
        std::future::pending(),
    ));
    let ports = Ports {
        presence: Arc::new(LocalPresence::default()),
        analytics: Arc::new(pipe),
        stats: store.clone(),
        comments: store.clone(),
        salts: store,
    };
    let mut config = Config::new(Secret::random()?);
    config.moderation = moderation;
    let horizon = Horizon::new(ports, Arc::new(|_: &Slug| true), config);
    let app = Router::new()
        .route("/", get(async || page("", "", "")))
        .route(
            "/page/{slug}",
            get(async |Path(slug): Path<String>| page(&slug, &slug, "")),
        )
        .route(
            "/view/{slug}",
            get(async |Path(slug): Path<String>| page(&slug, "", &slug)),
        )
        .nest("/horizon", horizon.router());
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        horizon_axum::serve(listener, app, Limits::default(), stopped, &horizon).await
    });
    Ok(Site { address, server, stop })
}

impl Site {
    /// Ends it and every connection to it.
    pub(crate) async fn shutdown(self) -> anyhow::Result<()> {
        drop(self.stop);
        Ok(self.server.await??)
    }
}

impl Host for Site {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn log(&self) -> String {
        String::new()
    }
}

fn page(title: &str, script: &str, main: &str) -> impl IntoResponse + use<> {
    let named = |name: &str, slug: &str| {
        if slug.is_empty() {
            String::new()
        } else {
            format!("{name}=\"{slug}\"")
        }
    };
    let script = named("data-slug", script);
    let script = format!("<script type=\"module\" src=\"/horizon/client.js\" {script}></script>");
    let html = PAGE
        .replace("{slug}", title)
        .replace("{script}", &script)
        .replace("{main}", &named("data-horizon-slug", main));
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html))
}

fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
