//! The blog while its backend is stopped, killed or locked: every page is served, with the last known numbers or
//! without numbers, and live streams send the last known numbers.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use horizon_test_support::{
    Posts, ServerOptions, SseStream, TestCluster, WebServer, http, process::Process, wait_until,
};
use rusqlite::Connection;

const FORM: &str = "application/x-www-form-urlencoded";

/// The text in place of an unknown number.
const UNKNOWN: &str = "\u{2013}";

/// The text in place of unknown comments.
const NO_COMMENTS: &str = "Comments cannot be shown right now.";

/// A page of each kind that needs no backend, with its status.
const PAGES: [(&str, u16); 9] = [
    ("/", 200),
    ("/blog", 200),
    ("/blog?q=hello", 200),
    ("/tags/test", 200),
    ("/about", 200),
    ("/no-such-page", 404),
    ("/blog/no-such-post", 404),
    ("/feed.xml", 200),
    ("/sitemap.xml", 200),
];

/// Queries that select comments of a post.
const QUERIES: [&str; 6] = [
    "",
    "?before=019ab4f0c1d27a3c8e5f6071829304b0",
    "?thread=019ab4f0c1d27a3c8e5f6071829304b0",
    "?thread=019ab4f0c1d27a3c8e5f6071829304b0&after=019ab4f0c1d27a3c8e5f6071829304b1",
    "?reply=019ab4f0c1d27a3c8e5f6071829304b0",
    "?comment=waiting",
];

/// How Redis becomes unreachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    /// SIGSTOP: connections stay open without responses.
    Stopped,
    /// SIGKILL: connections are refused.
    Killed,
}

/// Returns the two posts of [`Posts::two`] and an extra page.
fn posts() -> anyhow::Result<Posts> {
    let posts = Posts::two()?;
    std::fs::create_dir(posts.path().join("pages"))?;
    posts.write(
        "pages/about.md",
        "---\ntitle: About\ndescription: \"Who writes\"\n---\n\nMe.\n",
    )?;
    Ok(posts)
}

async fn like(web: &Process, id: &str) -> anyhow::Result<http::Response> {
    let id = ("idempotency-key", id);
    http::send(web.address(), http::Method::PUT, "/horizon/likes/hello", &[id], "").await
}

/// Returns the cookie that a response sets.
fn cookie_of(response: &http::Response) -> anyhow::Result<String> {
    let cookie = response.cookie();
    ensure!(!cookie.is_empty(), "no cookie: {}", response.text());
    Ok(cookie)
}

/// Checks the page of a post for a reader who likes it, with every query.
async fn check_page_of_liker(web: SocketAddr, cookie: &str, caching: &str) -> anyhow::Result<()> {
    for query in QUERIES {
        let path = format!("/blog/hello{query}");
        let page = http::send(web, http::Method::GET, &path, &[("cookie", cookie)], "").await?;
        let text = page.text();
        ensure!(
            page.status == 200 && text.contains("The first words."),
            "{path}: {text}"
        );
        ensure!(text.contains("aria-pressed=\"true\""), "{path} shows no like: {text}");
        ensure!(page.header("cache-control") == caching, "{path}: {:?}", page.headers);
    }
    Ok(())
}

/// Waits until the page of the post shows this number of likes and may be cached.
async fn wait_for_likes(web: &Process, likes: &str) -> anyhow::Result<()> {
    wait_until(&format!("the page shows {likes} likes"), async || {
        let page = http::get(web.address(), "/blog/hello").await?;
        let shown = http::texts_of(&page.text(), "likes");
        ensure!(shown.iter().all(|text| text == likes), "{shown:?}");
        ensure!(
            page.header("cache-control") == "private, no-cache",
            "{:?}",
            page.headers
        );
        Ok(())
    })
    .await
}

/// Checks every page. One like of `hello` is known, and no number of `second`.
async fn check_pages(web: &Process) -> anyhow::Result<()> {
    let hello = http::get(web.address(), "/blog/hello").await?;
    let text = hello.text();
    ensure!(hello.status == 200 && text.contains("The first words."), "{text}");
    ensure!(
        http::texts_of(&text, "likes").iter().all(|likes| likes == "1"),
        "{text}"
    );
    ensure!(hello.header("cache-control") == "no-store", "{:?}", hello.headers);
    ensure!(hello.header("etag").is_empty(), "{:?}", hello.headers);

    let second = http::get(web.address(), "/blog/second").await?;
    let text = second.text();
    ensure!(second.status == 200 && text.contains("Other words."), "{text}");
    ensure!(
        http::texts_of(&text, "visits") == [UNKNOWN],
        "an unknown number is not zero: {text}"
    );
    ensure!(
        text.contains(NO_COMMENTS) && text.contains("data-horizon=\"comment-form\""),
        "{text}"
    );
    for (path, status) in PAGES {
        let page = http::get(web.address(), path).await?;
        ensure!(page.status == status, "{path} is {}: {}", page.status, page.text());
    }
    let list = http::get(web.address(), "/blog").await?.text();
    let likes = http::texts_of(&list, "likes");
    ensure!(likes == [UNKNOWN, "1"], "{likes:?}");
    Ok(())
}

