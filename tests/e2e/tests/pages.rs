//! Cached pages: correct for each reader, compressed, and with conditional requests.

use std::io::Read;

use anyhow::{Context, ensure};
use horizon_test_support::{ServerOptions, WebServer, http, wait_until};

const POST: &str = "/blog/hello";
const FORM: &str = "application/x-www-form-urlencoded";

async fn get(server: &WebServer, headers: &[(&str, &str)]) -> anyhow::Result<http::Response> {
    http::send(server.address(), http::Method::GET, POST, headers, "").await
}

async fn send(server: &WebServer, path: &str, body: String) -> anyhow::Result<http::Response> {
    let headers = [("content-type", FORM), ("accept", "text/html")];
    http::send(server.address(), http::Method::POST, path, &headers, body).await
}

/// Returns the hidden field `id` of the form with this `data-horizon` attribute.
fn id(page: &str, hook: &str) -> anyhow::Result<String> {
    let (_, form) = page.split_once(hook).context("no such form")?;
    let (_, value) = form.split_once(r#"name="id" value=""#).context("no id in it")?;
    let (id, _) = value.split_once('"').context("no end of the id")?;
    ensure!(id.len() == 32, "{id} is not an id");
    Ok(id.to_owned())
}

fn comment_id(page: &str) -> anyhow::Result<String> {
    id(page, r#"data-horizon="comment-form""#)
}

fn without_ids(page: &str) -> anyhow::Result<String> {
    Ok(page
        .replace(&id(page, "data-like")?, "")
        .replace(&comment_id(page)?, ""))
}

#[tokio::test]
async fn a_post_reads_the_same_in_brotli_and_has_fresh_ids_each_time() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let plain = get(&server, &[]).await?;
    let brotli = get(&server, &[("accept-encoding", "gzip, br")]).await?;
    ensure!(brotli.header("content-encoding") == "br", "{:?}", brotli.headers);
    let mut page = String::new();
    brotli::Decompressor::new(&brotli.body[..], 4096).read_to_string(&mut page)?;
    ensure!(comment_id(&page)? != comment_id(&plain.text())?, "an id came twice");
    ensure!(without_ids(&page)? == without_ids(&plain.text())?, "{page}");
    ensure!(plain.header("content-security-policy") == brotli.header("content-security-policy"));
    let gzip = get(&server, &[("accept-encoding", "gzip")]).await?;
    ensure!(gzip.header("content-encoding") == "gzip", "{:?}", gzip.headers);
    Ok(())
}

#[tokio::test]
async fn a_page_is_sent_again_only_if_it_changed() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    // The first response may be rendered before the hub has the totals.
    let tag = get(&server, &[]).await?.header("etag");
    ensure!(tag.starts_with("W/\""), "the tag is {tag}");
    let same = get(&server, &[("if-none-match", &tag)]).await?;
    ensure!(same.status == 304 && same.body.is_empty(), "{}", same.status);
    ensure!(same.header("etag") == tag && same.header("vary").contains("cookie"));
    let liked = send(&server, "/horizon/likes/hello", "liked=true".into()).await?;
    let cookie = liked.header("set-cookie");
    let cookie = cookie.split(';').next().context("no cookie")?;
    let changed = get(&server, &[("if-none-match", &tag)]).await?;
    ensure!(changed.status == 200, "{}", changed.status);
    ensure!(http::texts_of(&changed.text(), "likes") == ["1", "1"]);
    let tag = changed.header("etag");
    let theirs = get(&server, &[("if-none-match", &tag), ("cookie", cookie)]).await?;
    ensure!(theirs.status == 200 && theirs.text().contains(r#"aria-pressed="true""#));
    Ok(())
}

#[tokio::test]
async fn a_page_with_a_pending_comment_is_not_cached() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default().with("HORIZON_MODERATION", "first")).await?;
    let page = get(&server, &[]).await?;
    let (tag, id) = (page.header("etag"), comment_id(&page.text())?);
    let sent = send(&server, "/horizon/comments/hello", format!("body=one&id={id}")).await?;
    ensure!(sent.status.is_redirection(), "{}", sent.text());
    let again = get(&server, &[("if-none-match", &tag)]).await?;
    ensure!(
        again.status == 200 && comment_id(&again.text())? != id,
        "{}",
        again.status
    );
    Ok(())
}

#[tokio::test]
async fn likes_comments_and_edits_are_on_the_next_page() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for number in 1..=5 {
        send(&server, "/horizon/likes/hello", "liked=true".into()).await?;
        let page = get(&server, &[]).await?.text();
        ensure!(
            http::texts_of(&page, "likes") == [number.to_string(), number.to_string()],
            "after like {number}: {:?}",
            http::texts_of(&page, "likes")
        );
    }
    send(&server, "/horizon/comments/hello", "body=well+said".into()).await?;
    let page = get(&server, &[]).await?.text();
    ensure!(
        page.contains("well said") && page.contains(r#""commentCount":1,"#),
        "{page}"
    );
    let edited = "---\ntitle: Edited\ndescription: x\ndate: 2026-01-02\n---\n\nNew words.\n";
    server.posts().write("hello.md", edited)?;
    wait_until("the edit shows", async || {
        ensure!(get(&server, &[]).await?.text().contains("New words."));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_feed_is_not_sent_twice() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_BASE_URL", "https://blog.example");
    let server = WebServer::start(options).await?;
    let first = http::get(server.address(), "/feed.xml").await?;
    for (condition, validator) in [("if-none-match", "etag"), ("if-modified-since", "last-modified")] {
        let value = first.header(validator);
        let headers = [(condition, value.as_str())];
        let same = http::send(server.address(), http::Method::GET, "/feed.xml", &headers, "").await?;
        ensure!(
            same.status == 304 && same.body.is_empty(),
            "{} for {value}",
            same.status
        );
    }
    Ok(())
}
