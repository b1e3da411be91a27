//! A small axum application with live viewers, visits, likes, reactions and comments on its two pages.
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
use horizon_axum::{
    Horizon, Limits, Slug,
    eventhorizon::{Decision, EventKind, ProposedEvent},
};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("page.html");

/// The names of the application's own events, which the buttons of the page send.
const REACTIONS: [&str; 2] = ["👍", "🎉"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let listener = TcpListener::bind("127.0.0.1:3001").await?;
    run(listener, horizon_axum::shutdown_signal()).await
}

async fn run(listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> Result<(), Box<dyn Error>> {
    // In production: `Horizon::from_urls("memory:", "sqlite:numbers.db")?`, and nothing else changes.
    let horizon = Horizon::in_memory().event_policy(policy).start(is_page).await?;
    let app = Router::new()
        .route("/{slug}", get(page))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), shutdown, &horizon).await?)
}

/// Returns whether there is such a page. Called for every request.
fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

/// Accepts no events with other names than those of the reactions.
fn policy(proposed: &ProposedEvent<'_>) -> Decision {
    match proposed.kind {
        EventKind::Custom { name, .. } if !REACTIONS.contains(&name.as_str()) => {
            Decision::Reject("There is no such reaction.".into())
        }
        _ => Decision::Accept,
    }
}

/// Renders a page with its current numbers.
async fn page(State(horizon): State<Horizon>, Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    let slug = horizon.page(&slug).await.map_err(|problem| problem.status())?;
    let numbers = horizon.stats(&[slug.clone().into()]).await;
    let numbers = numbers.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let numbers = numbers.into_iter().next().unwrap_or_default();
    let html = REACTIONS.iter().fold(PAGE.to_owned(), |html, name| {
        html.replace(&format!("{{{name}}}"), &numbers.events.get(name).to_string())
    });
    let html = html
        .replace("{slug}", slug.as_str())
        .replace("{viewers}", &numbers.viewers.to_string())
        .replace("{visits}", &numbers.visits.to_string())
        .replace("{likes}", &numbers.likes.to_string())
        .replace("{comments}", &numbers.comments.to_string());
    Ok(Html(html))
}

#[cfg(test)]
mod tests {
    use horizon_test_support::http;
    use tokio::sync::oneshot;

    use super::*;

    const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
    const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");

    #[tokio::test]
    async fn a_viewer_sees_another_viewer_join_and_leave() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move { run(listener, async { drop(stopped.await) }).await.is_ok() });

        let live = "/horizon/live/bread";
        let mut first = http::open_stream(address, live, &[FIREFOX]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();
        let second = http::open_stream(address, live, &[SAFARI]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":2").await.unwrap();
        let page = http::get(address, "/bread").await.unwrap();
        assert!(page.text().contains("<b data-horizon=\"viewers\">2</b>"));
        drop(second);
        first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();

        stop.send(()).unwrap();
        assert!(server.await.unwrap());
    }

    #[tokio::test]
    async fn readers_see_reactions_at_once_and_only_the_known_ones() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move { run(listener, async { drop(stopped.await) }).await.is_ok() });

        let mut reader = http::open_stream(address, "/horizon/live/bread", &[SAFARI])
            .await
            .unwrap();
        let react = async |name: &str| {
            let body = format!("{{\"name\":\"{name}\"}}").into_bytes();
            let headers = [FIREFOX, ("content-type", "application/json")];
            let path = "/horizon/events/bread";
            http::send(address, http::Method::POST, path, &headers, body)
                .await
                .unwrap()
        };
        assert_eq!(react("🎉").await.text(), "{\"name\":\"🎉\",\"count\":1}");
        reader.read_until("\"events\":{\"🎉\":1}").await.unwrap();
        assert_eq!(react("👎").await.status, 403);
        let page = http::get(address, "/bread").await.unwrap().text();
        assert!(page.contains("data-horizon-count=\"🎉\">1<") && page.contains("data-horizon-count=\"👍\">0<"));

        drop(reader);
        stop.send(()).unwrap();
        assert!(server.await.unwrap());
    }
}
