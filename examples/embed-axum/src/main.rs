//! A small axum application with live viewers, visits, likes, reactions and comments on its two pages.
//!
//! `cargo run -p embed-axum`, then open <http://127.0.0.1:3001/bread> in two browsers.
//!
//! With a `REPORTS_TOKEN` of at least 12 characters in the environment, <http://127.0.0.1:3001/horizon/dashboard> shows
//! who reads the pages. The browser asks for the token as a password, with any user name.

use std::{env, error::Error, future::Future};

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
    let reports_token = env::var("REPORTS_TOKEN").ok();
    run(listener, reports_token, horizon_axum::shutdown_signal()).await
}

async fn run(
    listener: TcpListener,
    reports_token: Option<String>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Box<dyn Error>> {
    // In production: `Horizon::from_urls("memory:", "sqlite:numbers.db")?`, and nothing else changes.
    let mut builder = Horizon::in_memory().event_policy(policy);
    if let Some(token) = reports_token {
        builder = builder.reports_token(&token)?;
    }
    let horizon = builder.start(is_page).await?;
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
    use std::net::SocketAddr;

    use horizon_test_support::http;
    use tokio::sync::oneshot;

    use super::*;

    const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
    const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");

    /// Starts the application. Returns its address, and a future that stops it.
    async fn start(reports_token: Option<&str>) -> (SocketAddr, impl Future<Output = ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let reports_token = reports_token.map(str::to_owned);
        let shutdown = async { drop(stopped.await) };
        let server = tokio::spawn(async move { run(listener, reports_token, shutdown).await.is_ok() });
        let end = async {
            stop.send(()).unwrap();
            assert!(server.await.unwrap());
        };
        (address, end)
    }

    #[tokio::test]
    async fn a_viewer_sees_another_viewer_join_and_leave() {
        let (address, end) = start(None).await;

        let live = "/horizon/live/bread";
        let mut first = http::open_stream(address, live, &[FIREFOX]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();
        let second = http::open_stream(address, live, &[SAFARI]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":2").await.unwrap();
        let page = http::get(address, "/bread").await.unwrap();
        assert!(page.text().contains("<b data-horizon=\"viewers\">2</b>"));
        drop(second);
        first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();

        end.await;
    }

    #[tokio::test]
    async fn readers_see_reactions_at_once_and_only_the_known_ones() {
        let (address, end) = start(None).await;

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
        end.await;
    }

    #[tokio::test]
    async fn only_the_token_of_the_environment_opens_the_dashboard() {
        // `anybody:a-token-of-this-test` in base64.
        let password = ("authorization", "Basic YW55Ym9keTphLXRva2VuLW9mLXRoaXMtdGVzdA==");
        for (token, without, with) in [(None, 404, 404), (Some("a-token-of-this-test"), 401, 200)] {
            let (address, end) = start(token).await;
            let status = async |headers: &[(&str, &str)]| {
                let path = "/horizon/dashboard";
                http::status(address, http::Method::GET, path, headers).await.unwrap()
            };
            assert_eq!(
                (status(&[]).await.as_u16(), status(&[password]).await.as_u16()),
                (without, with)
            );
            end.await;
        }
    }
}
