//! What the first load costs.

use anyhow::{Context as _, ensure};
use horizon_test_support::{WebServer, http};

use crate::{ADMIN_TOKEN, DASHBOARD, access::session_cookie, year::options};

/// The most bytes of HTML, CSS and script together, as sent.
const MAX_BYTES: usize = 30_000;

#[tokio::test]
async fn html_css_and_script_of_the_first_load_are_at_most_30_kilobytes() -> anyhow::Result<()> {
    let server = WebServer::start(options().await?).await?;
    let cookie = session_cookie(&server, ADMIN_TOKEN).await?;
    let mut sizes = Vec::new();
    let page = http::send(
        server.address(),
        http::Method::GET,
        DASHBOARD,
        &[("cookie", &cookie)],
        "",
    )
    .await?;
    let text = page.text();
    let address = |attribute: &str, name: &str| {
        let start = format!("{attribute}=\"{name}");
        let rest = text.split_once(&start).map(|(_, rest)| rest);
        let rest = rest.and_then(|rest| rest.split('"').next());
        rest.map(|rest| format!("/horizon/{name}{rest}"))
            .with_context(|| format!("no {start} in {text}"))
    };
    let (style, script) = (address("href", "dashboard.css")?, address("src", "dashboard.js")?);
    for path in [DASHBOARD, &style, &script] {
        let headers = [("cookie", cookie.as_str()), ("accept-encoding", "br")];
        let file = http::send(server.address(), http::Method::GET, path, &headers, "").await?;
        ensure!(
            file.status == 200 && file.header("content-encoding") == "br",
            "{path}: {:?}",
            file.headers
        );
        sizes.push((path, file.body.len()));
    }
    let sum: usize = sizes.iter().map(|(_, size)| size).sum();
    println!("{sum} bytes: {sizes:?}");
    ensure!(sum <= MAX_BYTES, "{sum} bytes: {sizes:?}");
    let linked = text.matches("<script").count() + text.matches("rel=\"stylesheet\"").count();
    ensure!(linked == 2, "the page loads other files, too: {text}");
    Ok(())
}
