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
fn after_a_reload_the_server_says_what_the_reader_likes() -> anyhow::Result<()> {
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
fn a_like_that_never_arrived_can_be_given_again() -> anyhow::Result<()> {
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
fn a_like_whose_answer_was_lost_is_one_like_when_it_is_given_again() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        // The answer goes without the cookie that it brought, as if it had never come.
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
fn a_button_that_says_from_the_start_whether_it_is_pressed_is_believed() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/").await?;
        // As if nothing had been connected yet.
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
            "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/likes/')).length === 1",
        )
        .await
    })
}

#[test]
fn whoever_connects_to_another_page_is_asked_for_anew() -> anyhow::Result<()> {
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
