//! Comments: written, announced, rejected and hostile.

use anyhow::ensure;
use horizon_test_support::{Browser, ServerOptions, browser_test, http};
use serde_json::json;

use crate::POST;

const BODY: &str = r#"form[data-horizon="comment-form"] [name="body"]"#;
const AUTHOR: &str = r#"form[data-horizon="comment-form"] [name="author"]"#;
const SUBMIT: &str = r#"form[data-horizon="comment-form"] [type="submit"]"#;

async fn field_holds(reader: &Browser, field: &str, expected: &str) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('{field}').value === {}", json!(expected));
    reader.wait_for(&format!("`{field}` holds `{expected}`"), &script).await
}

#[test]
fn a_comment_is_announced_in_the_other_browser_and_shown_on_a_click() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ada.type_into(AUTHOR, "Ada").await?;
        ada.type_into(BODY, "half a thou").await?;
        ben.post_comment("Ben", "good day").await?;
        ben.wait_for_comment("good day").await?;
        field_holds(&ben, BODY, "").await?;
        ben.wait_for_number("comments", 1).await?;

        ada.wait_for_number("comments", 1).await?;
        ada.wait_for(
            "the new comment is announced",
            r#"return document.querySelector('[data-horizon="new-comments"]')?.checkVisibility() === true"#,
        )
        .await?;
        ada.wait_for(
            "the text has not shifted",
            r"return document.querySelectorAll('article[data-comment-id]').length === 0",
        )
        .await?;
        let announcement = r#"button[data-horizon="new-comments"], [data-horizon="new-comments"] button"#;
        ada.click(announcement).await?;
        ada.wait_for_comment("good day").await?;
        field_holds(&ada, AUTHOR, "Ada").await?;
        field_holds(&ada, BODY, "half a thou").await?;
        ada.wait_for("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_rejected_comment_keeps_the_form_and_shows_the_reason() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        test.expect_in_console("status of 422");
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        // Skip the browser's own validation.
        ada.script(
            r#"document.querySelectorAll('form[data-horizon="comment-form"]').forEach(f => {
                f.noValidate = true;
                f.querySelectorAll('[maxlength]').forEach(e => e.removeAttribute('maxlength'));
            })"#,
            &[],
        )
        .await?;
        let name = "n".repeat(81);
        ada.type_into(AUTHOR, &name).await?;
        ada.type_into(BODY, "kept words").await?;
        ada.click(SUBMIT).await?;
        ada.wait_for(
            "the form shows the error",
            r#"return document.querySelector('[data-horizon="form-status"]')?.textContent.includes('80') === true"#,
        )
        .await?;
        field_holds(&ada, AUTHOR, &name).await?;
        field_holds(&ada, BODY, "kept words").await?;
        let stats = http::get(test.server.address(), "/horizon/stats/hello").await?.json()?;
        ensure!(stats["comments"] == 0, "it was counted: {stats}");
        Ok(())
    })
}

#[test]
fn a_reply_is_below_its_comment() -> anyhow::Result<()> {
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ada.post_comment("Ada", "a question").await?;
        ada.wait_for_comment("a question").await?;
        ben.open_live(POST).await?;
        ben.click(r#"article[data-comment-id] [data-horizon="reply"]"#).await?;
        ben.type_into(BODY, "an answer").await?;
        ben.click(SUBMIT).await?;
        ben.wait_for_comment("an answer").await?;
        ben.wait_for_number("comments", 2).await?;
        let page = http::get(test.server.address(), "/horizon/comments/hello")
            .await?
            .json()?;
        let thread = &page["threads"][0];
        ensure!(
            thread["replies"][0]["parent"] == thread["comment"]["id"],
            "no thread: {page}"
        );
        Ok(())
    })
}

#[test]
fn a_hostile_comment_is_text_and_runs_nothing() -> anyhow::Result<()> {
    const HOSTILE: &str = concat!(
        "<script>window.owned = 1</script>",
        "<img src=x onerror=\"window.owned = 2\">",
        "[click](javascript:window.owned=3) ",
        "<svg onload=\"window.owned = 4\">",
        "</article></section>after",
    );
    browser_test(2, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live(POST).await?;
        ben.open_live(POST).await?;
        ben.post_comment("<b onclick='window.owned = 5'>Ben", HOSTILE).await?;
        ben.wait_for_comment("after").await?;
        ada.wait_for_number("comments", 1).await?;
        ada.click(r#"button[data-horizon="new-comments"], [data-horizon="new-comments"] button"#)
            .await?;
        ada.wait_for_comment("after").await?;
        let harmless = r#"
            const list = document.querySelector('[data-horizon="comment-list"]');
            const all = [...list.querySelectorAll('*')];
            return window.owned === undefined
                && !list.querySelector('script, img, svg, b, iframe, object, style')
                && !all.some(e => [...e.attributes].some(
                    a => a.name.startsWith('on') || /^\s*javascript:/i.test(a.value)))
        "#;
        ada.wait_for("nothing of it is markup", harmless).await?;
        ben.wait_for("nothing of it is markup", harmless).await?;
        ada.reload().await?;
        ada.wait_for_comment("after").await?;
        ada.wait_for("nothing of it is markup in the first HTML", harmless)
            .await?;
        ada.wait_for_comment("<img src=x onerror=").await?;
        ada.wait_for_comment("<b onclick='window.owned = 5'>Ben").await
    })
}