/// Checks the errors of API calls and forms. Returns the id of the rejected comment.
async fn check_errors(web: &Process) -> anyhow::Result<String> {
    for path in ["/horizon/stats/second", "/horizon/comments/hello"] {
        let answer = http::get(web.address(), path).await?;
        ensure!(answer.status == 503, "{path} is {}: {}", answer.status, answer.text());
        ensure!(!answer.header("retry-after").is_empty(), "{:?}", answer.headers);
    }
    let mut id = String::new();
    for (path, form, shown) in [
        ("/horizon/likes/hello", "liked=true", "your like"),
        (
            "/horizon/comments/hello",
            "body=Hello+%3Cyou%3E",
            "Hello &lt;you&gt;</textarea>",
        ),
    ] {
        let headers = [("content-type", FORM), ("accept", "text/html")];
        let answer = http::send(web.address(), http::Method::POST, path, &headers, form).await?;
        let text = answer.text();
        ensure!(
            answer.status == 503 && text.contains("<h1>"),
            "{} {text}",
            answer.status
        );
        ensure!(text.contains(shown), "{text}");
        ensure!(!answer.header("retry-after").is_empty(), "{:?}", answer.headers);
        let policy = answer.header("content-security-policy");
        ensure!(
            policy.contains("form-action 'self'") && !policy.contains("sandbox"),
            "the form cannot be submitted: {policy}"
        );
        let (_, rest) = text.split_once("name=\"id\" value=\"").context("the form has no id")?;
        id = rest.split('"').next().unwrap_or_default().to_owned();
    }
    Ok(id)
}

/// Checks the pages of the moderator.
async fn check_admin_pages(web: &Process, author: &str) -> anyhow::Result<()> {
    let admin = http::send(web.address(), http::Method::GET, "/admin", &[("cookie", author)], "").await?;
    ensure!(
        admin.status == 503 && admin.text().contains("<h1>"),
        "{} {}",
        admin.status,
        admin.text()
    );
    let cluster = http::send(web.address(), http::Method::GET, "/cluster", &[("cookie", author)], "").await?;
    ensure!(
        cluster.status == 200 && cluster.text().contains("Redis cannot be reached"),
        "{}",
        cluster.text()
    );
    Ok(())
}

/// Submits the rejected form twice, and checks that the page has the comment once.
async fn check_resent_comment(web: &Process, id: &str) -> anyhow::Result<()> {
    let form = format!("body=Hello+%3Cyou%3E&id={id}");
    let headers = [("content-type", FORM), ("accept", "text/html")];
    for _ in 0..2 {
        wait_until("the comment is accepted", async || {
            let path = "/horizon/comments/hello";
            let answer = http::send(web.address(), http::Method::POST, path, &headers, form.clone()).await?;
            ensure!(answer.status == 303, "{} {}", answer.status, answer.text());
            Ok(())
        })
        .await?;
    }
    wait_until("the comment shows", async || {
        let page = http::get(web.address(), "/blog/hello").await?.text();
        let shown = page.matches("Hello &lt;you&gt;").count();
        ensure!(shown == 1, "the comment shows {shown} times: {page}");
        Ok(())
    })
    .await
}

/// Checks that likes are accepted again, and that pages and streams have the current numbers.
async fn check_recovery(web: &Process, mut known: SseStream, mut unknown: SseStream) -> anyhow::Result<()> {
    let id = "019ab4f0c1d27a3c8e5f6071829304a6";
    wait_until("a like is accepted again", async || {
        let answer = like(web, id).await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        Ok(())
    })
    .await?;
    // The like of the rejected form may be counted too: its outcome was unknown.
    let likes = wait_until("the numbers are current", async || {
        let numbers = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
        let likes = numbers
            .get("likes")
            .and_then(serde_json::Value::as_u64)
            .context("no likes")?;
        ensure!(likes >= 2, "{numbers}");
        Ok(likes)
    })
    .await?;
    wait_for_likes(web, &likes.to_string()).await?;
    known.read_until(&format!("\"likes\":{likes},")).await?;
    let said = unknown.data_of("live").await?;
    ensure!(said.contains("\"likes\":0,"), "{said}");
    let second = http::get(web.address(), "/blog/second").await?.text();
    ensure!(!second.contains(NO_COMMENTS) && !second.contains(UNKNOWN), "{second}");
    Ok(())
}

