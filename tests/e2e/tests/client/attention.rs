//! Hidden tabs are not viewers.

use crate::play;

#[test]
fn a_hidden_tab_ends_its_stream_and_reconnects_when_it_is_visible() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.open_tab("/page/soup").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("site-viewers", 2).await?;
        ben.close_tab().await?;
        ada.wait_for_number("viewers", 2).await?;
        ben.wait_for_number("viewers", 2).await?;
        ben.wait_for(
            "the new stream is a reconnect",
            "return window.observed.streams.at(-1).url.endsWith('?again=1')",
        )
        .await?;
        ada.wait_for_number("visits", 2).await
    })
}
