//! The like button.

use serde_json::json;

use crate::{LIKE, play, sees_it_pressed};

#[test]
fn a_like_shows_in_both_browsers_and_is_taken_back() -> anyhow::Result<()> {
    play(2, async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live("/page/bread").await?;
        ben.opens_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.sees("likes", 1).await?;
        ben.sees("likes", 1).await?;
        sees_it_pressed(&ben, false).await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.sees("likes", 0).await?;
        ben.sees("likes", 0).await
    })
}

#[test]
fn after_a_reload_the_server_says_what_the_reader_likes() -> anyhow::Result<()> {
    play(1, async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live("/page/bread").await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.reloads().await?;
        sees_it_pressed(&ada, true).await?;
        ada.opens_live("/page/soup").await?;
        sees_it_pressed(&ada, false).await
    })
}

#[test]
fn a_like_that_never_arrived_can_be_given_again() -> anyhow::Result<()> {
    play(1, async |stage| {
        stage.network_may_fail();
        let ada = stage.reader("Ada").await?;
        ada.opens_live("/page/bread").await?;
        sees_it_pressed(&ada, false).await?;
        ada.goes_offline(true).await?;
        let taken = ada.script("return await window.horizonLive.like(true)", &[]).await?;
        anyhow::ensure!(taken == json!(false), "like answered {taken}");
        sees_it_pressed(&ada, false).await?;
        ada.goes_offline(false).await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.sees("likes", 1).await
    })
}

#[test]
fn a_like_whose_answer_was_lost_is_one_like_when_it_is_given_again() -> anyhow::Result<()> {
    play(2, async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live("/page/bread").await?;
        ben.opens_live("/page/bread").await?;
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
        ben.sees("likes", 1).await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ben.clicks(LIKE).await?;
        ada.sees("likes", 2).await
    })
}

#[test]
fn a_button_that_says_from_the_start_whether_it_is_pressed_is_believed() -> anyhow::Result<()> {
    play(1, async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live("/").await?;
        // As if nothing had been connected yet.
        let connects = "window.horizonLive.close();
            delete window.horizonLive;
            document.querySelector('[data-horizon=like]').setAttribute('aria-pressed', 'true');
            const { connect } = await import('/horizon/client.js');
            connect({ slug: 'bread' })";
        ada.script(connects, &[]).await?;
        ada.sees("viewers", 1).await?;
        sees_it_pressed(&ada, true).await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.finds(
            "nothing was asked",
            "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/likes/')).length === 1",
        )
        .await
    })
}

#[test]
fn whoever_connects_to_another_page_is_asked_for_anew() -> anyhow::Result<()> {
    play(1, async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live("/page/bread").await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        let connects = "(await import('/horizon/client.js')).connect({ slug: 'soup' })";
        ada.script(connects, &[]).await?;
        sees_it_pressed(&ada, false).await?;
        ada.sees("likes", 0).await
    })
}
