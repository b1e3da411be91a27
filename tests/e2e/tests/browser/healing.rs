//! A server that dies and a network that goes away: the page heals itself.

use horizon_test_support::{Options, stage};

use crate::POST;

const LIKE: &str = r#"button[data-horizon="like"]"#;

#[test]
fn a_page_heals_after_the_server_was_killed_and_started_again() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        stage.network_may_fail();
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ben.clicks(LIKE).await?;
        ada.sees("likes", 1).await?;
        ada.sees("viewers", 2).await?;
        ada.script("window.neverReloaded = true", &[]).await?;

        stage.server.kill().await?;
        ada.finds(
            "the stream is gone",
            "return window.witness.streams.every(s => s.readyState !== 1)",
        )
        .await?;
        stage.server.start_again().await?;

        ada.is_live().await?;
        ben.is_live().await?;
        ada.sees("viewers", 2).await?;
        ada.clicks(LIKE).await?;
        ben.sees("likes", 2).await?;
        ada.sees("likes", 2).await?;
        ada.sees("visits", 2).await?;
        ada.finds("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_page_heals_after_the_network_was_away() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        stage.network_may_fail();
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ada.sees("viewers", 2).await?;
        ada.goes_offline(true).await?;
        ben.clicks(LIKE).await?;
        ben.sees("likes", 1).await?;
        ada.goes_offline(false).await?;
        ada.sees("likes", 1).await?;
        ben.clicks(LIKE).await?;
        ada.sees("likes", 0).await?;
        ada.sees("viewers", 2).await?;
        ada.sees("visits", 2).await
    })
}

#[test]
fn a_server_that_is_asked_to_stop_ends_its_streams_and_stops() -> anyhow::Result<()> {
    stage(1, Options::default(), async |stage| {
        stage.network_may_fail();
        let ada = stage.reader("Ada").await?;
        ada.opens_live(POST).await?;
        ada.sees("viewers", 1).await?;
        let status = stage.server.stop().await?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        stage.server.start_again().await?;
        ada.is_live().await?;
        ada.sees("visits", 1).await
    })
}
