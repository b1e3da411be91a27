//! Lists of pages.

use horizon_test_support::Browser;

use crate::{LIKE, play};

/// Waits until the item of the page shows these numbers.
async fn item_shows(reader: &Browser, slug: &str, numbers: &str) -> anyhow::Result<()> {
    let script = format!(
        "const item = document.querySelector('[data-horizon-slug={slug}]');
         return [...item.querySelectorAll('b')].map(e => e.textContent).join(' ') === '{numbers}'"
    );
    reader
        .wait_for(&format!("the item of {slug} shows `{numbers}`"), &script)
        .await
}

#[test]
fn the_items_of_a_list_are_live_over_one_stream_and_its_reader_is_no_viewer_of_them() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/list").await?;
        item_shows(&ada, "bread", "0 0 0 0").await?;
        item_shows(&ada, "soup", "0").await?;
        ben.open_live("/page/bread").await?;
        item_shows(&ada, "bread", "1 1 0 0").await?;
        ben.click(LIKE).await?;
        item_shows(&ada, "bread", "1 1 1 0").await?;
        ben.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("site-viewers", 2).await?;
        ben.open_live("/page/soup").await?;
        item_shows(&ada, "bread", "0 1 1 0").await?;
        item_shows(&ada, "soup", "1").await?;
        ada.wait_for("there is one stream", "return window.observed.streams.length === 1")
            .await
    })
}

#[test]
fn items_that_are_added_later_are_live_over_one_other_stream() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ben.open_live("/page/cake").await?;
        ada.open_live("/list").await?;
        item_shows(&ada, "bread", "0 0 0 0").await?;
        let adds = "for (const slug of ['cake', 'rice', 'tea']) {
                const item = document.querySelector('article:last-of-type').cloneNode(true);
                item.dataset.horizonSlug = slug;
                document.querySelector('main').append(item);
                await new Promise(added => setTimeout(added));
            }";
        ada.script(adds, &[]).await?;
        item_shows(&ada, "cake", "1").await?;
        item_shows(&ada, "tea", "0").await?;
        ada.wait_for(
            "another stream replaced the first",
            "return window.observed.streams.map(stream => stream.readyState).join() === '2,1'
                && window.observed.streams[1].url.endsWith('&again=1')",
        )
        .await?;
        ada.wait_for_number("site-viewers", 2).await
    })
}

#[test]
fn a_list_of_more_than_a_hundred_pages_has_one_stream_for_the_first_hundred() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/list").await?;
        let adds = "for (let page = 0; page < 150; page++) {
                const item = document.querySelector('article:last-of-type').cloneNode(true);
                item.dataset.horizonSlug = `page-${page}`;
                item.querySelector('b').textContent = 'unknown';
                document.querySelector('main').append(item);
            }";
        ada.script(adds, &[]).await?;
        item_shows(&ada, "page-97", "0").await?;
        ada.wait_for(
            "the stream has a hundred pages",
            "return window.observed.streams.at(-1).url.split('page=').length === 101",
        )
        .await?;
        item_shows(&ada, "page-98", "unknown").await
    })
}

#[test]
fn a_list_of_pages_with_long_names_has_a_stream_with_a_short_address() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/list").await?;
        let adds = "for (let page = 0; page < 30; page++) {
                const item = document.querySelector('article:last-of-type').cloneNode(true);
                item.dataset.horizonSlug = 'é'.repeat(250) + page;
                item.querySelector('b').textContent = 'unknown';
                document.querySelector('main').append(item);
            }";
        ada.script(adds, &[]).await?;
        let texts = "const texts = [...document.querySelectorAll('article')].map(item => item.textContent.trim());";
        let live = format!("{texts} return texts[2].startsWith('0') && texts[9].startsWith('unknown')");
        ada.wait_for("the first pages are live", &live).await?;
        let length = ada
            .script("return window.observed.streams.at(-1).url.length", &[])
            .await?;
        anyhow::ensure!(length.as_u64() < Some(12_100), "the address has {length} bytes");
        let removes = "for (const item of [...document.querySelectorAll('article')].slice(0, 9)) item.remove()";
        ada.script(removes, &[]).await?;
        let live = format!("{texts} return texts[0].startsWith('0') && texts[7].startsWith('unknown')");
        ada.wait_for("the next pages are live", &live).await
    })
}
