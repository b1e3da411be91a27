//! Pending comments and the moderation page.

use anyhow::ensure;
use horizon_test_support::{ServerOptions, browser_test, http};

use crate::POST;

const TOKEN: &str = "a token for the tests alone";

#[test]
fn with_moderation_before_publishing_a_comment_is_pending_until_the_moderator_shows_it() -> anyhow::Result<()> {
    let options = ServerOptions::default()
        .with("HORIZON_MODERATION", "first")
        .with("HORIZON_ADMIN_TOKEN", TOKEN);
    browser_test(2, options, async |test| {
        let ada = test.browser("Ada").await?;
        let author = test.browser("Author").await?;
        ada.open_live(POST).await?;
        ada.post_comment("Ada", "may I").await?;
        ada.wait_for(
            "the form shows that the comment is pending",
            r#"return document.querySelector('[data-horizon="form-status"]')?.textContent.trim() !== ''"#,
        )
        .await?;
        let stats = http::get(test.server.address(), "/horizon/stats/hello").await?.json()?;
        ensure!(stats["comments"] == 0, "a waiting comment counts: {stats}");
        let page = http::get(test.server.address(), POST).await?.text();
        ensure!(!page.contains("may I"), "a waiting comment shows");

        author.open("/admin").await?;
        author.type_into(r#"input[name="token"]"#, TOKEN).await?;
        author.click(r#"form[action="/admin/login"] [type="submit"]"#).await?;
        author
            .wait_for(
                "the comment is listed as pending",
                "return document.body.innerText.includes('may I')",
            )
            .await?;
        author
            .click(r#"form[action^="/admin/comments/"] button[name="verdict"][value="shown"]"#)
            .await?;
        ada.wait_for_number("comments", 1).await?;
        let page = http::get(test.server.address(), POST).await?.text();
        ensure!(page.contains("may I"), "an approved comment does not show");

        author
            .click(r#"form[action^="/admin/comments/"] button[name="verdict"][value="removed"]"#)
            .await?;
        ada.wait_for_number("comments", 0).await?;
        let page = http::get(test.server.address(), POST).await?.text();
        ensure!(!page.contains("may I"), "a removed comment shows");
        Ok(())
    })
}
