//! A tab counts while it is visible, and for ten seconds after.

use anyhow::ensure;
use horizon_test_support::ServerUnderTest;
use serde_json::json;

use crate::{
    LIKE, add_link,
    site::{SiteKind, test_site},
};

test_both_sites!(
    a_hidden_tab_is_not_a_viewer_until_it_is_visible_again,
    a_tab_that_is_hidden_for_a_moment_keeps_its_stream,
    a_message_to_a_tab_that_was_hidden_for_long_does_not_delay_its_next_stream,
    a_tab_that_was_never_visible_is_neither_a_viewer_nor_a_visit,
    a_seventh_tab_loads_over_http_1,
);

fn a_hidden_tab_is_not_a_viewer_until_it_is_visible_again(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 2, async |test| {
        let page = test.server.page("hello");
        let (ada, ben) = (test.browser("Ada").await?, test.browser("Ben").await?);
        ada.open_live(&page).await?;
        ben.open_live(&page).await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.open_empty_tab().await?;
        ada.wait_for_number("viewers", 1).await?;
        ben.close_tab().await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.wait_for_number("viewers", 2).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for_number("visits", 2).await
    })
}

fn a_tab_that_is_hidden_for_a_moment_keeps_its_stream(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let ben = test.browser("Ben").await?;
        ben.open_live(&test.server.page("hello")).await?;
        ben.wait_for_number("viewers", 1).await?;
        ben.open_empty_tab().await?;
        ben.close_tab().await?;
        ben.click(LIKE).await?;
        ben.wait_for_number("likes", 1).await?;
        ben.wait_for(
            "there was one stream",
            "return window.observed.streams.map(stream => stream.readyState).join() === '1'",
        )
        .await
    })
}

fn a_message_to_a_tab_that_was_hidden_for_long_does_not_delay_its_next_stream(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let ben = test.browser("Ben").await?;
        ben.open_live(&test.server.page("hello")).await?;
        ben.wait_for_number("viewers", 1).await?;
        // All at once, so that the message comes before the script checks by itself whether the tab is hidden.
        let script = "const { document, Date, Event, MessageEvent } = window;
            let isHidden;
            Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true });
            const hide = (value) => {
                isHidden = value;
                document.dispatchEvent(new Event('visibilitychange'));
            };
            hide(true);
            const { now } = Date;
            Date.now = () => now() + 10300;
            const [stream] = window.observed.streams;
            stream.dispatchEvent(new MessageEvent('live', { data: '{}' }));
            const isClosed = stream.readyState === 2;
            hide(false);
            return [isClosed, window.observed.streams.length]";
        let streams = ben.script(script, &[]).await?;
        ensure!(streams == json!([true, 2]), "closed, number of streams: {streams}");
        ben.wait_for(
            "the second stream is open",
            "return window.observed.streams.map(stream => stream.readyState).join() === '2,1'",
        )
        .await?;
        ben.wait_for_number("viewers", 1).await
    })
}

fn a_tab_that_was_never_visible_is_neither_a_viewer_nor_a_visit(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 3, async |test| {
        let page = test.server.page("hello");
        let (ada, ben) = (test.browser("Ada").await?, test.browser("Ben").await?);
        ada.open_live(&page).await?;
        ben.open_live(&test.server.page("second")).await?;
        add_link(&ben, &page).await?;
        let background = ben.open_in_background("#next").await?;
        // Cid's visit is later than the one that Ben's tab must not be.
        let cid = test.browser("Cid").await?;
        cid.open_live(&page).await?;
        cid.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        for (name, expected) in [("viewers", 2), ("visits", 2)] {
            ada.wait_for_number(name, expected).await?;
        }
        ben.show_tab(&background).await?;
        ada.wait_for_number("viewers", 3).await?;
        ada.wait_for_number("visits", 3).await
    })
}

fn a_seventh_tab_loads_over_http_1(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let pages = ["hello", "second"].map(|slug| test.server.page(slug));
        let ben = test.browser("Ben").await?;
        for page in pages.iter().cycle().take(7) {
            ben.open_empty_tab().await?;
            ben.open_live(page).await?;
        }
        ben.wait_for_number("viewers", 1).await?;
        ensure!(
            test.server.number("hello", "visits").await? == 1,
            "{}",
            test.server.log()
        );
        Ok(())
    })
}
