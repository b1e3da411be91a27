//! A list of the pages that are being read now, the one with the most viewers first.
//!
//! `cargo run -p popular-now`, then open <http://127.0.0.1:3005/bread> in two browsers, and
//! <http://127.0.0.1:3005/> in a third.

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

/// The names and titles of the pages.
const RECIPES: [(&str, &str); 3] = [("bread", "Bread"), ("soup", "Soup"), ("stew", "Stew")];

/// The largest number of pages in the list.
const POPULAR: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let listener = TcpListener::bind("127.0.0.1:3005").await?;
    run(listener, horizon_axum::shutdown_signal()).await
}

async fn run(listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> Result<(), Box<dyn Error>> {
    // With `Horizon::from_urls("redis://…", "redis://…")` the list has the viewers of all servers.
    let horizon = Horizon::in_memory()
        .start(|slug: &Slug| title(slug.as_str()).is_some())
        .await?;
    let app = Router::new()
        .route("/", get(home))
        .route("/{slug}", get(recipe))
        .with_state(horizon.clone())
        .nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), shutdown, &horizon).await?)
}

fn title(slug: &str) -> Option<&'static str> {
    RECIPES.iter().find(|(name, _)| *name == slug).map(|(_, title)| *title)
}

/// Lists the pages that are being read. Escape titles and slugs that come from elsewhere.
async fn home(State(horizon): State<Horizon>) -> Html<String> {
    let mut popular = String::new();
    for page in horizon.active_pages(POPULAR).await {
        let (slug, viewers) = (page.slug.as_str(), page.viewers);
        let title = title(slug).unwrap_or(slug);
        // The script keeps the number current while the page is open.
        popular.push_str(&format!(
            "<li data-horizon-slug=\"{slug}\"><a href=\"/{slug}\">{title}</a>: \
             <b data-horizon=\"viewers\">{viewers}</b> reading now</li>\n"
        ));
    }
    let all = RECIPES.map(|(slug, title)| format!("<a href=\"/{slug}\">{title}</a>"));
    let body = format!(
        "<h2>Popular now</h2>\n<ol>\n{popular}</ol>\n<p>All recipes: {}</p>",
        all.join(", ")
    );
    Html(document("Recipes", "", &body))
}

async fn recipe(Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    let title = title(&slug).ok_or(StatusCode::NOT_FOUND)?;
    let body = "<p><b data-horizon=\"viewers\">0</b> reading now. <a href=\"/\">All recipes</a></p>";
    Ok(Html(document(title, &format!(" data-slug=\"{slug}\""), body)))
}

/// Returns a page. `attributes` are those of the script, which opens the page's live stream.
fn document(title: &str, attributes: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <script type=\"module\" src=\"/horizon/client.js\"{attributes}></script>\n<h1>{title}</h1>\n{body}\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use horizon_test_support::{http, wait_until};
    use tokio::sync::oneshot;

    use super::*;

    const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
    const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");

    /// Reads the list until it has these pages with these viewers.
    async fn wait_for_list(server: SocketAddr, expected: &[(&str, &str, u64)]) -> anyhow::Result<()> {
        let row = |(slug, title, viewers): &(&str, &str, u64)| {
            format!(
                "<li data-horizon-slug=\"{slug}\"><a href=\"/{slug}\">{title}</a>: \
                 <b data-horizon=\"viewers\">{viewers}</b> reading now</li>\n"
            )
        };
        let expected = format!("<ol>\n{}</ol>", expected.iter().map(row).collect::<String>());
        let probe = async || {
            let page = http::get(server, "/").await?.text();
            anyhow::ensure!(page.contains(&expected), "the page is {page}");
            Ok(())
        };
        wait_until("the list is up to date", probe).await
    }

    #[tokio::test]
    async fn the_list_has_the_pages_with_the_most_viewers_first() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move { run(listener, async { drop(stopped.await) }).await.is_ok() });

        wait_for_list(address, &[]).await.unwrap();
        let open = async |page: &str, agent| {
            let path = format!("/horizon/live/{page}");
            let mut stream = http::open_stream(address, &path, &[agent]).await.unwrap();
            stream.read_until("event: live").await.unwrap();
            stream
        };
        let soup = open("soup", FIREFOX).await;
        let others = [open("stew", FIREFOX).await, open("stew", SAFARI).await];
        let both = [("stew", "Stew", 2), ("soup", "Soup", 1)];
        wait_for_list(address, &both).await.unwrap();
        drop(others);
        wait_for_list(address, &both[1..]).await.unwrap();

        drop(soup);
        stop.send(()).unwrap();
        assert!(server.await.unwrap());
    }
}
