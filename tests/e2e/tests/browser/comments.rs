//! Comments: written, announced, refused, and hostile.

use anyhow::ensure;
use horizon_test_support::{Options, Reader, http, stage};
use serde_json::json;

use crate::POST;

const BODY: &str = r#"form[data-horizon="comment-form"] [name="body"]"#;
const AUTHOR: &str = r#"form[data-horizon="comment-form"] [name="author"]"#;
const SUBMIT: &str = r#"form[data-horizon="comment-form"] [type="submit"]"#;

async fn field_holds(reader: &Reader, field: &str, expected: &str) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('{field}').value === {}", json!(expected));
    reader.finds(&format!("`{field}` holds `{expected}`"), &script).await
}

#[test]
fn a_comment_is_announced_in_the_other_browser_and_shown_on_a_click() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ada.types(AUTHOR, "Ada").await?;
        ada.types(BODY, "half a thou").await?;
        ben.comments("Ben", "good day").await?;
        ben.sees_comment("good day").await?;
        field_holds(&ben, BODY, "").await?;
        ben.sees("comments", 1).await?;

        ada.sees("comments", 1).await?;
        ada.finds(
            "the new comment is announced",
            r#"return document.querySelector('[data-horizon="new-comments"]')?.checkVisibility() === true"#,
        )
        .await?;
        ada.finds(
            "the text has not shifted",
            r"return document.querySelectorAll('article[data-comment-id]').length === 0",
        )
        .await?;
        let announcement = r#"button[data-horizon="new-comments"], [data-horizon="new-comments"] button"#;
        ada.clicks(announcement).await?;
        ada.sees_comment("good day").await?;
        field_holds(&ada, AUTHOR, "Ada").await?;
        field_holds(&ada, BODY, "half a thou").await?;
        ada.finds("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_refused_comment_keeps_the_form_and_says_why() -> anyhow::Result<()> {
    stage(1, Options::default(), async |stage| {
        stage.expect_in_console("status of 422");
        let ada = stage.reader("Ada").await?;
        ada.opens_live(POST).await?;
        // The browser's own checks are what a stranger does not have.
        ada.script(
            r#"document.querySelectorAll('form[data-horizon="comment-form"]').forEach(f => {
                f.noValidate = true;
                f.querySelectorAll('[maxlength]').forEach(e => e.removeAttribute('maxlength'));
            })"#,
            &[],
        )
        .await?;
        let name = "n".repeat(81);
        ada.types(AUTHOR, &name).await?;
        ada.types(BODY, "kept words").await?;
        ada.clicks(SUBMIT).await?;
        ada.finds(
            "the form says what is wrong",
            r#"return document.querySelector('[data-horizon="form-status"]')?.textContent.includes('80') === true"#,
        )
        .await?;
        field_holds(&ada, AUTHOR, &name).await?;
        field_holds(&ada, BODY, "kept words").await?;
        let stats = http::get(stage.server.address(), "/horizon/stats/hello")
            .await?
            .json()?;
        ensure!(stats["comments"] == 0, "it was counted: {stats}");
        Ok(())
    })
}

#[test]
fn a_reply_stands_below_what_it_answers() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ada.comments("Ada", "a question").await?;
        ada.sees_comment("a question").await?;
        ben.opens_live(POST).await?;
        ben.clicks(r#"article[data-comment-id] [data-horizon="reply"]"#).await?;
        ben.types(BODY, "an answer").await?;
        ben.clicks(SUBMIT).await?;
        ben.sees_comment("an answer").await?;
        ben.sees("comments", 2).await?;
        let page = http::get(stage.server.address(), "/horizon/comments/hello")
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
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ben.comments("<b onclick='window.owned = 5'>Ben", HOSTILE).await?;
        ben.sees_comment("after").await?;
        ada.sees("comments", 1).await?;
        ada.clicks(r#"button[data-horizon="new-comments"], [data-horizon="new-comments"] button"#)
            .await?;
        ada.sees_comment("after").await?;
        let harmless = r#"
            const list = document.querySelector('[data-horizon="comment-list"]');
            const all = [...list.querySelectorAll('*')];
            return window.owned === undefined
                && !list.querySelector('script, img, svg, b, iframe, object, style')
                && !all.some(e => [...e.attributes].some(a => a.name.startsWith('on') || /^\s*javascript:/i.test(a.value)))
        "#;
        ada.finds("nothing of it is markup", harmless).await?;
        ben.finds("nothing of it is markup", harmless).await?;
        ada.reloads().await?;
        ada.sees_comment("after").await?;
        ada.finds("nothing of it is markup in the first HTML", harmless).await?;
        ada.sees_comment("<img src=x onerror=").await?;
        ada.sees_comment("<b onclick='window.owned = 5'>Ben").await
    })
}
