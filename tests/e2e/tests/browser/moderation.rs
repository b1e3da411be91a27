//! Comments that wait for the author, and the author's desk.

use anyhow::ensure;
use horizon_test_support::{Options, http, stage};

use crate::POST;

const TOKEN: &str = "a token for the tests alone";

#[test]
fn with_moderation_first_a_comment_waits_until_the_author_shows_it() -> anyhow::Result<()> {
    let options = Options::default()
        .with("HORIZON_MODERATION", "first")
        .with("HORIZON_ADMIN_TOKEN", TOKEN);
    stage(2, options, async |stage| {
        let ada = stage.reader("Ada").await?;
        let author = stage.reader("Author").await?;
        ada.opens_live(POST).await?;
        ada.comments("Ada", "may I").await?;
        ada.finds(
            "the form says that it waits",
            r#"return document.querySelector('[data-horizon="form-status"]')?.textContent.trim() !== ''"#,
        )
        .await?;
        let stats = http::get(stage.server.address(), "/horizon/stats/hello")
            .await?
            .json()?;
        ensure!(stats["comments"] == 0, "a waiting comment counts: {stats}");
        let page = http::get(stage.server.address(), POST).await?.text();
        ensure!(!page.contains("may I"), "a waiting comment shows");

        author.opens("/admin").await?;
        author.types(r#"input[name="token"]"#, TOKEN).await?;
        author.clicks(r#"form[action="/admin/login"] [type="submit"]"#).await?;
        author
            .finds(
                "the comment waits on the desk",
                "return document.body.innerText.includes('may I')",
            )
            .await?;
        author
            .clicks(r#"form[action^="/admin/comments/"] button[name="verdict"][value="shown"]"#)
            .await?;
        ada.sees("comments", 1).await?;
        let page = http::get(stage.server.address(), POST).await?.text();
        ensure!(page.contains("may I"), "an approved comment does not show");

        author
            .clicks(r#"form[action^="/admin/comments/"] button[name="verdict"][value="removed"]"#)
            .await?;
        ada.sees("comments", 0).await?;
        let page = http::get(stage.server.address(), POST).await?.text();
        ensure!(!page.contains("may I"), "a removed comment shows");
        Ok(())
    })
}
