//! Numbers of the current page and of other pages.

use serde_json::json;

use crate::{LIKE, play, sees_it_pressed};

#[test]
fn the_numbers_are_filled_in_and_updated_for_a_second_viewer() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("visits", 1).await?;
        ben.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 2).await?;
        ada.wait_for_number("visits", 2).await?;
        ben.leave().await?;
        ada.wait_for_number("viewers", 1).await?;
        ben.open_live("/page/soup").await?;
        ada.wait_for_number("site-viewers", 2).await?;
        ada.wait_for_number("viewers", 1).await
    })
}

#[test]
fn a_page_without_a_slug_shows_the_numbers_of_the_site_and_accepts_no_writes() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/").await?;
        ben.open_live("/page/bread").await?;
        ada.wait_for_number("site-viewers", 2).await?;
        ada.wait_for_number("viewers", 0).await?;
        ada.click(LIKE).await?;
        ada.wait_for(
            "nothing was sent",
            "return !performance.getEntriesByType('resource').some(entry => entry.initiatorType === 'fetch')",
        )
        .await
    })
}

#[test]
fn numbers_are_formatted_in_the_language_of_the_page() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("viewers", 1).await?;
        for (language, text) in [("en", "1,204"), ("de", "1.204"), ("no_such", "1204")] {
            let script = "document.documentElement.lang = arguments[0];
                const data = JSON.stringify({ viewers: 1204 });
                window.observed.streams.at(-1).dispatchEvent(new MessageEvent('live', { data }));
                return document.querySelector('[data-horizon=viewers]').textContent";
            let seen = ada.script(script, &[json!(language)]).await?;
            anyhow::ensure!(seen == text, "in {language} it reads {seen}");
        }
        Ok(())
    })
}

#[test]
fn elements_that_are_added_later_are_filled_with_the_numbers_of_their_page() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for_number("visits", 1).await?;
        ada.script(
            "const late = document.createElement('b'), other = document.createElement('section');
             late.dataset.horizon = 'visits';
             late.id = 'late';
             other.dataset.horizonSlug = 'soup';
             const foreign = late.cloneNode();
             foreign.id = 'foreign';
             other.append(foreign);
             document.querySelector('main').append(late, other)",
            &[],
        )
        .await?;
        ada.wait_for(
            "the late one is filled",
            "return document.querySelector('#late').textContent === '1'",
        )
        .await?;
        ben.open_live("/page/bread").await?;
        ada.wait_for(
            "the late one follows",
            "return document.querySelector('#late').textContent === '2'",
        )
        .await?;
        ada.wait_for(
            "the other page's shows the number of that page",
            "return document.querySelector('#foreign').textContent === '0'",
        )
        .await
    })
}

#[test]
fn a_script_that_runs_twice_is_one_connection_and_a_click_is_one_like() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        ada.script(
            "const again = document.createElement('script');
             again.type = 'module';
             again.src = '/horizon/client.js?again';
             again.dataset.slug = 'bread';
             document.head.append(again)",
            &[],
        )
        .await?;
        ada.wait_for(
            "the second stream replaced the first",
            "return window.observed.streams.map(stream => stream.readyState).join() === '2,1'",
        )
        .await?;
        ada.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for(
            "two questions and one like were sent",
            "const requests = performance.getEntriesByType('resource');
             return requests.filter(entry => entry.name.includes('/likes/')).length === 3",
        )
        .await
    })
}

#[test]
fn a_page_that_imports_the_script_connects_on_demand() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open("/").await?;
        let connects = "document.querySelector('script').remove();
            const { connect } = await import('/horizon/client.js');
            return await new Promise(received => {
                const live = connect({ slug: 'bread', base: '/horizon', onnumbers: numbers => {
                    if (!('site-viewers' in numbers)) return;
                    live.close();
                    received([numbers, window.observed.streams.at(-1).readyState]);
                } });
            })";
        let received = ada.script(connects, &[]).await?;
        let numbers = json!({ "viewers": 1, "visits": 1, "likes": 0, "comments": 0 });
        anyhow::ensure!(
            received.pointer("/0/viewers") == numbers.get("viewers"),
            "the page received {received}"
        );
        anyhow::ensure!(
            received.pointer("/0/site-viewers") == Some(&json!(1)),
            "the page received {received}"
        );
        anyhow::ensure!(
            received.pointer("/1") == Some(&json!(2)),
            "it is still open: {received}"
        );
        Ok(())
    })
}
