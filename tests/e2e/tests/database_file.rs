//! The database is deleted, replaced, of another program, or in use under another path.

use std::{fs, path::Path, process::Output};

use anyhow::{Context, ensure};
use horizon_test_support::{DEADLINE, ServerOptions, WebServer, http, program, wait_for_line, wait_until};
use tokio::time::timeout;

async fn like(server: &WebServer, number: u32) -> anyhow::Result<http::Response> {
    let id = format!("{number:032x}");
    http::send(
        server.address(),
        http::Method::PUT,
        "/horizon/likes/hello",
        &[("idempotency-key", &id)],
        String::new(),
    )
    .await
}

fn remove_with_log(database: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", database.display()))?;
    }
    Ok(())
}

/// Checks that no like is acknowledged, `/readyz` fails, the log has one error, and pages are served.
async fn assert_noticed(server: &WebServer) -> anyhow::Result<()> {
    for number in 2..5 {
        let answer = like(server, number).await?;
        ensure!(answer.status == 503, "a like: {} {}", answer.status, answer.text());
        let ready = http::get(server.address(), "/readyz").await?;
        ensure!(ready.status == 503, "readyz: {} {}", ready.status, ready.text());
    }
    for path in ["/healthz", "/blog/hello"] {
        let answer = http::get(server.address(), path).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    }
    wait_for_line(|| server.log(), &["the database is lost"]).await?;
    let log = server.log();
    let errors: Vec<_> = log
        .lines()
        .filter(|line| line.contains("the database is lost"))
        .collect();
    ensure!(
        matches!(errors.as_slice(), [one] if one.contains("ERROR") && one.contains("put the file back")),
        "{log}"
    );
    ensure!(!log.contains("panicked"), "{log}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_acknowledged_after_the_database_is_deleted_until_a_restart() -> anyhow::Result<()> {
    let mut server = WebServer::start(ServerOptions::default()).await?;
    ensure!(like(&server, 1).await?.status == 200);
    remove_with_log(&server.database())?;
    assert_noticed(&server).await?;
    server.stop().await?;
    server.start_again().await?;
    let ready = http::get(server.address(), "/readyz").await?;
    ensure!(ready.status == 200, "{}", ready.text());
    ensure!(like(&server, 9).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_replaced_database_is_detected() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    ensure!(like(&server, 1).await?.status == 200);
    let other = WebServer::start(ServerOptions::default()).await?;
    fs::copy(other.database(), server.database().with_extension("new"))?;
    fs::rename(server.database().with_extension("new"), server.database())?;
    assert_noticed(&server).await
}

#[tokio::test]
async fn an_idle_server_reports_a_deleted_database() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    remove_with_log(&server.database())?;
    wait_until("the log has the error", async || {
        ensure!(server.log().contains("the database is lost"), "{}", server.log());
        Ok(())
    })
    .await
}

/// Runs a server with this store until it ends with an error.
async fn start(store: &Path) -> anyhow::Result<Output> {
    let mut command = program()?;
    command
        .env("HORIZON_ADDR", "127.0.0.1:0")
        .env("HORIZON_STORE", format!("sqlite:{}", store.display()));
    let ended = timeout(DEADLINE, command.kill_on_drop(true).output());
    Ok(ended.await.context("it starts in spite of it")??)
}

async fn assert_refused(store: &Path, why: &str) -> anyhow::Result<()> {
    let output = start(store).await?;
    let errors = String::from_utf8_lossy(&[output.stderr.as_slice(), output.stdout.as_slice()].concat()).into_owned();
    ensure!(
        !output.status.success() && errors.contains(why),
        "the output is: {errors}"
    );
    Ok(())
}

#[tokio::test]
async fn a_database_of_another_program_stops_the_start_and_is_not_changed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("other.db");
    // The header of an empty SQLite database with another application id and version.
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..28].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32, 0, 0, 0, 1]);
    page[28..48].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    page[56..72].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x47, 0x50, 0x4b, 0x47]);
    page[92..100].copy_from_slice(&[0, 0, 0, 1, 0, 0x2e, 0x7e, 0x70]);
    page[100..108].copy_from_slice(&[13, 0, 0, 0, 0, 0x10, 0, 0]);
    fs::write(&path, &page)?;
    assert_refused(
        &path,
        "belongs to another program (application id 0x47504b47, version 2)",
    )
    .await?;
    ensure!(fs::read(&path)? == page, "the file was changed");
    for suffix in ["-wal", "-shm", ".secret"] {
        let sibling = folder.path().join(format!("other.db{suffix}"));
        ensure!(!sibling.exists(), "{} was left behind", sibling.display());
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_is_rejected_under_any_path_of_the_database() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let folder = tempfile::tempdir()?;
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(server.database(), &link)?;
    assert_refused(&link, "another process counts into").await?;
    let hard = folder.path().join("hard.db");
    fs::hard_link(server.database(), &hard)?;
    assert_refused(&hard, "has 2 names").await
}
