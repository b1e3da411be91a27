//! Machines that sleep.

use crate::{
    LIKE,
    site::{SiteKind, test_site},
    sleep_for_a_minute,
};

test_both_sites!(a_reader_whose_machine_slept_is_a_viewer_again_without_a_second_visit);

fn a_reader_whose_machine_slept_is_a_viewer_again_without_a_second_visit(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 2, async |test| {
        let page = test.server.page("hello");
        let (ada, ben) = (test.browser("Ada").await?, test.browser("Ben").await?);
        ada.open_live(&page).await?;
        ben.open_live(&page).await?;
        ada.wait_for_number("viewers", 2).await?;
        sleep_for_a_minute(&ben).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        ben.wait_for_number("likes", 1).await?;
        for (name, expected) in [("viewers", 2), ("visits", 2)] {
            ada.wait_for_number(name, expected).await?;
            ben.wait_for_number(name, expected).await?;
        }
        Ok(())
    })
}
