//! Readers with Global Privacy Control are counted without a visitor key.

use crate::{
    LIKE,
    site::{SiteKind, test_site},
    sleep_for_a_minute, wait_for_liked,
};

test_both_sites!(a_reader_with_a_privacy_signal_is_counted_once_per_load);

fn a_reader_with_a_privacy_signal_is_counted_once_per_load(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 2, async |test| {
        let page = test.server.page("hello");
        let ada = test.browser("Ada").await?;
        let ben = test.browser_with_privacy_signal("Ben").await?;
        ada.open_live(&page).await?;
        ben.open_live(&page).await?;
        for (name, expected) in [("viewers", 2), ("visits", 2)] {
            ada.wait_for_number(name, expected).await?;
            ben.wait_for_number(name, expected).await?;
        }
        sleep_for_a_minute(&ben).await?;
        ben.click(LIKE).await?;
        wait_for_liked(&ben, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await?;
        // Without a key, nobody can know that it is the same visitor.
        ben.reload().await?;
        wait_for_liked(&ben, true).await?;
        ada.wait_for_number("visits", 3).await?;
        ada.wait_for_number("viewers", 2).await
    })
}
