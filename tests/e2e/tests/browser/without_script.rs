//! A browser without JavaScript.

use horizon_test_support::{Browser, ServerOptions, browser_test};
use serde_json::json;

use crate::POST;

pub(crate) async fn without_script(reader: &Browser) -> anyhow::Result<()> {
    reader
        .devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }))
        .await
        .map(drop)
}

#[test]
fn without_script_the_text_the_numbers_a_like_and_a_comment_work() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        let ben = test.browser("Ben").await?;
        without_script(&ben).await?;
        ben.open(POST).await?;
        ben.wait_for(
            "the text is there",
            "return document.body.innerText.includes('The first words.')",
        )
        .await?;
        ben.wait_for_number("viewers", 1).await?;
        ben.wait_for_number("visits", 1).await?;

        ben.click(r#"button[data-horizon="like"]"#).await?;
        ben.wait_for(
            "the like is pressed",
            "return document.querySelector('button[data-horizon=like]')?.getAttribute('aria-pressed') === 'true'",
        )
        .await?;
        ben.wait_for_number("likes", 1).await?;
        ada.wait_for_number("likes", 1).await?;

        ben.post_comment("Ben", "without a script").await?;
        ben.wait_for_comment("without a script").await?;
        ben.wait_for_number("comments", 1).await?;
        ada.wait_for_number("comments", 1).await?;

        ben.click(r#"button[data-horizon="like"]"#).await?;
        ben.wait_for_number("likes", 0).await?;
        ada.wait_for_number("likes", 0).await
    })
}

#[test]
fn without_script_a_rejected_comment_shows_the_reason() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        test.expect_in_console("status of 422");
        // The observer of the test support is a script, which the page's policy blocks.
        test.expect_in_console("Blocked script execution");
        let ada = test.browser("Ada").await?;
        without_script(&ada).await?;
        ada.open(POST).await?;
        ada.script(
            r"document.querySelectorAll('[maxlength]').forEach(e => e.removeAttribute('maxlength'))",
            &[],
        )
        .await?;
        ada.post_comment(&"n".repeat(81), "words").await?;
        ada.wait_for(
            "the response shows the error",
            "return document.body.innerText.includes('80')",
        )
        .await
    })
}
