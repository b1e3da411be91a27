//! Likes and unlikes.

use horizon_test_support::{Browser, ServerOptions, browser_test};

use crate::POST;

const LIKE: &str = r#"button[data-horizon="like"]"#;

async fn sees_it_pressed(reader: &Browser, pressed: bool) -> anyhow::Result<()> {
    let script = format!(
        "return document.querySelector('button[data-horizon=like]').getAttribute('aria-pressed') === '{pressed}'"
    );
    reader.wait_for(&format!("aria-pressed is {pressed}"), &script).await
}

#[test]
fn a_like_arrives_in_the_other_browser_without_a_reload() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ben.click(LIKE).await?;
        ada.wait_for_number("likes", 1).await?;
        sees_it_pressed(&ben, true).await?;
        sees_it_pressed(&ada, false).await?;
        ada.click(LIKE).await?;
        ben.wait_for_number("likes", 2).await?;
        ada.wait_for("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_like_is_remembered_after_a_reload_and_can_be_taken_back() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        ada.wait_for("there is no cookie before the like", "return document.cookie === ''")
            .await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.reload().await?;
        sees_it_pressed(&ada, true).await?;
        ada.wait_for_number("likes", 1).await?;
        ada.wait_for("no script can read the cookie", "return document.cookie === ''")
            .await?;
        ada.click(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await?;
        ada.reload().await?;
        sees_it_pressed(&ada, false).await?;
        ada.wait_for_number("likes", 0).await
    })
}
