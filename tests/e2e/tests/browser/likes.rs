//! Likes: given, seen elsewhere, remembered, taken back.

use horizon_test_support::{Options, Reader, stage};

use crate::POST;

const LIKE: &str = r#"button[data-horizon="like"]"#;

async fn sees_it_pressed(reader: &Reader, pressed: bool) -> anyhow::Result<()> {
    let script = format!(
        "return document.querySelector('button[data-horizon=like]').getAttribute('aria-pressed') === '{pressed}'"
    );
    reader.finds(&format!("aria-pressed is {pressed}"), &script).await
}

#[test]
fn a_like_arrives_in_the_other_browser_without_a_reload() -> anyhow::Result<()> {
    stage(2, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        let ben = stage.reader("Ben").await?;
        ada.opens_live(POST).await?;
        ben.opens_live(POST).await?;
        ada.script("window.neverReloaded = true", &[]).await?;
        ben.clicks(LIKE).await?;
        ada.sees("likes", 1).await?;
        sees_it_pressed(&ben, true).await?;
        sees_it_pressed(&ada, false).await?;
        ada.clicks(LIKE).await?;
        ben.sees("likes", 2).await?;
        ada.finds("the page was never reloaded", "return window.neverReloaded === true")
            .await
    })
}

#[test]
fn a_like_is_remembered_after_a_reload_and_can_be_taken_back() -> anyhow::Result<()> {
    stage(1, Options::default(), async |stage| {
        let ada = stage.reader("Ada").await?;
        ada.opens_live(POST).await?;
        ada.finds("there is no cookie before the like", "return document.cookie === ''")
            .await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, true).await?;
        ada.sees("likes", 1).await?;
        ada.reloads().await?;
        sees_it_pressed(&ada, true).await?;
        ada.sees("likes", 1).await?;
        ada.finds("no script can read the cookie", "return document.cookie === ''")
            .await?;
        ada.clicks(LIKE).await?;
        sees_it_pressed(&ada, false).await?;
        ada.sees("likes", 0).await?;
        ada.reloads().await?;
        sees_it_pressed(&ada, false).await?;
        ada.sees("likes", 0).await
    })
}
