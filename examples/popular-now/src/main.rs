//! Lists of the pages that are being read now, and of those with the most visitors in the last seven days.
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
use horizon_axum::{
    Horizon, Limits, Slug,
    eventhorizon::{DayRange, Metric},
};
use tokio::net::TcpListener;

/// The names and titles of the pages.
const RECIPES: [(&str, &str); 3] = [("bread", "Bread"), ("soup", "Soup"), ("stew", "Stew")];

/// The largest number of pages in a list.
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

/// Renders both lists. Escape titles and slugs that come from elsewhere.
async fn home(State(horizon): State<Horizon>) -> Html<String> {
    let now = horizon.active_pages(POPULAR).await;
    // The script keeps the numbers current while the page is open.
    let now = now.iter().map(|page| {
        let viewers = format!("<b data-horizon=\"viewers\">{}</b> reading now", page.viewers);
        format!(
            "<li data-horizon-slug=\"{}\">{}: {viewers}</li>\n",
            page.slug,
            link(&page.slug)
        )
    });
    // A query of the store. A busy site reads it once a minute.
    let week = DayRange::ending(horizon.today(), 7);
    let top = horizon.top(Metric::Visitors, week, POPULAR).await.unwrap_or_default();
    let top = top.iter().map(|page| {
        let visitors = Metric::Visitors.format(page.value);
        format!("<li>{}: {visitors}</li>\n", link(&page.page))
    });
    let body = format!(
        "<h2>Popular now</h2>\n<ol>\n{}</ol>\n<h2>Visitors of this week</h2>\n<ol>\n{}</ol>\n<p>All recipes: {}</p>",
        now.collect::<String>(),
        top.collect::<String>(),
        RECIPES
            .map(|(slug, title)| format!("<a href=\"/{slug}\">{title}</a>"))
            .join(", ")
    );
    Html(document("Recipes", "", &body))
}

fn link(slug: &Slug) -> String {
    let title = title(slug.as_str()).unwrap_or(slug.as_str());
    format!("<a href=\"/{slug}\">{title}</a>")
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

    /// Reads the first list until it has these pages with these viewers.
    async fn wait_for_list(server: SocketAddr, expected: &[(&str, &str, u64)]) -> anyhow::Result<()> {
        let row = |(slug, title, viewers): &(&str, &str, u64)| {
            format!(
                "<li data-horizon-slug=\"{slug}\"><a href=\"/{slug}\">{title}</a>: \
                 <b data-horizon=\"viewers\">{viewers}</b> reading now</li>\n"
            )
        };
        let expected = format!(
            "<h2>Popular now</h2>\n<ol>\n{}</ol>",
            expected.iter().map(row).collect::<String>()
        );
        let probe = async || {
            let page = http::get(server, "/").await?.text();
            anyhow::ensure!(page.contains(&expected), "the page is {page}");
            Ok(())
        };
        wait_until("the list is up to date", probe).await
    }

    #[tokio::test]
    async fn the_lists_have_the_pages_with_the_most_viewers_and_visitors_first() {
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

        let top = "<ol>\n<li><a href=\"/stew\">Stew</a>: 2</li>\n<li><a href=\"/soup\">Soup</a>: 1</li>\n";
        let probe = async || {
            let page = http::get(address, "/").await?.text();
            anyhow::ensure!(page.contains(top), "the page is {page}");
            Ok(())
        };
        wait_until("the visits are counted", probe).await.unwrap();

        drop(soup);
        stop.send(()).unwrap();
        assert!(server.await.unwrap());
    }
}
