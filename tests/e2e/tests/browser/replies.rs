//! Threads with more replies than a page shows.

use anyhow::ensure;
use horizon_test_support::{Options, Reader, Stage, Writer, stage};

use crate::POST;
use crate::without_script::without_script;

/// More than a page of threads shows of one, and no more than a page of replies shows.
const REPLIES: usize = 25;

const MORE: &str = r#"[data-horizon="comment-list"] [data-horizon="more-replies"]"#;

fn options() -> Options {
    Options::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
}

async fn fill(stage: &Stage) -> anyhow::Result<()> {
    let mut writer = Writer::new(stage.server.address());
    let head = writer.writes("a question", None).await?;
    for number in 0..REPLIES {
        writer.writes(&format!("answer {number}."), Some(&head)).await?;
    }
    Ok(())
}

async fn shows_replies(reader: &Reader, from: usize, to: usize) -> anyhow::Result<()> {
    let script = format!(
        "const texts = [...document.querySelectorAll('ol.replies [data-body]')].map(e => e.innerText.trim());
         const wanted = Array.from({{ length: {to} - {from} }}, (_, number) => `answer ${{number + {from}}}.`);
         return JSON.stringify(texts) === JSON.stringify(wanted)"
    );
    reader
        .finds(&format!("the answers {from} to {to} stand in order"), &script)
        .await
}

#[test]
fn more_replies_come_into_their_thread_on_a_click() -> anyhow::Result<()> {
    stage(1, options(), async |stage| {
        fill(stage).await?;
        let ada = stage.reader("Ada").await?;
        ada.opens_live(POST).await?;
        shows_replies(&ada, 0, 20).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ada.clicks(MORE).await?;
        shows_replies(&ada, 0, REPLIES).await?;
        let gone = format!("return !document.querySelector('{MORE}') && window.neverReloaded === true");
        ada.finds("no link is left, and the page was not reloaded", &gone).await
    })
}

#[test]
fn without_script_a_link_leads_to_more_replies_and_back() -> anyhow::Result<()> {
    stage(1, options(), async |stage| {
        fill(stage).await?;
        let ben = stage.reader("Ben").await?;
        without_script(&ben).await?;
        ben.opens(POST).await?;
        shows_replies(&ben, 0, 20).await?;
        ben.clicks(MORE).await?;
        shows_replies(&ben, 20, REPLIES).await?;
        ben.sees_comment("a question").await?;
        let shown = ben
            .script(&format!("return document.querySelectorAll('{MORE}').length"), &[])
            .await?;
        ensure!(shown == 0, "a link to more replies is left");
        ben.clicks("#comments > .more a").await?;
        shows_replies(&ben, 0, 20).await
    })
}
