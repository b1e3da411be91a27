//! A small axum application with live readers, visits, likes and comments on its two pages.
//!
//! `cargo run -p embed-axum`, then open <http://127.0.0.1:3001/bread> in two browsers.

use std::{error::Error, future::Future};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Html,
    routing::get,
};
use horizon_axum::{Horizon, Limits, Slug};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("page.html");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let listener = TcpListener::bind("127.0.0.1:3001").await?;
    run(listener, horizon_axum::shutdown_signal()).await
}

async fn run(listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> Result<(), Box<dyn Error>> {
    // In production: `Horizon::from_urls("memory:", "sqlite:numbers.db")?`, and nothing else changes.
    let horizon = Horizon::in_memory().start(is_page).await?;
    let app = Router::new()
        .route("/{slug}", get(page))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), shutdown, &horizon).await?)
}

/// Which pages there are. It is asked on every request.
fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

/// A page that already has its numbers when it arrives.
async fn page(State(horizon): State<Horizon>, Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    let slug = horizon.page(&slug).map_err(|problem| problem.status())?;
    let numbers = horizon.stats(&[slug.clone().into()]).await;
    let numbers = numbers.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let numbers = numbers.first().copied().unwrap_or_default();
    let html = PAGE
        .replace("{slug}", slug.as_str())
        .replace("{viewers}", &numbers.viewers.to_string())
        .replace("{visits}", &numbers.visits.to_string())
        .replace("{likes}", &numbers.likes.to_string())
        .replace("{comments}", &numbers.comments.to_string());
    Ok(Html(html))
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, time::Duration};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::oneshot,
        time::timeout,
    };

    use super::*;

    async fn open(address: SocketAddr, path: &str, browser: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {browser}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Reads until this comes.
    async fn until(stream: &mut TcpStream, text: &str) {
        let (mut read, mut buffer) = (String::new(), [0; 1024]);
        let reading = async {
            while !read.contains(text) {
                let length = stream.read(&mut buffer).await.unwrap();
                assert!(length > 0, "the stream ended");
                read.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        };
        let came = timeout(Duration::from_secs(30), reading).await.is_ok();
        assert!(came, "{text} did not come, but {read}");
    }

    #[tokio::test]
    async fn a_second_reader_comes_and_goes_and_the_first_one_sees_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move { run(listener, async { drop(stopped.await) }).await.is_ok() });

        let live = "/horizon/live/bread";
        let mut first = open(address, live, "Mozilla/5.0 Firefox/130.0").await;
        until(&mut first, "event: live\ndata: {\"viewers\":1").await;
        let second = open(address, live, "Mozilla/5.0 Safari/605.1").await;
        until(&mut first, "event: live\ndata: {\"viewers\":2").await;
        let mut page = open(address, "/bread", "Mozilla/5.0 Safari/605.1").await;
        until(&mut page, "<b data-horizon=\"viewers\">2</b>").await;
        drop(second);
        until(&mut first, "event: live\ndata: {\"viewers\":1").await;

        stop.send(()).unwrap();
        assert!(server.await.unwrap());
    }
}
