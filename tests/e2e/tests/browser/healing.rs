//! Pages recover from a killed server and a lost network.

use horizon_test_support::{ServerOptions, browser_test};

use crate::POST;

const LIKE: &str = r#"button[data-horizon="like"]"#;

#[test]
fn a_page_recovers_after_the_server_was_killed_and_restarted() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.script("window.neverReloaded = true", &[]).await?;

        test.server.kill().await?;
        ada.wait_for(
            "the stream is gone",
            "return window.observed.streams.every(s => s.readyState !== 1)",
        )
        .await?;
        test.server.start_again().await?;

        ada.wait_until_live().await?;
        ben.wait_until_live().await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.click(LIKE).await?;
        ben.wait_for_number("likes", 2).await?;
        ada.wait_for_number("likes", 2).await?;
        ada.wait_for_number("visits", 2).await?;
        ada.wait_for("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_page_recovers_after_a_network_outage() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.set_offline(true).await?;
        ben.click(LIKE).await?;
        ben.wait_for_number("likes", 1).await?;
        ada.set_offline(false).await?;
        ada.wait_for_number("likes", 1).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 0).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await
    })
}

#[test]
fn a_server_that_is_asked_to_stop_ends_its_streams_and_stops() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        ada.wait_for_number("viewers", 1).await?;
        let status = test.server.stop().await?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        test.server.start_again().await?;
        ada.wait_until_live().await?;
        ada.wait_for_number("visits", 1).await
    })
}