async fn pages_during(outage: Outage) -> anyhow::Result<()> {
    let mut cluster = TestCluster::start().await?;
    let posts = posts()?;
    let folder = posts.path().to_string_lossy().into_owned();
    let web = cluster
        .web("web", &[("HORIZON_POSTS", &folder), ("HORIZON_ADMIN_TOKEN", TOKEN)])
        .await?;
    let _accumulator = cluster.accumulator("a").await?;
    let author = sign_in(&web).await?;
    let liked = like(&web, "019ab4f0c1d27a3c8e5f6071829304a5").await?;
    let cookie = cookie_of(&liked)?;
    wait_for_likes(&web, "1").await?;
    let mut watching = http::open_stream(web.address(), "/horizon/live/hello", &[]).await?;
    watching.read_until("\"likes\":1,").await?;
    check_page_of_liker(web.address(), &cookie, "private, no-cache").await?;

    match outage {
        Outage::Stopped => cluster.redis.pause().await?,
        Outage::Killed => cluster.redis.kill().await?,
    }
    // While the page has a viewer, its numbers are in memory.
    check_page_of_liker(web.address(), &cookie, "no-store").await?;
    drop(watching);
    check_pages(&web).await?;
    check_page_of_liker(web.address(), &cookie, "no-store").await?;
    let mut known = http::open_stream(web.address(), "/horizon/live/hello", &[]).await?;
    let said = known.data_of("live").await?;
    ensure!(said.contains("\"likes\":1,"), "{said}");
    let mut unknown = http::open_stream(web.address(), "/horizon/live/second", &[]).await?;
    let first = unknown.next_event().await?.context("the stream ended")?;
    ensure!(!first.retry.is_empty(), "{first:?}");
    let comment = check_errors(&web).await?;
    check_admin_pages(&web, &author).await?;

    match outage {
        Outage::Stopped => cluster.redis.resume().await?,
        Outage::Killed => cluster.redis.start_again().await?,
    }
    check_recovery(&web, known, unknown).await?;
    check_resent_comment(&web, &comment).await
}

/// The moderator's token.
const TOKEN: &str = "a token of the tests, long enough";

/// Returns the cookie of a moderator's session.
async fn sign_in(web: &Process) -> anyhow::Result<String> {
    let form = format!("token={}", TOKEN.replace(' ', "+"));
    let headers = [("content-type", FORM)];
    let answer = http::send(web.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    cookie_of(&answer)
}

#[tokio::test]
async fn pages_show_known_numbers_while_redis_is_stopped() -> anyhow::Result<()> {
    pages_during(Outage::Stopped).await
}

#[tokio::test]
async fn pages_show_known_numbers_while_redis_is_down() -> anyhow::Result<()> {
    pages_during(Outage::Killed).await
}

#[tokio::test]
async fn a_blog_with_a_configured_secret_starts_while_redis_is_down() -> anyhow::Result<()> {
    let mut cluster = TestCluster::start().await?;
    cluster.redis.kill().await?;
    let secret = "a sentence of at least thirty-two characters";
    let web = cluster.web("web", &[("HORIZON_SECRET", secret)]).await?;
    for path in ["/", "/blog", "/blog/hello", "/tags/test"] {
        let page = http::get(web.address(), path).await?;
        ensure!(page.status == 200, "{path} is {}: {}", page.status, page.text());
        ensure!(page.text().contains(UNKNOWN), "{path} has numbers: {}", page.text());
    }
    cluster.redis.start_again().await?;
    wait_for_likes(&web, "0").await
}

#[tokio::test]
async fn pages_are_served_while_another_process_locks_the_database() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("numbers.db");
    let server =
        WebServer::start(ServerOptions::default().with("HORIZON_STORE", &format!("sqlite:{}", file.display()))).await?;
    let web = server.address();
    let put = async |id: &str| {
        let id = ("idempotency-key", id);
        http::send(web, http::Method::PUT, "/horizon/likes/hello", &[id], "").await
    };
    let cookie = cookie_of(&put("019ab4f0c1d27a3c8e5f6071829304a5").await?)?;

    let lock = Connection::open(&file)?;
    lock.execute_batch("BEGIN EXCLUSIVE")?;
    let mut live = http::open_stream(web, "/horizon/live/hello", &[]).await?;
    let said = live.data_of("live").await?;
    ensure!(said.contains("\"likes\":1,"), "{said}");
    for path in ["/", "/blog", "/blog/hello", "/blog/second", "/tags/test"] {
        let page = http::get(web, path).await?;
        ensure!(page.status == 200, "{path} is {}: {}", page.status, page.text());
        ensure!(!page.text().contains(UNKNOWN), "{path}: {}", page.text());
    }
    // The lock blocks writes only.
    check_page_of_liker(web, &cookie, "private, no-cache").await?;
    let missing = http::get(web, "/no-such-page").await?;
    ensure!(missing.status == 404, "{} {}", missing.status, missing.text());
    let second = "019ab4f0c1d27a3c8e5f6071829304a6";
    let refused = put(second).await?;
    ensure!(
        refused.status == 503 && !refused.header("retry-after").is_empty(),
        "{:?}",
        refused.headers
    );

    lock.execute_batch("ROLLBACK")?;
    wait_until("a like is accepted again", async || {
        let taken = put(second).await?;
        ensure!(
            taken.status == 200 && taken.text().contains("\"likes\":2"),
            "{} {}",
            taken.status,
            taken.text()
        );
        Ok(())
    })
    .await?;
    let page = http::get(web, "/blog/hello").await?.text();
    ensure!(
        http::texts_of(&page, "likes").iter().all(|likes| likes == "2"),
        "{page}"
    );
    Ok(())
}
