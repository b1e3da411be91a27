//! Blogs in German and in Arabic: live numbers, comments and the layout from right to left.

use anyhow::ensure;
use horizon_test_support::{ServerOptions, browser_test};
use serde_json::json;

use crate::POST;

#[test]
fn numbers_ages_and_messages_are_in_the_language_of_the_blog() -> anyhow::Result<()> {
    browser_test(
        2,
        ServerOptions::default().with("HORIZON_LANGUAGE", "de"),
        async |test| {
            let ada = test.browser("Ada").await?;
            let ben = test.browser("Ben").await?;
            ada.open_live(POST).await?;
            ben.open_live(POST).await?;
            ada.wait_for_number("viewers", 2).await?;
            let unit = r#"return document.querySelector('[data-horizon="viewers"] + span').textContent"#;
            ada.wait_for("the unit is a German plural", &format!("{unit} === 'lesen gerade'"))
                .await?;
            ben.post_comment("Ben", "guten Tag").await?;
            ben.wait_for_comment("guten Tag").await?;
            ben.wait_for(
                "the form thanks in German, and the comment has a German age",
                r#"return document.querySelector('[data-horizon="form-status"]').textContent.startsWith('Danke.')
                && document.querySelector('article[data-comment-id] time').textContent === 'jetzt'"#,
            )
            .await?;
            ada.wait_for(
                "the comment is announced in German",
                r#"return document.querySelector('[data-horizon="new-comments"]').textContent === '1 neuer Kommentar'"#,
            )
            .await
        },
    )
}

#[test]
fn an_arabic_blog_runs_from_right_to_left_and_does_not_scroll_sideways() -> anyhow::Result<()> {
    browser_test(
        1,
        ServerOptions::default().with("HORIZON_LANGUAGE", "ar"),
        async |test| {
            test.expect_in_console("status of 404");
            let ada = test.browser("Ada").await?;
            let narrow = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true });
            ada.devtools("Emulation.setDeviceMetricsOverride", &narrow).await?;
            for page in ["/", "/blog", POST, "/tags/test", "/missing"] {
                ada.open(page).await?;
                let facts = "const brand = document.querySelector('.brand').getBoundingClientRect(); \
                 return [document.documentElement.scrollWidth, document.documentElement.lang, \
                 getComputedStyle(document.body).direction, brand.left + brand.width / 2 > 160]";
                let facts = ada.script(facts, &[]).await?;
                ensure!(facts == json!([320, "ar", "rtl", true]), "{page}: {facts}");
            }
            ada.open(POST).await?;
            let number = r#"return document.querySelector('[data-horizon="visits"]').parentElement.textContent.trim()"#;
            ada.wait_for("one view has its Arabic form", &format!("{number} === '1 مشاهدة'"))
                .await?;
            ada.wait_until_live().await
        },
    )
}
