//! The dashboard without a pointer.

use anyhow::{bail, ensure};
use horizon_test_support::{BlogYear, Browser, WebServer, browser_test_with, wait_until};
use serde_json::json;

use crate::{
    author::DashboardReader,
    year::{options, year},
};

/// The most times that Tab is pressed.
const MAX_TABS: usize = 250;

/// Returns the text of the focused element, and whether it looks focused.
const FOCUSED: &str = r#"
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const frame = element.querySelector(".hit");
    const hasStroke = frame !== null && getComputedStyle(frame).stroke !== "none";
    const text = element.ariaLabel || element.querySelector("title")?.textContent || element.textContent;
    return [text.trim(), hasOutline || hasStroke, element.closest("[id]")?.id ?? ""];
"#;

/// Returns the links and fields that the keyboard has to reach: all that are shown, and one point of the chart.
const REACHABLE: &str = r#"
    const shown = [...document.querySelectorAll("main a, main button, main input, main summary")]
        .filter(element => element.checkVisibility() && element.type !== "hidden");
    return shown.filter(element => !element.closest(".points")).length;
"#;

/// Returns where the focus is: at the body before the first element, in the chart, in the main part, or elsewhere.
const PLACE: &str = r#"
    const element = document.activeElement;
    if (element === document.body) return "body";
    return element.closest(".points") ? "chart" : element.closest("main") ? "main" : "header";
"#;

async fn press(browser: &Browser, key: &str, code: u32) -> anyhow::Result<()> {
    for kind in ["keyDown", "keyUp"] {
        let text = if key == "Enter" && kind == "keyDown" { "\r" } else { "" };
        let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        browser.devtools("Input.dispatchKeyEvent", &event).await?;
    }
    Ok(())
}

/// Presses Tab until an element below `scope` whose text starts with the words has the focus.
async fn tab_to(browser: &Browser, scope: &str, words: &str) -> anyhow::Result<()> {
    for _ in 0..MAX_TABS {
        press(browser, "Tab", 9).await?;
        let focused = browser.script(FOCUSED, &[]).await?;
        let text = focused[0].as_str().unwrap_or_default();
        ensure!(focused[1] == true || text.is_empty(), "`{text}` does not look focused");
        if text.starts_with(words) && focused[2] == scope {
            return Ok(());
        }
    }
    bail!("Tab does not reach `{words}` in `{scope}`")
}

#[test]
fn tab_enter_and_arrow_keys_reach_everything() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let year = year().await?;
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        author.opens_the_overview().await?;
        tab_stops_at_everything(&author.browser).await?;
        enter_opens_a_list(&author).await?;
        author.opens_the_overview().await?;
        arrows_move_in_the_chart(&author, year).await
    })
}

async fn tab_stops_at_everything(browser: &Browser) -> anyhow::Result<()> {
    let reachable = browser.script(REACHABLE, &[]).await?;
    let mut stops: u64 = 0;
    for _ in 0..MAX_TABS {
        press(browser, "Tab", 9).await?;
        let place = browser.script(PLACE, &[]).await?;
        if place == "body" {
            break;
        }
        stops += u64::from(place == "main");
    }
    ensure!(
        reachable == stops,
        "Tab stops at {stops} of {reachable} links and fields"
    );
    Ok(())
}

async fn enter_opens_a_list(author: &DashboardReader) -> anyhow::Result<()> {
    tab_to(&author.browser, "card-sources", "Campaigns").await?;
    press(&author.browser, "Enter", 13).await?;
    wait_until("the campaigns are shown, and the focus stays", async || {
        let page = author.looks().await?;
        let list = page.list("sources")?;
        ensure!(list.columns.iter().any(|column| column == "Campaign"), "{list:?}");
        let focused = author.browser.script(FOCUSED, &[]).await?;
        ensure!(focused[0] == "Campaigns", "the focus is at {focused}");
        Ok(())
    })
    .await
}

async fn arrows_move_in_the_chart(author: &DashboardReader, year: &BlogYear) -> anyhow::Result<()> {
    tab_to(&author.browser, "chart", "Thu 26 Nov 2026").await?;
    for _ in year.peak().number()..year.today().number() {
        press(&author.browser, "ArrowLeft", 37).await?;
    }
    press(&author.browser, "Enter", 13).await?;
    wait_until("the day of the peak is shown", async || {
        let days = author.looks().await?.days;
        ensure!(days == "Tue 24 Nov 2026", "{days}");
        Ok(())
    })
    .await
}
