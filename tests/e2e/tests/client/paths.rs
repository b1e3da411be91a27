//! Pages with names of every kind.

use horizon_test_support::Browser;

use crate::{LIKE, play, sees_it_pressed};

/// Waits until the last stream that was opened has this address.
async fn streams_from(reader: &Browser, path: &str) -> anyhow::Result<()> {
    let script = format!("return window.observed.streams.at(-1).url.split('?')[0].endsWith('/horizon/live{path}')");
    reader.wait_for(&format!("the stream is at {path}"), &script).await
}

#[test]
fn a_page_is_named_by_its_path() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        let pages = [
            ("/page/docs/guide/%C3%A9%3F%23", "/docs/guide/%C3%A9%3F%23"),
            ("/root", "/"),
        ];
        for (page, live) in pages {
            ada.open_live(page).await?;
            ada.wait_for_number("viewers", 1).await?;
            streams_from(&ada, live).await?;
            sees_it_pressed(&ada, false).await?;
            ada.click(LIKE).await?;
            sees_it_pressed(&ada, true).await?;
            ada.wait_for_number("likes", 1).await?;
            let tracks = "return (await window.horizonLive.track('👍')).count === 1";
            ada.wait_for("the event counts", tracks).await?;
        }
        Ok(())
    })
}

#[test]
fn a_list_shows_pages_of_every_name_and_ignores_what_is_none() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ben.open_live("/page/docs/guide/%C3%A9%3F%23").await?;
        ada.open_live("/list").await?;
        let adds = "const names = ['docs/guide/é?#', '/', '', '..', 'a/../b', 'a//b', '/a', 'a\\nb', 'é'.repeat(257),
                'docs/guide/e\\u0301?#'];
            for (const name of names) {
                const item = document.querySelector('article:last-of-type').cloneNode(true);
                item.dataset.horizonSlug = name;
                item.querySelector('b').textContent = 'unknown';
                document.querySelector('main').append(item);
            }";
        ada.script(adds, &[]).await?;
        ada.wait_for(
            "the pages have numbers, and the others none",
            "const items = [...document.querySelectorAll('article')].slice(2);
             const texts = items.map(item => item.querySelector('b').textContent).join();
             return texts === '1,0' + ',unknown'.repeat(8)",
        )
        .await
    })
}

#[test]
fn a_like_on_one_device_of_a_user_shows_on_the_other() -> anyhow::Result<()> {
    play(2, async |test| {
        let laptop = test.browser("Laptop").await?;
        let phone = test.browser("Phone").await?;
        for device in [&laptop, &phone] {
            device.open("/").await?;
            device.script("document.cookie = 'user=ada'", &[]).await?;
            device.open_live("/page/bread").await?;
            sees_it_pressed(device, false).await?;
        }
        for pressed in [true, false] {
            laptop.click(LIKE).await?;
            sees_it_pressed(&laptop, pressed).await?;
            sees_it_pressed(&phone, pressed).await?;
        }
        Ok(())
    })
}
