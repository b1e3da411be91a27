//! Pages that change without a load.

use horizon_test_support::Reader;

use crate::{LIKE, play, sees_it_pressed};

/// What a router does: a new address, and a new view in place of the old one.
async fn goes(reader: &Reader, slug: &str) -> anyhow::Result<()> {
    let script = "const view = document.querySelector('main').cloneNode(true);
        view.dataset.horizonSlug = arguments[0];
        history.pushState({}, '', `/view/${arguments[0]}`);
        document.querySelector('main').replaceWith(view)";
    reader.script(script, &[slug.into()]).await.map(drop)
}

#[test]
fn a_reader_who_goes_on_leaves_the_old_page_and_comes_to_the_new_one() -> anyhow::Result<()> {
    play(3, async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        let cid = stage.reader("Cid").await?;
        ben.opens_live("/page/bread").await?;
        cid.opens_live("/page/soup").await?;
        ada.opens_live("/view/bread").await?;
        ben.sees("viewers", 2).await?;
        cid.sees("viewers", 1).await?;
        goes(&ada, "soup").await?;
        ben.sees("viewers", 1).await?;
        cid.sees("viewers", 2).await?;
        ada.sees("viewers", 2).await?;
        ada.sees("visits", 2).await?;
        ada.finds(
            "one stream is open",
            "return window.witness.streams.filter(stream => stream.readyState === 1).length === 1",
        )
        .await?;
        goes(&ada, "bread").await?;
        ben.sees("viewers", 2).await?;
        ada.sees("visits", 2).await
    })
}

#[test]
fn the_new_page_has_its_own_likes_and_comments() -> anyhow::Result<()> {
    play(1, async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live("/view/bread").await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.types("[name=body]", "about bread").await?;
        ada.clicks("form button").await?;
        let items = |number| format!("return document.querySelectorAll('li').length === {number}");
        ada.finds("the comment is there", &items(1)).await?;
        goes(&ada, "soup").await?;
        sees_it_pressed(&ada, false).await?;
        ada.sees("likes", 0).await?;
        ada.finds("no comment is there", &items(0)).await?;
        goes(&ada, "bread").await?;
        sees_it_pressed(&ada, true).await?;
        ada.sees("likes", 1).await?;
        ada.finds("the comment is there again", &items(1)).await
    })
}

#[test]
fn an_application_can_say_itself_where_the_reader_is() -> anyhow::Result<()> {
    play(2, async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ben.opens_live("/page/soup").await?;
        ada.opens_live("/page/bread").await?;
        ada.script("window.horizonLive.go('soup')", &[]).await?;
        ben.sees("viewers", 2).await?;
        ada.sees("viewers", 2).await?;
        ada.script("window.horizonLive.go()", &[]).await?;
        ben.sees("viewers", 1).await?;
        ada.script("document.querySelector('script').dataset.slug = 'soup'", &[])
            .await?;
        ben.sees("viewers", 2).await
    })
}
