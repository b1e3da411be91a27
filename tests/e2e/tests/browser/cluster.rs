//! The page `/cluster`.

use horizon_redis::testing::RedisServer;
use horizon_test_support::{
    Browser, ServerOptions, browser_test,
    process::{Process, program},
};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::POST;

const TOKEN: &str = "a token for the tests alone";

async fn signs_in(author: &Browser) -> anyhow::Result<()> {
    author.open("/admin").await?;
    author.type_into(r#"input[name="token"]"#, TOKEN).await?;
    author.click(r#"form[action="/admin/login"] [type="submit"]"#).await?;
    author.click(r#"a[href="/cluster"]"#).await
}

/// Waits until the cell of this node has this text, without a reload.
async fn wait_for_cell(author: &Browser, node: &str, cell: &str, want: &str) -> anyhow::Result<()> {
    let script = format!(
        r#"return document.querySelector('tr[data-node="{node}"] [data-cell="{cell}"]')?.textContent === '{want}'"#
    );
    author.wait_for(&format!("{node} has {want} {cell}"), &script).await
}

#[test]
fn the_cluster_page_shows_new_nodes_and_their_counts() -> anyhow::Result<()> {
    let outside = Builder::new_current_thread().enable_all().build()?;
    let redis = outside.block_on(RedisServer::start(&[]))?;
    let options = ServerOptions::default()
        .with("HORIZON_BUS", &redis.url())
        .with("HORIZON_STORE", &redis.url())
        .with("HORIZON_NODE", "web-1")
        .with("HORIZON_ADMIN_TOKEN", TOKEN);
    browser_test(2, options, async |test| {
        let (author, ada) = (test.browser("Author").await?, test.browser("Ada").await?);
        signs_in(&author).await?;
        wait_for_cell(&author, "web-1", "viewers", "0").await?;
        ada.open_live(POST).await?;
        wait_for_cell(&author, "web-1", "viewers", "1").await?;

        let folder = TempDir::new()?;
        let mut command = program("horizon-accumulator", "HORIZON_ACCUMULATOR_BIN")?;
        command
            .env("HORIZON_BUS", redis.url())
            .env("HORIZON_NODE", "counts-1")
            .env("HORIZON_ADDR", "127.0.0.1:0");
        let accumulator = Process::start(command, &folder.path().join("log")).await?;
        // One visit to the page and one to the site.
        wait_for_cell(&author, "counts-1", "counted", "2").await?;
        wait_for_cell(&author, "counts-1", "unread", "0").await?;
        accumulator.kill().await?;
        author
            .wait_for(
                "the killed one is seen to be silent",
                r#"return document.querySelector('tr[data-node="counts-1"]')?.dataset.state === 'silent'"#,
            )
            .await
    })
}

#[test]
fn the_cluster_page_needs_a_login_and_reports_a_missing_redis() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_ADMIN_TOKEN", TOKEN);
    browser_test(1, options, async |test| {
        let author = test.browser("Author").await?;
        author.open("/cluster").await?;
        author
            .wait_for(
                "a stranger is asked for the token",
                r#"return !!document.querySelector('input[name="token"]')"#,
            )
            .await?;
        signs_in(&author).await?;
        author
            .wait_for(
                "it counts alone",
                "return document.body.innerText.includes('HORIZON_BUS is not in Redis')",
            )
            .await
    })
}
