//! Whoever does not look is no reader.

use crate::play;

#[test]
fn a_hidden_tab_ends_its_stream_and_comes_back_when_it_is_seen() -> anyhow::Result<()> {
    play(2, async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live("/page/bread").await?;
        ben.opens_live("/page/bread").await?;
        ada.sees("viewers", 2).await?;
        ben.opens_another_tab("/page/soup").await?;
        ada.sees("viewers", 1).await?;
        ada.sees("site-viewers", 2).await?;
        ben.closes_the_tab().await?;
        ada.sees("viewers", 2).await?;
        ben.sees("viewers", 2).await?;
        ben.finds(
            "it said that it was here before",
            "return window.witness.streams.at(-1).url.endsWith('?again=1')",
        )
        .await?;
        ada.sees("visits", 2).await
    })
}
