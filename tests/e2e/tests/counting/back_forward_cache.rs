//! Pages in the back/forward cache of the browser.

use anyhow::ensure;
use horizon_test_support::BrowserKind;
use serde_json::json;

use crate::site::{SiteKind, test_site};

test_both_sites!(a_page_that_is_left_and_comes_back_is_one_visit_and_a_viewer_again);

fn a_page_that_is_left_and_comes_back_is_one_visit_and_a_viewer_again(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 2, async |test| {
        let page = test.server.page("hello");
        let (ada, ben) = (test.browser("Ada").await?, test.browser("Ben").await?);
        ada.open_live(&page).await?;
        ben.open_live(&page).await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.script("window.isCached = true", &[]).await?;
        ben.open_live(&test.server.page("second")).await?;
        ada.wait_for_number("viewers", 1).await?;
        ben.back().await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await?;
        // Firefox does not cache a page that had an open stream when it was left.
        if ben.kind() == BrowserKind::Chromium {
            let is_cached = ben.script("return window.isCached", &[]).await?;
            ensure!(is_cached == json!(true), "the page was loaded again");
        }
        Ok(())
    })
}
