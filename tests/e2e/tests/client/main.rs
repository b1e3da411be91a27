//! `client.js` in real browsers, on the plain pages of a small application. Every test also fails on an error in a
//! console, and so on anything that the pages' content security policy forbids.

mod comments;
mod elsewhere;
mod events;
mod healing;
mod host;
mod likes;
mod lists;
mod navigation;
mod numbers;
mod opening;
mod paths;

use std::net::SocketAddr;

use horizon_test_support::{Browser, BrowserTest, browser_test_with};

use crate::host::{HostApp, host};

const LIKE: &str = "[data-horizon=like]";

/// Runs a test with its own application.
fn play(readers: u32, play: impl AsyncFnOnce(&mut BrowserTest<HostApp>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    browser_test_with(
        readers,
        async || host(SocketAddr::from(([127, 0, 0, 1], 0))).await,
        play,
    )
}

/// Waits until the like button shows whether the reader likes the page.
async fn sees_it_pressed(reader: &Browser, pressed: bool) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('{LIKE}').getAttribute('aria-pressed') === '{pressed}'");
    reader.wait_for(&format!("aria-pressed is {pressed}"), &script).await
}
