//! The blog with its numbers in PostgreSQL.

use anyhow::{Context, ensure};
use horizon_test_support::{
    DEADLINE, PostgresServer, ServerOptions, TestDatabase, WebServer, http, program, wait_until,
};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Returns the visits, likes and comments of the post.
async fn numbers(web: &WebServer) -> anyhow::Result<[u64; 3]> {
    let stats = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
    let number = |name| {
        stats
            .get(name)
            .and_then(Value::as_u64)
            .with_context(|| format!("no {name} in {stats}"))
    };
    Ok([number("visits")?, number("likes")?, number("comments")?])
}

async fn wait_for_numbers(web: &WebServer, expected: [u64; 3]) -> anyhow::Result<()> {
    wait_until("the numbers are counted", async || {
        let numbers = numbers(web).await?;
        ensure!(numbers == expected, "{numbers:?}");
        Ok(())
    })
    .await
}

/// Reads the post, likes it and comments on it. Returns the reader's cookie.
async fn read_like_and_comment(web: &WebServer) -> anyhow::Result<String> {
    drop(http::open_stream(web.address(), "/horizon/live/hello", &[]).await?);
    let liked = http::send(web.address(), http::Method::PUT, "/horizon/likes/hello", &[], "").await?;
    ensure!(liked.status == 200, "{} {}", liked.status, liked.text());
    let cookie = liked.cookie();
    let headers = [("content-type", "application/json"), ("cookie", cookie.as_str())];
    let comment = json!({ "author": "Ada", "body": "Well said" }).to_string();
    let path = "/horizon/comments/hello";
    let posted = http::send(web.address(), http::Method::POST, path, &headers, comment).await?;
    ensure!(posted.status == 201, "{} {}", posted.status, posted.text());
    Ok(cookie)
}

#[tokio::test]
async fn a_visit_a_like_and_a_comment_survive_a_restart_and_are_rows_in_sql() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let mut web = WebServer::start(ServerOptions::default().with("HORIZON_STORE", database.url())).await?;
    let cookie = read_like_and_comment(&web).await?;
    wait_for_numbers(&web, [1, 1, 1]).await?;
    ensure!(http::get(web.address(), "/readyz").await?.status == 200);
    ensure!(web.stop().await?.success());

    web.start_again().await?;
    wait_for_numbers(&web, [1, 1, 1]).await?;
    let page = http::send(
        web.address(),
        http::Method::GET,
        "/blog/hello",
        &[("cookie", &cookie)],
        "",
    )
    .await?
    .text();
    for part in ["Well said", "aria-pressed=\"true\""] {
        ensure!(page.contains(part), "no `{part}` in {page}");
    }
    let rows = database
        .execute("SELECT visits, likes, comments FROM eventhorizon.topics WHERE name = 'blog:hello'")
        .await?;
    ensure!(rows == ["1|1|1"], "{rows:?}");
    ensure!(!web.database().exists(), "there is an SQLite file");

    web.kill().await?;
    web.start_again().await?;
    wait_for_numbers(&web, [1, 1, 1]).await
}

#[tokio::test]
async fn an_error_of_the_settings_ends_the_start_with_a_sentence_without_the_password() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let url = database
        .url()
        .replace("/test_", "/missing_")
        .replace("postgres@", "postgres:hunter2@");
    let mut command = program()?;
    command.env("HORIZON_ADDR", "127.0.0.1:0").env("HORIZON_STORE", url);
    let output = timeout(DEADLINE, command.output())
        .await
        .context("it waits for a database that does not exist")??;
    let text = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned();
    ensure!(!output.status.success() && text.contains("missing_"), "{text}");
    ensure!(!text.contains("hunter2"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_blog_that_starts_before_postgresql_waits_for_it_and_pages_outlive_it() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[]).await?;
    let url = server.url();
    server.stop().await?;
    let options = ServerOptions::default().with("HORIZON_STORE", &url);
    let start = timeout(DEADLINE, WebServer::start(options));
    let (web, restarted) = tokio::join!(start, server.restart());
    restarted?;
    let web = web??;
    read_like_and_comment(&web).await?;
    wait_for_numbers(&web, [1, 1, 1]).await?;

    server.stop().await?;
    wait_until("it is not ready", async || {
        let ready = http::get(web.address(), "/readyz").await?;
        ensure!(
            ready.status == 503 && ready.text().contains("the store is not writable"),
            "{}",
            ready.text()
        );
        Ok(())
    })
    .await?;
    let page = http::get(web.address(), "/blog/hello").await?;
    ensure!(
        page.status == 200 && page.text().contains("The first words."),
        "{}",
        page.text()
    );
    let log = web.log();
    ensure!(!log.contains("panicked"), "{log}");
    server.restart().await?;
    wait_until("it is ready again", async || {
        let ready = http::get(web.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{}", ready.text());
        Ok(())
    })
    .await?;
    wait_for_numbers(&web, [1, 1, 1]).await
}
