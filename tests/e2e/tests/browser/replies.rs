//! Threads with more replies than a page contains.

use anyhow::ensure;
use horizon_test_support::{Browser, BrowserTest, CommentWriter, ServerOptions, browser_test};

use crate::POST;
use crate::without_script::without_script;

/// More replies than a page of threads contains, and fewer than a page of replies.
const REPLIES: usize = 25;

const MORE: &str = r#"[data-horizon="comment-list"] [data-horizon="more-replies"]"#;

fn options() -> ServerOptions {
    ServerOptions::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
}

async fn fill(test: &BrowserTest) -> anyhow::Result<()> {
    let mut writer = CommentWriter::new(test.server.address());
    let head = writer.write("a question", None).await?;
    for number in 0..REPLIES {
        writer.write(&format!("answer {number}."), Some(&head)).await?;
    }
    Ok(())
}

async fn shows_replies(reader: &Browser, from: usize, to: usize) -> anyhow::Result<()> {
    let script = format!(
        "const texts = [...document.querySelectorAll('ol.replies [data-body]')].map(e => e.innerText.trim());
         const wanted = Array.from({{ length: {to} - {from} }}, (_, number) => `answer ${{number + {from}}}.`);
         return JSON.stringify(texts) === JSON.stringify(wanted)"
    );
    reader
        .wait_for(&format!("the answers {from} to {to} stand in order"), &script)
        .await
}

#[test]
fn a_click_loads_more_replies_into_their_thread() -> anyhow::Result<()> {
    browser_test(1, options(), async |test| {
        fill(test).await?;
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        shows_replies(&ada, 0, 20).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ada.click(MORE).await?;
        shows_replies(&ada, 0, REPLIES).await?;
        let gone = format!("return !document.querySelector('{MORE}') && window.neverReloaded === true");
        ada.wait_for("no link is left, and the page was not reloaded", &gone)
            .await
    })
}

#[test]
fn without_script_a_link_leads_to_more_replies_and_back() -> anyhow::Result<()> {
    browser_test(1, options(), async |test| {
        fill(test).await?;
        let ben = test.browser("Ben").await?;
        without_script(&ben).await?;
        ben.open(POST).await?;
        shows_replies(&ben, 0, 20).await?;
        ben.click(MORE).await?;
        shows_replies(&ben, 20, REPLIES).await?;
        ben.wait_for_comment("a question").await?;
        let shown = ben
            .script(&format!("return document.querySelectorAll('{MORE}').length"), &[])
            .await?;
        ensure!(shown == 0, "a link to more replies is left");
        ben.click("#comments > .more a").await?;
        shows_replies(&ben, 0, 20).await
    })
}
