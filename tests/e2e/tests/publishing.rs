//! Drafts, scheduled posts and changes of the posts folder.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat};
use horizon_test_support::{
    ServerOptions, WebServer,
    http::{Method, Response, get, send},
    wait_until,
};

/// How far in the future a scheduled post is dated, so that the server reads it before.
const AHEAD: Duration = Duration::from_secs(5);

const TOKEN: &str = "correct horse battery staple";

/// Every page and feed that lists posts.
const LISTS: [&str; 7] = [
    "/",
    "/blog",
    "/blog?q=secret",
    "/feed.xml",
    "/rss.xml",
    "/sitemap.xml",
    "/blog/second",
];

fn post(title: &str, more: &str) -> String {
    format!("---\ntitle: {title}\ntags: [secret-tag]\n{more}\n---\nWords.\n")
}

async fn like(server: &WebServer, slug: &str) -> anyhow::Result<Response> {
    let origin = format!("http://{}", server.address());
    let form = "id=00000000000000000000000000000007&liked=true";
    let fields = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", origin.as_str()),
    ];
    let path = format!("/horizon/likes/{slug}");
    send(server.address(), Method::POST, &path, &fields, form).await
}

#[tokio::test]
async fn unpublished_posts_are_not_served() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let hidden = [
        ("secret-later", "date: 2099-01-01"),
        ("secret-draft", "date: 2026-01-01\nDraft: \"true\""),
        ("secret-typo", "date: 2026-01-01\ndarft: true"),
        ("secret-jekyll", "date: 2026-01-01\npublished: false"),
    ];
    for (name, more) in hidden {
        server.posts().write(&format!("{name}.md"), &post(name, more))?;
    }
    // Written last: once it is listed, the server has read all others.
    server.posts().write(
        "seen.md",
        &post("Seen", "date: 2026-01-05").replace("secret-tag", "seen"),
    )?;
    wait_until("the folder is read", async || {
        let status = get(server.address(), "/blog/seen").await?.status;
        ensure!(status == 200, "{status}");
        Ok(())
    })
    .await?;
    for path in LISTS {
        let answer = get(server.address(), path).await?;
        let text = answer.text().replace("value=\"secret\"", "");
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        for (name, _) in hidden {
            ensure!(!text.contains(name) && !text.contains("secret-tag"), "{path}: {text}");
        }
        ensure!(!text.contains("2099"), "{path}: {text}");
    }
    for (name, _) in hidden {
        for path in [format!("/blog/{name}"), format!("/horizon/live/{name}")] {
            let status = get(server.address(), &path).await?.status;
            ensure!(status == 404, "{path}: {status}");
        }
        let status = like(&server, name).await?.status;
        ensure!(status == 404, "a like of {name}: {status}");
    }
    let status = get(server.address(), "/tags/secret-tag").await?.status;
    ensure!(status == 404, "the tag: {status}");
    ensure!(like(&server, "seen").await?.status != 404, "a public post takes likes");
    Ok(())
}

/// Returns the paths that link to the newest post.
const LINKS_TO_THE_NEWEST: [&str; 7] = [
    "/",
    "/blog",
    "/feed.xml",
    "/rss.xml",
    "/sitemap.xml",
    "/tags/secret-tag",
    "/blog/second",
];

#[tokio::test]
async fn a_post_becomes_public_at_its_time_without_a_restart() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    let before = get(server.address(), "/feed.xml").await?;
    let due = SystemTime::now().duration_since(UNIX_EPOCH)? + AHEAD;
    let date = DateTime::from_timestamp(i64::try_from(due.as_secs())?, 0).context("the date")?;
    let date = date.to_rfc3339_opts(SecondsFormat::Secs, true);
    server
        .posts()
        .write("soon.md", &post("Soon", &format!("date: {date}")))?;
    wait_until("the log says that it waits", async || {
        let log = server.log();
        ensure!(log.contains("soon.md") && log.contains(&date), "{log}");
        Ok(())
    })
    .await?;
    wait_until("it is public", async || {
        let status = get(server.address(), "/blog/soon").await?.status;
        ensure!(status == 200, "{status}");
        Ok(())
    })
    .await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    ensure!(
        now.as_secs() >= due.as_secs(),
        "it was public {:?} too early",
        due - now
    );
    for path in LINKS_TO_THE_NEWEST {
        let text = get(server.address(), path).await?.text();
        ensure!(text.contains("/blog/soon"), "{path}: {text}");
    }
    let etag = before.header("etag");
    let again = send(
        server.address(),
        Method::GET,
        "/feed.xml",
        &[("if-none-match", &etag)],
        "",
    )
    .await?;
    ensure!(
        again.status == 200,
        "a reader's copy of the feed is still good: {}",
        again.status
    );
    Ok(())
}

/// Returns the cookie of a moderator.
async fn sign_in(server: &WebServer) -> anyhow::Result<String> {
    let origin = format!("http://{}", server.address());
    let fields = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", origin.as_str()),
    ];
    let form = format!("token={}", TOKEN.replace(' ', "+"));
    let answer = send(server.address(), Method::POST, "/admin/login", &fields, form).await?;
    let cookie = answer.header("set-cookie");
    let cookie = cookie.split(';').next().unwrap_or_default();
    ensure!(!cookie.is_empty(), "no cookie: {} {}", answer.status, answer.text());
    Ok(cookie.to_owned())
}

#[tokio::test]
async fn an_invalid_post_does_not_hide_others_and_is_listed_in_the_log_and_for_the_author() -> anyhow::Result<()> {
    let mut server = WebServer::start(ServerOptions::default().with("HORIZON_ADMIN_TOKEN", TOKEN)).await?;
    server.stop().await?;
    server.posts().write("Untitled.md", "")?;
    server.posts().write("README.md", "# My blog\n")?;
    server.start_again().await?;
    ensure!(get(server.address(), "/blog/second").await?.status == 200);
    server.posts().write("hello.md", "---\ntitle: [x\n---\n")?;
    server.posts().write("new.md", &post("New", "date: 2026-01-05"))?;
    wait_until("the new post is there", async || {
        ensure!(get(server.address(), "/blog/new").await?.status == 200);
        let hello = get(server.address(), "/blog/hello").await?;
        ensure!(hello.text().contains("Hello, horizon"), "its last good version is gone");
        let log = server.log();
        let line = |name: &str| {
            log.lines()
                .filter(|line| line.contains(name) && line.contains("ERROR"))
                .count()
        };
        ensure!(line("Untitled.md") == 1 && line("hello.md") == 1, "{log}");
        Ok(())
    })
    .await?;
    let cookie = sign_in(&server).await?;
    let admin = send(server.address(), Method::GET, "/admin", &[("cookie", &cookie)], "").await?;
    let admin = admin.text();
    for part in [
        "Untitled.md:1",
        "there is no front matter",
        "hello.md:",
        "The last good version is shown",
    ] {
        ensure!(admin.contains(part), "{part} is not in {admin}");
    }
    ensure!(!admin.contains("README.md"), "{admin}");
    Ok(())
}
