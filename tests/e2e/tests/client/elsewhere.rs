//! Pages of another origin.
//!
//! The site is at `http://localhost`, the pages are at `http://127.0.0.1`: to a browser these are two sites. Headless
//! Chromium needs no setting for it. It takes `Secure` cookies from `localhost` also without TLS, as from any
//! trustworthy origin (W3C Secure Contexts §3.1), and by itself it refuses cookies of other sites that are not
//! `Partitioned`.

use std::{future::pending, net::SocketAddr};

use anyhow::ensure;
use axum::{Router, response::Html, routing::get};
use eventhorizon::{Horizon, Slug};
use horizon_axum::Limits;
use horizon_test_support::{BrowserTest, ServerUnderTest, browser_test_with};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    LIKE,
    comments::{lists, writes},
    host::html,
    sees_it_pressed,
};

/// A page, and a site on another origin whose script it uses.
#[derive(Debug)]
struct Elsewhere {
    page: SocketAddr,
    site: String,
    horizon: Horizon,
}

impl ServerUnderTest for Elsewhere {
    fn address(&self) -> SocketAddr {
        self.page
    }

    fn log(&self) -> String {
        self.horizon.metrics()
    }
}

/// Starts both. `origin` is the allowed origin of the site, if any.
async fn elsewhere(origin: impl FnOnce(SocketAddr) -> Option<String>) -> anyhow::Result<Elsewhere> {
    let pages = TcpListener::bind("127.0.0.1:0").await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let page = pages.local_addr()?;
    let site = format!("localhost:{}", listener.local_addr()?.port());
    let origin = origin(page).map(|origin| origin.parse()).transpose()?;
    let horizon = Horizon::in_memory()
        .configure(|config| {
            config.origins.extend(origin);
            config.secure_cookies = true;
        })
        .start(|_: &Slug| true)
        .await?;
    let home = format!("http://{site}");
    let app = page_of(&home).nest("/horizon", horizon_axum::router(&horizon));
    let served = horizon.clone();
    tokio::spawn(async move { horizon_axum::serve(listener, app, Limits::default(), pending(), &served).await });
    tokio::spawn(async move { axum::serve(pages, page_of(&home)).await });
    Ok(Elsewhere { page, site, horizon })
}

/// Returns the page `/bread`, whose policy allows only the script and requests of the site.
fn page_of(home: &str) -> Router {
    let policy = format!("default-src 'none'; img-src data:; script-src {home}; connect-src {home}");
    let html = html("bread", home, "bread", "");
    Router::new().route(
        "/bread",
        get(async move || ([("content-security-policy", policy)], Html(html))),
    )
}

/// Runs a test with such a pair.
fn play(
    readers: u32,
    origin: impl FnOnce(SocketAddr) -> Option<String>,
    play: impl AsyncFnOnce(&mut BrowserTest<Elsewhere>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    browser_test_with(
        readers,
        async || elsewhere(origin).await,
        async |test| {
            test.expect_host(test.server.site.clone());
            play(test).await
        },
    )
}

fn named(page: SocketAddr) -> Option<String> {
    Some(format!("http://{page}"))
}

#[test]
fn a_page_of_an_allowed_origin_is_live_and_keeps_its_reader() -> anyhow::Result<()> {
    play(2, named, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("visits", 1).await?;
        ben.open_live("/bread").await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.wait_for_number("site-viewers", 2).await?;
        sees_it_pressed(&ada, false).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ben.wait_for_number("likes", 1).await?;
        sees_it_pressed(&ben, false).await?;
        ada.reload().await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await?;
        ben.wait_for_number("likes", 0).await?;
        writes(&ben, "Ben", "hello").await?;
        lists(&ada, "Benhello").await
    })
}

#[test]
fn the_sites_own_pages_use_another_cookie_than_pages_of_other_origins() -> anyhow::Result<()> {
    play(1, named, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/bread").await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        let home = format!("http://{}/bread", test.server.site);
        ada.script("location = arguments[0]", &[json!(home)]).await?;
        ada.wait_for("it is at home", "return location.hostname === 'localhost'")
            .await?;
        ada.wait_until_live().await?;
        sees_it_pressed(&ada, false).await?;
        ada.click(LIKE).await?;
        ada.wait_for_number("likes", 2).await?;
        ada.reload().await?;
        sees_it_pressed(&ada, true).await?;
        ada.open_live("/bread").await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 2).await
    })
}

/// Likes a page as the script does, with a preflight request.
const ASKS: &str = "
    const like = fetch(arguments[0], { method: 'PUT', credentials: 'include' });
    return await like.then(() => 'answered', (error) => error.name)";

/// Likes a page as a form does, without a preflight request.
const SENDS: &str = "
    const body = new URLSearchParams({ liked: 'true' });
    return (await fetch(arguments[0], { method: 'POST', body, mode: 'no-cors', credentials: 'include' })).type";

fn is_refused(origin: impl FnOnce(SocketAddr) -> Option<String>) -> anyhow::Result<()> {
    play(1, origin, async |test| {
        for expected in ["blocked by CORS policy", "net::ERR_FAILED", "status of 403"] {
            test.expect_in_console(expected);
        }
        let ada = test.browser("Ada").await?;
        ada.open("/bread").await?;
        ada.wait_for_console_error("/horizon/client.js' from origin").await?;
        ada.click(LIKE).await?;
        let likes = [json!(format!("http://{}/horizon/likes/bread", test.server.site))];
        let asked = ada.script(ASKS, &likes).await?;
        ensure!(asked == json!("TypeError"), "the page got {asked}");
        ada.wait_for_console_error("/horizon/likes/bread' from origin").await?;
        let sent = ada.script(SENDS, &likes).await?;
        ensure!(sent == json!("opaque"), "the page got {sent}");
        let horizon = &test.server.horizon;
        let numbers = horizon.stats(&[horizon.page("bread").await?.into()]).await?;
        let is_unliked = numbers.first().is_some_and(|page| page.likes == 0);
        ensure!(is_unliked, "the like went through");
        ada.wait_for_console_error("status of 403").await
    })
}

#[test]
fn a_page_of_another_origin_cannot_load_the_script_or_like() -> anyhow::Result<()> {
    is_refused(|_| None)?;
    is_refused(|_| Some("http://127.0.0.1:1".to_owned()))
}
