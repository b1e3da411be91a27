//! Viewers and visits.

use anyhow::ensure;
use horizon_test_support::{ServerOptions, browser_test, http};

use crate::POST;

#[test]
fn a_second_and_a_third_viewer_join_and_leave() -> anyhow::Result<()> {
    browser_test(3, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        let cid = test.browser("Cid").await?;
        ada.open_live(POST).await?;
        ada.wait_for_number("viewers", 1).await?;
        ben.open(POST).await?;
        ada.wait_for_number("viewers", 2).await?;
        cid.open(POST).await?;
        ada.wait_for_number("viewers", 3).await?;
        ben.wait_for_number("viewers", 3).await?;
        ada.wait_for_number("visits", 3).await?;
        cid.leave().await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 3).await
    })
}

#[test]
fn two_tabs_of_one_browser_are_one_viewer_and_one_visit() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.record_changes("viewers").await?;
        ben.open_live(POST).await?;
        ben.wait_for_number("viewers", 2).await?;
        ben.open_tab(POST).await?;
        ben.wait_for_number("viewers", 2).await?;
        ben.close_tab().await?;
        // Ben's like follows his visits on the bus.
        ben.click(r#"[data-horizon="like"]"#).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for_number("visits", 2).await?;
        ensure!(
            ada.recorded_changes().await? == ["1", "2"],
            "Ada saw {:?}",
            ada.recorded_changes().await?
        );
        ben.leave().await?;
        ada.wait_for_number("viewers", 1).await
    })
}

#[test]
fn a_reload_changes_no_number() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.record_changes("viewers").await?;
        for _ in 0..3 {
            ben.reload().await?;
        }
        ben.click(r#"[data-horizon="like"]"#).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for_number("visits", 2).await?;
        ensure!(
            ada.recorded_changes().await? == ["2"],
            "Ada saw {:?}",
            ada.recorded_changes().await?
        );
        Ok(())
    })
}

#[test]
fn the_first_html_has_the_real_numbers() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ada.click(r#"[data-horizon="like"]"#).await?;
        ben.post_comment("Ben", "first words").await?;
        for reader in [&ada, &ben] {
            reader.wait_for_number("viewers", 2).await?;
            reader.wait_for_number("visits", 2).await?;
            reader.wait_for_number("likes", 1).await?;
            reader.wait_for_number("comments", 1).await?;
        }
        let page = http::get(test.server.address(), POST).await?.text();
        for (hook, number) in [
            ("viewers", "2"),
            ("visits", "2"),
            ("likes", "1"),
            ("comments", "1"),
            ("site-viewers", "2"),
        ] {
            let found = http::texts_of(&page, hook);
            ensure!(
                found.iter().all(|text| text == number) && !found.is_empty(),
                "{hook} reads {found:?}, not {number}"
            );
        }
        ensure!(page.contains("first words"), "the comment is not in the first HTML");
        Ok(())
    })
}

#[test]
fn the_footer_counts_the_whole_site() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live("/blog/second").await?;
        for reader in [&ada, &ben] {
            reader.wait_for_number("site-viewers", 2).await?;
            reader.wait_for_number("site-visits", 2).await?;
            reader.wait_for_number("viewers", 1).await?;
        }
        ben.open_live("/").await?;
        ben.wait_for_number("site-viewers", 2).await?;
        ada.wait_for_number("site-visits", 2).await
    })
}
