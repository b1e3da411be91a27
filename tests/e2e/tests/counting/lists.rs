//! Lists of pages.

use horizon_test_support::Browser;

use crate::site::{SiteKind, test_site};

test_both_sites!(the_cards_of_a_list_are_live_over_one_stream);

/// Waits until the card of a page shows this number of viewers.
async fn wait_for_card(reader: &Browser, slug: &str, viewers: u64) -> anyhow::Result<()> {
    let script = format!(
        "const card = document.querySelector(':is([data-slug={slug}], [data-horizon-slug={slug}])');
         return card.querySelector('[data-horizon=viewers]').textContent.trim() === '{viewers}'"
    );
    let what = format!("the card of {slug} shows {viewers} viewers");
    reader.wait_for(&what, &script).await
}

fn the_cards_of_a_list_are_live_over_one_stream(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 3, async |test| {
        let (ada, ben, cid) = (
            test.browser("Ada").await?,
            test.browser("Ben").await?,
            test.browser("Cid").await?,
        );
        ada.open_live("/").await?;
        ben.open_live(&test.server.page("hello")).await?;
        wait_for_card(&ada, "hello", 1).await?;
        wait_for_card(&ada, "second", 0).await?;
        cid.open_live(&test.server.page("second")).await?;
        wait_for_card(&ada, "second", 1).await?;
        // Ada sees the list, not the page.
        ben.wait_for_number("viewers", 1).await?;
        ben.leave().await?;
        wait_for_card(&ada, "hello", 0).await?;
        wait_for_card(&ada, "second", 1).await?;
        ada.wait_for(
            "one stream is open",
            "return window.observed.streams.filter(stream => stream.readyState === 1).length === 1",
        )
        .await
    })
}
