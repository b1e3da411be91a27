//! Who is here, and who came.

use anyhow::ensure;
use horizon_test_support::{Options, http, stage};

use crate::POST;

#[test]
fn a_second_and_a_third_reader_come_and_go() -> anyhow::Result<()> {
    stage(3, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        let cid = stage.reader("Cid").await?;
        ada.opens_live(POST).await?;
        ada.sees("viewers", 1).await?;
        ben.opens(POST).await?;
        ada.sees("viewers", 2).await?;
        cid.opens(POST).await?;
        ada.sees("viewers", 3).await?;
        ben.sees("viewers", 3).await?;
        ada.sees("visits", 3).await?;
        cid.leaves().await?;
        ada.sees("viewers", 2).await?;
        ben.sees("viewers", 2).await?;
        ada.sees("visits", 3).await
    })
}

#[test]
fn two_tabs_of_one_browser_are_one_viewer_and_one_visit() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ada.sees("viewers", 1).await?;
        ada.records("viewers").await?;
        ben.opens_live(POST).await?;
        ben.sees("viewers", 2).await?;
        ben.opens_another_tab(POST).await?;
        ben.sees("viewers", 2).await?;
        ben.closes_the_tab().await?;
        // Ben's like went through the pipe behind everything that his tabs told it.
        ben.clicks(r#"[data-horizon="like"]"#).await?;
        ada.sees("likes", 1).await?;
        ada.sees("visits", 2).await?;
        ensure!(
            ada.recorded().await? == ["1", "2"],
            "Ada saw {:?}",
            ada.recorded().await?
        );
        ben.leaves().await?;
        ada.sees("viewers", 1).await
    })
}

#[test]
fn a_reload_is_no_flicker_and_no_visit() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ada.sees("viewers", 2).await?;
        ada.records("viewers").await?;
        for _ in 0..3 {
            ben.reloads().await?;
        }
        ben.clicks(r#"[data-horizon="like"]"#).await?;
        ada.sees("likes", 1).await?;
        ada.sees("visits", 2).await?;
        ensure!(ada.recorded().await? == ["2"], "Ada saw {:?}", ada.recorded().await?);
        Ok(())
    })
}

#[test]
fn the_first_html_has_the_real_numbers() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ada.clicks(r#"[data-horizon="like"]"#).await?;
        ben.comments("Ben", "first words").await?;
        for reader in [&ada, &ben] {
            reader.sees("viewers", 2).await?;
            reader.sees("visits", 2).await?;
            reader.sees("likes", 1).await?;
            reader.sees("comments", 1).await?;
        }
        let page = http::get(stage.server.address(), POST).await?.text();
        for (hook, number) in [
            ("viewers", "2"),
            ("visits", "2"),
            ("likes", "1"),
            ("comments", "1"),
            ("site-viewers", "2"),
        ] {
            let found = http::text_of(&page, hook);
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
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live("/blog/second").await?;
        for reader in [&ada, &ben] {
            reader.sees("site-viewers", 2).await?;
            reader.sees("site-visits", 2).await?;
            reader.sees("viewers", 1).await?;
        }
        ben.opens_live("/").await?;
        ben.sees("site-viewers", 2).await?;
        ada.sees("site-visits", 2).await
    })
}
