//! Who is counted, in real browsers. Every test runs on a page of the blog and on a page of another application with
//! `client.js`, because both clients follow the same rule. `HORIZON_TEST_BROWSER` selects the browser.
#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

/// Makes each of these functions a test of the blog and a test of an application with `client.js`.
macro_rules! test_both_sites {
    ($($test:ident),+ $(,)?) => {
        mod blog {
            $(#[test] fn $test() -> anyhow::Result<()> { super::$test($crate::site::SiteKind::Blog) })+
        }
        mod application {
            $(#[test] fn $test() -> anyhow::Result<()> { super::$test($crate::site::SiteKind::Application) })+
        }
    };
}

mod application;
mod back_forward_cache;
mod cookies;
mod hidden_tabs;
mod lists;
mod prerendering;
mod privacy_signals;
mod site;
mod sleep;

use horizon_test_support::Browser;
use serde_json::json;

const LIKE: &str = "[data-horizon=like]";

/// Waits until the like button shows whether the reader likes the page.
async fn wait_for_liked(reader: &Browser, liked: bool) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('{LIKE}').getAttribute('aria-pressed') === '{liked}'");
    reader.wait_for(&format!("aria-pressed is {liked}"), &script).await
}

/// Adds the link `#next` at the start of the page.
async fn add_link(reader: &Browser, path: &str) -> anyhow::Result<()> {
    let script = "const link = document.createElement('a');
        link.id = 'next';
        link.href = arguments[0];
        link.textContent = 'next';
        document.querySelector('main').prepend(link)";
    reader.script(script, &[json!(path)]).await.map(drop)
}

/// Does to the page what a minute of sleep does: the clock jumps, and the connection is dead without an error. Waits
/// for the new stream.
async fn sleep_for_a_minute(reader: &Browser) -> anyhow::Result<()> {
    // In Firefox, `Date` without `window` is not the one of the page.
    let script = "const { now } = window.Date;
        window.Date.now = () => now() + 60000;
        for (const stream of window.observed.streams) stream.isSilent = true;
        return window.observed.streams.length";
    let streams = reader.script(script, &[]).await?;
    let reconnected = format!(
        "const streams = window.observed.streams;
         return (streams.length > {streams} && streams.at(-1).readyState === 1)
             || streams.map(stream => stream.readyState)"
    );
    reader.wait_for("another stream is open", &reconnected).await
}
