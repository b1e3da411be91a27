//! The like button.

use serde_json::json;

use crate::{LIKE, play, sees_it_pressed};

#[test]
fn a_like_shows_in_both_browsers_and_is_taken_back() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ben.wait_for_number("likes", 1).await?;
        sees_it_pressed(&ben, false).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await?;
        ben.wait_for_number("likes", 0).await
    })
}

#[test]
fn a_like_of_a_named_reader_shows_on_their_other_device() -> anyhow::Result<()> {
    play(3, async |test| {
        let laptop = test.browser("laptop").await?;
        let phone = test.browser("phone").await?;
        let ben = test.browser("Ben").await?;
        for browser in [&laptop, &phone] {
            browser.open("/").await?;
            browser.script("document.cookie = 'user=ada; path=/'", &[]).await?;
        }
        for browser in [&laptop, &phone, &ben] {
            browser.open_live("/page/bread").await?;
            sees_it_pressed(browser, false).await?;
        }
        for pressed in [true, false, true] {
            laptop.click(LIKE).await?;
            sees_it_pressed(&phone, pressed).await?;
            sees_it_pressed(&laptop, pressed).await?;
        }
        ben.wait_for_number("likes", 1).await?;
        sees_it_pressed(&ben, false).await
    })
}

#[test]
fn after_a_reload_the_like_button_has_the_state_of_the_server() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.reload().await?;
        sees_it_pressed(&ada, true).await?;
        ada.open_live("/page/soup").await?;
        sees_it_pressed(&ada, false).await
    })
}

#[test]
fn a_like_that_never_arrived_can_be_repeated() -> anyhow::Result<()> {
    play(1, async |test| {
        test.network_may_fail();
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        ada.set_offline(true).await?;
        let taken = ada.script("return await window.horizonLive.like(true)", &[]).await?;
        anyhow::ensure!(taken == json!(false), "like answered {taken}");
        sees_it_pressed(&ada, false).await?;
        ada.set_offline(false).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await
    })
}

#[test]
fn a_like_whose_response_was_lost_counts_once_when_it_is_repeated() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        // Remove the cookie of the response, as if the response was lost.
        let lost = "const real = window.fetch;
            window.fetch = async (url, how) => {
                window.fetch = real;
                await real(url, { ...how, credentials: 'omit' });
                throw new TypeError('lost');
            };
            return await window.horizonLive.like(true)";
        let taken = ada.script(lost, &[]).await?;
        anyhow::ensure!(taken == json!(false), "like answered {taken}");
        ben.wait_for_number("likes", 1).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 2).await
    })
}

#[test]
fn the_initial_state_of_a_like_button_is_kept() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/").await?;
        // Simulate a page that has never connected.
        let connects = "window.horizonLive.close();
            delete window.horizonLive;
            document.querySelector('[data-horizon=like]').setAttribute('aria-pressed', 'true');
            const { connect } = await import('/horizon/client.js');
            connect({ slug: 'bread' })";
        ada.script(connects, &[]).await?;
        ada.wait_for_number("viewers", 1).await?;
        sees_it_pressed(&ada, true).await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for(
            "nothing was asked",
            "const requests = performance.getEntriesByType('resource');
             return requests.filter(entry => entry.name.includes('/likes/')).length === 1",
        )
        .await
    })
}

#[test]
fn connecting_to_another_page_loads_its_state() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        let connects = "(await import('/horizon/client.js')).connect({ slug: 'soup' })";
        ada.script(connects, &[]).await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await
    })
}
