//! A small application with `client.js`.

use std::{future::pending, net::SocketAddr};

use axum::{
    Router,
    extract::Path,
    response::{Html, IntoResponse},
    routing::get,
};
use eventhorizon::{Horizon, Slug};
use horizon_axum::Limits;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, spawn},
};

/// A policy that allows only scripts and requests of the application itself.
const POLICY: &str = "default-src 'self'; img-src data:";

/// A running application with the pages `/page/{slug}` and the list `/`. Dropping it stops the server.
#[derive(Debug)]
pub(crate) struct ClientJsApplication {
    address: SocketAddr,
    horizon: Horizon,
    server: JoinHandle<()>,
}

impl ClientJsApplication {
    /// Starts it on a free port.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
        let app = Router::new()
            .route("/", get(async || with_policy(list())))
            .route(
                "/page/{slug}",
                get(async |Path(slug): Path<String>| with_policy(page(&slug))),
            )
            .nest("/horizon", horizon_axum::router(&horizon));
        let served = horizon.clone();
        let server = spawn(async move {
            // A failure to serve fails the test that opens a page.
            let _ = horizon_axum::serve(listener, app, Limits::default(), pending(), &served).await;
        });
        Ok(Self {
            address,
            horizon,
            server,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn metrics(&self) -> String {
        self.horizon.metrics()
    }
}

impl Drop for ClientJsApplication {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn with_policy(html: String) -> impl IntoResponse {
    ([("content-security-policy", POLICY)], Html(html))
}

fn page(slug: &str) -> String {
    let script = format!("<script type=\"module\" src=\"/horizon/client.js\" data-slug=\"{slug}\"></script>");
    let body = "<p><b data-horizon=\"viewers\">0</b> reading now, <b data-horizon=\"visits\">0</b> views</p>
        <button type=\"button\" data-horizon=\"like\">♥ <span data-horizon=\"likes\">0</span></button>";
    document(slug, &script, body)
}

/// Returns a list of the pages `hello` and `second`.
fn list() -> String {
    let script = "<script type=\"module\" src=\"/horizon/client.js\" data-slug=\"\"></script>";
    let card = |slug| {
        format!(
            "<article data-horizon-slug=\"{slug}\">
               <a href=\"/page/{slug}\">{slug}</a>: <b data-horizon=\"viewers\">0</b> reading now
             </article>"
        )
    };
    document("All pages", script, &["hello", "second"].map(card).concat())
}

fn document(title: &str, script: &str, body: &str) -> String {
    format!(
        "<!doctype html>
        <html lang=\"en\">
          <meta charset=\"utf-8\">
          <link rel=\"icon\" href=\"data:,\">
          <title>{title}</title>
          {script}
          <main><h1>{title}</h1>{body}</main>
        </html>"
    )
}
