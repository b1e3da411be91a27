//! A browser that runs no script.

use horizon_test_support::{Options, Reader, stage};
use serde_json::json;

use crate::POST;

pub(crate) async fn without_script(reader: &Reader) -> anyhow::Result<()> {
    reader
        .devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true }))
        .await
        .map(drop)
}

#[test]
fn without_script_the_text_the_numbers_a_like_and_a_comment_work() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live(POST).await?;
        let ben = stage.reader("Ben").await?;
        without_script(&ben).await?;
        ben.opens(POST).await?;
        ben.finds(
            "the text is there",
            "return document.body.innerText.includes('The first words.')",
        )
        .await?;
        ben.sees("viewers", 1).await?;
        ben.sees("visits", 1).await?;

        ben.clicks(r#"button[data-horizon="like"]"#).await?;
        ben.finds(
            "the like is pressed",
            "return document.querySelector('button[data-horizon=like]')?.getAttribute('aria-pressed') === 'true'",
        )
        .await?;
        ben.sees("likes", 1).await?;
        ada.sees("likes", 1).await?;

        ben.comments("Ben", "without a script").await?;
        ben.sees_comment("without a script").await?;
        ben.sees("comments", 1).await?;
        ada.sees("comments", 1).await?;

        ben.clicks(r#"button[data-horizon="like"]"#).await?;
        ben.sees("likes", 0).await?;
        ada.sees("likes", 0).await
    })
}

#[test]
fn without_script_a_refused_comment_says_why() -> anyhow::Result<()> {
    stage(1, Options::default(), async |stage| {
        stage.expect_in_console("status of 422");
        // Our own witness is a script too, and the answer's policy lets none run.
        stage.expect_in_console("Blocked script execution");
        let ada = stage.reader("Ada").await?;
        without_script(&ada).await?;
        ada.opens(POST).await?;
        ada.script(
            r"document.querySelectorAll('[maxlength]').forEach(e => e.removeAttribute('maxlength'))",
            &[],
        )
        .await?;
        ada.comments(&"n".repeat(81), "words").await?;
        ada.finds(
            "the answer says what is wrong",
            "return document.body.innerText.includes('80')",
        )
        .await
    })
}
