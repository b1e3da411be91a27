//! Navigation without a page load.

use horizon_test_support::Browser;

use crate::{LIKE, play, sees_it_pressed};

/// Navigates as a client-side router does: changes the address and replaces the view.
async fn goes(reader: &Browser, slug: &str) -> anyhow::Result<()> {
    let script = "const view = document.querySelector('main').cloneNode(true);
        view.dataset.horizonSlug = arguments[0];
        history.pushState({}, '', `/view/${arguments[0]}`);
        document.querySelector('main').replaceWith(view)";
    reader.script(script, &[slug.into()]).await.map(drop)
}

#[test]
fn navigation_moves_the_viewer_to_the_new_page() -> anyhow::Result<()> {
    play(3, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        let cid = test.browser("Cid").await?;
        ben.open_live("/page/bread").await?;
        cid.open_live("/page/soup").await?;
        ada.open_live("/view/bread").await?;
        ben.wait_for_number("viewers", 2).await?;
        cid.wait_for_number("viewers", 1).await?;
        goes(&ada, "soup").await?;
        ben.wait_for_number("viewers", 1).await?;
        cid.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await?;
        ada.wait_for(
            "one stream is open",
            "return window.observed.streams.filter(stream => stream.readyState === 1).length === 1",
        )
        .await?;
        goes(&ada, "bread").await?;
        ben.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await
    })
}

#[test]
fn the_new_page_has_its_own_likes_and_comments() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/view/bread").await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.type_into("[name=body]", "about bread").await?;
        ada.click("form button").await?;
        let items = |number| format!("return document.querySelectorAll('li').length === {number}");
        ada.wait_for("the comment is there", &items(1)).await?;
        goes(&ada, "soup").await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await?;
        ada.wait_for("no comment is there", &items(0)).await?;
        goes(&ada, "bread").await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for("the comment is there again", &items(1)).await
    })
}

#[test]
fn an_application_can_set_the_slug() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ben.open_live("/page/soup").await?;
        ada.open_live("/page/bread").await?;
        ada.script("window.horizonLive.go('soup')", &[]).await?;
        ben.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.script("window.horizonLive.go()", &[]).await?;
        ben.wait_for_number("viewers", 1).await?;
        ada.script("document.querySelector('script').dataset.slug = 'soup'", &[])
            .await?;
        ben.wait_for_number("viewers", 2).await
    })
}
