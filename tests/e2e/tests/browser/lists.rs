//! Lists of posts.

use anyhow::ensure;
use horizon_test_support::{Browser, ServerOptions, browser_test, http, wait_until};
use http::Method;

use crate::POST;

/// Waits until the card of the post shows this number of viewers, or hides it if it is zero.
async fn card_shows_viewers(reader: &Browser, slug: &str, viewers: u64) -> anyhow::Result<()> {
    let script = format!(
        "const item = document.querySelector('.card[data-slug={slug}] .now');
         const number = item.querySelector('[data-horizon=viewers]').textContent;
         const isZero = {viewers} === 0;
         return number === '{viewers}' && item.hidden === isZero && item.classList.contains('no-viewers') === isZero"
    );
    reader
        .wait_for(&format!("the card of {slug} shows {viewers} viewers"), &script)
        .await
}

#[test]
fn the_cards_of_a_list_are_live_over_one_stream_and_its_reader_is_no_viewer_of_them() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        for list in ["/", "/blog"] {
            ada.open_live(list).await?;
            card_shows_viewers(&ada, "hello", 0).await?;
            ben.open_live(POST).await?;
            card_shows_viewers(&ada, "hello", 1).await?;
            card_shows_viewers(&ada, "second", 0).await?;
            ben.wait_for_number("viewers", 1).await?;
            ada.wait_for_number("site-viewers", 2).await?;
            ben.open_live("/blog/second").await?;
            card_shows_viewers(&ada, "hello", 0).await?;
            card_shows_viewers(&ada, "second", 1).await?;
            ben.leave().await?;
            card_shows_viewers(&ada, "second", 0).await?;
            ada.wait_for("there is one stream", "return window.observed.streams.length === 1")
                .await?;
        }
        ben.open_live(POST).await?;
        ben.click(r#"button[data-horizon="like"]"#).await?;
        ada.wait_for(
            "the card shows the like and its unit",
            "return document.querySelector('.card[data-slug=hello] .numbers').textContent.includes('1 like')",
        )
        .await
    })
}

#[test]
fn a_page_without_scripts_has_no_numbers_of_the_site() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        for path in ["/no-such-page", "/admin"] {
            let page = http::get(test.server.address(), path).await?.text();
            ensure!(page.contains("site-footer"), "{path} has no footer: {page}");
            ensure!(http::texts_of(&page, "site-viewers").is_empty(), "{path}: {page}");
        }
        Ok(())
    })
}

/// Waits until the stats of a page have this number of visits.
async fn page_has_visits(address: std::net::SocketAddr, name: &str, visits: u64) -> anyhow::Result<()> {
    wait_until(&format!("{name} has {visits} visits"), async || {
        let stats = http::get(address, &format!("/horizon/stats/{name}")).await?;
        ensure!(stats.status == 200, "{name}: {}", stats.status);
        let stats: serde_json::Value = serde_json::from_str(&stats.text())?;
        ensure!(stats["visits"] == visits, "{name}: {stats}");
        Ok(())
    })
    .await
}

#[test]
fn every_page_is_counted_under_its_own_name() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let address = test.server.address();
        for (path, name) in [
            ("/", ""),
            ("/blog", "list/blog"),
            ("/blog?q=hello", "list/search"),
            ("/tags", "list/tags"),
            ("/tags/test", "list/tags/test"),
            ("/series", "list/series"),
            ("/archive", "list/archive"),
        ] {
            page_has_visits(address, name, 0).await?;
            ada.open_live(path).await?;
            page_has_visits(address, name, 1).await?;
            ada.wait_for_number("site-visits", 1).await?;
        }
        let body = r#"{"body":"Not here"}"#;
        for (method, path) in [
            (Method::PUT, "/horizon/likes/"),
            (Method::POST, "/horizon/comments/list/blog"),
        ] {
            let headers = [
                ("user-agent", "Mozilla/5.0 Firefox/130.0"),
                ("content-type", "application/json"),
            ];
            let answer = http::send(address, method, path, &headers, body).await?;
            ensure!(answer.status == 403, "{path}: {}", answer.text());
        }
        Ok(())
    })
}

#[test]
fn the_links_of_a_post_are_events_and_its_end_is_reported() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        let adds = "document.querySelector('.prose').insertAdjacentHTML('afterbegin',
                '<a id=outbound href=\"https://elsewhere.example/\">Elsewhere</a>\
                 <a id=file href=\"/media/a.pdf\">File</a>');
            document.addEventListener('click', event => event.preventDefault())";
        ada.script(adds, &[]).await?;
        let requested = |name: &str| {
            format!("return performance.getEntriesByType('resource').some(entry => entry.name.endsWith('{name}'))")
        };
        ada.wait_for("events.js is loaded", &requested("/horizon/events.js"))
            .await?;
        for link in ["#outbound", "#file"] {
            ada.click(link).await?;
        }
        wait_until("both events are counted", async || {
            let stats = http::get(test.server.address(), "/horizon/stats/hello").await?;
            let stats: serde_json::Value = serde_json::from_str(&stats.text())?;
            ensure!(
                stats["events"] == serde_json::json!({ "outbound": 1, "download": 1 }),
                "{stats}"
            );
            Ok(())
        })
        .await?;
        ada.script("document.querySelector('.post-foot').scrollIntoView()", &[])
            .await?;
        ada.wait_for("the end is reported", &requested("/horizon/finished/hello"))
            .await
    })
}
