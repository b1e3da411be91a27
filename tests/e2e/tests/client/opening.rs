//! What the client reports about how a page was opened, and whether it was read to its end.

use anyhow::ensure;
use horizon_test_support::{Browser, wait_until};

use crate::{host::HostApp, play};

/// Counts the checks whether the end of the page is on screen.
const COUNTS_CHECKS: &str = "window.checks = 0;
    const rectangles = Element.prototype.getClientRects;
    Element.prototype.getClientRects = function () { window.checks++; return rectangles.call(this); };";

/// Waits until a new stream is open whose address has these parameters, and that without them ends with `suffix`.
async fn opens_with(reader: &Browser, parameters: &str, suffix: &str) -> anyhow::Result<()> {
    let script = format!(
        "const last = window.observed.streams.at(-1);
         const url = new URL(last.url);
         const sent = Object.fromEntries(url.searchParams);
         const expected = {parameters};
         return last.readyState === 1 && url.href.endsWith('{suffix}')
             && Object.keys(sent).length === Object.keys(expected).length
             && Object.keys(expected).every(name => sent[name] === String(expected[name]))"
    );
    reader.wait_for(&format!("a stream has {parameters}"), &script).await
}

/// Waits until the server has tracked this many events of visits.
async fn tracked(server: &HostApp, visits: u64) -> anyhow::Result<()> {
    let metric = format!("horizon_events_tracked_total{{kind=\"visit\"}} {visits}\n");
    wait_until("the visits are tracked", async || {
        let metrics = server.metrics();
        ensure!(metrics.contains(&metric), "{metrics}");
        Ok(())
    })
    .await
}

#[test]
fn only_a_new_visit_says_how_the_page_was_opened() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/list?session=secret").await?;
        let opens =
            "location.href = '/page/bread?token=secret&utm_source=news letter&xref=secret&ref=x&code=secret#top'";
        ada.script(opens, &[]).await?;
        ada.wait_for("the page is open", "return location.pathname === '/page/bread'")
            .await?;
        let opened = "{ w: innerWidth, r: location.origin, q: 'utm_source=news%20letter&ref=x' }";
        opens_with(&ada, opened, "").await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.script("window.dispatchEvent(new Event('online'))", &[]).await?;
        opens_with(&ada, "{ again: 1 }", "/horizon/live/bread?again=1").await
    })
}

#[test]
fn a_long_campaign_is_cut() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        let long = "x".repeat(3_000);
        ada.open(&format!("/page/bread?utm_campaign={long}")).await?;
        ada.wait_for(
            "a stream is open",
            "const last = window.observed?.streams.at(-1);
             const sent = last && new URL(last.url).searchParams;
             return last?.readyState === 1 && sent.get('r') === '' && sent.get('q').length === 999",
        )
        .await
    })
}

#[test]
fn a_page_is_finished_once_when_its_end_is_on_screen() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        let grows = "document.querySelector('main').style.minHeight = '300vh'";
        ada.script(&format!("{grows}; {COUNTS_CHECKS}"), &[]).await?;
        ada.wait_for("the end was looked for", "return window.checks > 2")
            .await?;
        // The events of the opening.
        tracked(&test.server, 2).await?;
        ada.script("scrollTo(0, document.body.scrollHeight)", &[]).await?;
        tracked(&test.server, 4).await?;
        // A page that was reported needs no further checks, and another one does.
        let checks = ada.script("return window.checks", &[]).await?;
        ada.script("window.horizonLive.go('soup')", &[]).await?;
        // Bread is closed, and soup is opened and finished.
        tracked(&test.server, 4 + 2 + 2 + 2).await?;
        let more = ada.script("return window.checks - arguments[0]", &[checks]).await?;
        ensure!(more.as_u64() == Some(2), "{more} more checks");
        Ok(())
    })
}

#[test]
fn the_author_marks_the_end() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        let marks = "document.querySelector('main').style.minHeight = '300vh';
            document.querySelector('h1').insertAdjacentHTML('afterend', '<span data-horizon-end></span>')";
        ada.script(marks, &[]).await?;
        tracked(&test.server, 4).await
    })
}

#[test]
fn an_end_that_is_not_shown_is_not_on_screen() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        let marks = "document.querySelector('h1').insertAdjacentHTML('afterend', '<p data-horizon-end hidden></p>')";
        ada.script(&format!("{marks}; {COUNTS_CHECKS}"), &[]).await?;
        ada.wait_for("the end was looked for", "return window.checks > 2")
            .await?;
        tracked(&test.server, 2).await?;
        ada.script("document.querySelector('[data-horizon-end]').hidden = false", &[])
            .await?;
        tracked(&test.server, 4).await
    })
}

#[test]
fn a_reader_with_a_privacy_signal_finishes_no_page() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser_with_privacy_signal("Ada").await?;
        ada.open_live("/page/bread").await?;
        ada.wait_for(
            "the end of the page is reported",
            "return performance.getEntriesByType('resource').some(entry => entry.name.endsWith('/finished/bread'))",
        )
        .await?;
        tracked(&test.server, 2).await
    })
}
