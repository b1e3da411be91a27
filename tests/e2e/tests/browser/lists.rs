//! Lists of posts.

use anyhow::ensure;
use horizon_test_support::{Browser, ServerOptions, browser_test, http};

use crate::POST;

/// Waits until the card of the post shows this number of viewers, and a circle instead of the dot if it is zero.
async fn card_shows_viewers(reader: &Browser, slug: &str, viewers: u64) -> anyhow::Result<()> {
    let script = format!(
        "const item = document.querySelector('.card[data-slug={slug}] .now');
         const number = item.querySelector('[data-horizon=viewers]').textContent;
         return number === '{viewers}' && item.classList.contains('no-viewers') === ({viewers} === 0)"
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
