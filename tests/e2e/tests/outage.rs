//! Readers while what is behind the blog is stopped, killed or locked: they get every page with the last known numbers,
//! or without numbers, and the live stream says what is known.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use horizon_test_support::{Nodes, Options, Posts, Server, http, process::Process, wait_until};
use rusqlite::Connection;

const FORM: &str = "application/x-www-form-urlencoded";

/// What stands in the place of a number that is not known.
const UNKNOWN: &str = "\u{2013}";

/// What is said in place of comments that are not known.
const NO_COMMENTS: &str = "Comments cannot be shown right now.";

/// A page of each kind that needs no backend to be read, with its status.
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

/// What the address of a post may ask of its comments.
const QUERIES: [&str; 6] = [
    "",
    "?before=019ab4f0c1d27a3c8e5f6071829304b0",
    "?thread=019ab4f0c1d27a3c8e5f6071829304b0",
    "?thread=019ab4f0c1d27a3c8e5f6071829304b0&after=019ab4f0c1d27a3c8e5f6071829304b1",
    "?reply=019ab4f0c1d27a3c8e5f6071829304b0",
    "?comment=waiting",
];

/// How Redis goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    /// SIGSTOP: connections stay, and nothing answers.
    Stopped,
    /// SIGKILL: nobody is there.
    Killed,
}

/// The two posts of the tests, and an extra page.
fn posts() -> anyhow::Result<Posts> {
    let posts = Posts::two()?;
    std::fs::create_dir(posts.path().join("pages"))?;
    posts.write(
        "pages/about.md",
        "---\ntitle: About\ndescription: \"Who writes\"\n---\n\nMe.\n",
    )?;
    Ok(posts)
}

async fn like(web: &Process, id: &str) -> anyhow::Result<http::Answer> {
    let id = ("idempotency-key", id);
    http::send(web.address(), http::Method::PUT, "/horizon/likes/hello", &[id], "").await
}

/// The name and the value of the cookie that this answer sets.
fn cookie_of(answer: &http::Answer) -> anyhow::Result<String> {
    let cookie = answer.header("set-cookie");
    let cookie = cookie.split(';').next().filter(|cookie| !cookie.is_empty());
    Ok(cookie.with_context(|| answer.text())?.to_owned())
}

/// Reads the post as a reader who likes it, with everything that its address may ask.
async fn a_known_reader_is_served(web: SocketAddr, cookie: &str, caching: &str) -> anyhow::Result<()> {
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

/// Waits until the page of the post shows so many likes, as a page that may be kept.
async fn shows(web: &Process, likes: &str) -> anyhow::Result<()> {
    wait_until(&format!("the page shows {likes} likes"), async || {
        let page = http::get(web.address(), "/blog/hello").await?;
        let shown = http::text_of(&page.text(), "likes");
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

/// Reads on until a message of this name, and returns its data.
async fn message(stream: &mut http::Lines, name: &str) -> anyhow::Result<String> {
    let name = format!("event: {name}");
    while let Some(line) = stream.next().await? {
        if line == name {
            return stream.next().await?.context("a message has data");
        }
    }
    anyhow::bail!("the stream ended")
}

/// Reads every page. What is known of `hello` is one like, and nothing is known of `second`.
async fn readers_are_served(web: &Process) -> anyhow::Result<()> {
    let hello = http::get(web.address(), "/blog/hello").await?;
    let text = hello.text();
    ensure!(hello.status == 200 && text.contains("The first words."), "{text}");
    ensure!(http::text_of(&text, "likes").iter().all(|likes| likes == "1"), "{text}");
    ensure!(hello.header("cache-control") == "no-store", "{:?}", hello.headers);
    ensure!(hello.header("etag").is_empty(), "{:?}", hello.headers);

    let second = http::get(web.address(), "/blog/second").await?;
    let text = second.text();
    ensure!(second.status == 200 && text.contains("Other words."), "{text}");
    ensure!(
        http::text_of(&text, "visits") == [UNKNOWN],
        "a zero is a wrong number: {text}"
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
    let likes = http::text_of(&list, "likes");
    ensure!(likes == [UNKNOWN, "1"], "the newest first: {likes:?}");
    Ok(())
}

/// What cannot be done is said so, to machines and to people. Returns the id of the comment that a person sent.
async fn writers_are_told(web: &Process) -> anyhow::Result<String> {
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
            "the form cannot be sent again: {policy}"
        );
        let (_, rest) = text.split_once("name=\"id\" value=\"").context("the form has no id")?;
        id = rest.split('"').next().unwrap_or_default().to_owned();
    }
    Ok(id)
}

/// The desk cannot be had, and the list of the processes is short.
async fn the_author_is_told(web: &Process, author: &str) -> anyhow::Result<()> {
    let desk = http::send(web.address(), http::Method::GET, "/admin", &[("cookie", author)], "").await?;
    ensure!(
        desk.status == 503 && desk.text().contains("<h1>"),
        "{} {}",
        desk.status,
        desk.text()
    );
    let cluster = http::send(web.address(), http::Method::GET, "/cluster", &[("cookie", author)], "").await?;
    ensure!(
        cluster.status == 200 && cluster.text().contains("Redis cannot be reached"),
        "{}",
        cluster.text()
    );
    Ok(())
}

/// The form that was shown again is sent, and its comment is there once.
async fn a_comment_sent_again_is_there_once(web: &Process, id: &str) -> anyhow::Result<()> {
    let form = format!("body=Hello+%3Cyou%3E&id={id}");
    let headers = [("content-type", FORM), ("accept", "text/html")];
    for _ in 0..2 {
        wait_until("the comment is taken", async || {
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

/// Likes are taken, and the pages and the streams of the post that was `known` and of the one that was not have the
/// numbers.
async fn everything_catches_up(web: &Process, mut known: http::Lines, mut unknown: http::Lines) -> anyhow::Result<()> {
    let id = "019ab4f0c1d27a3c8e5f6071829304a6";
    wait_until("a like is taken again", async || {
        let answer = like(web, id).await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        Ok(())
    })
    .await?;
    // The form without a cookie may have been counted, too: nobody knew whether it was taken.
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
    shows(web, &likes.to_string()).await?;
    while !message(&mut known, "live")
        .await?
        .contains(&format!("\"likes\":{likes},"))
    {}
    let said = message(&mut unknown, "live").await?;
    ensure!(said.contains("\"likes\":0,"), "{said}");
    let second = http::get(web.address(), "/blog/second").await?.text();
    ensure!(!second.contains(NO_COMMENTS) && !second.contains(UNKNOWN), "{second}");
    Ok(())
}

async fn readers_during(outage: Outage) -> anyhow::Result<()> {
    let mut nodes = Nodes::start().await?;
    let posts = posts()?;
    let folder = posts.path().to_string_lossy().into_owned();
    let web = nodes
        .web("web", &[("HORIZON_POSTS", &folder), ("HORIZON_ADMIN_TOKEN", TOKEN)])
        .await?;
    let _accumulator = nodes.accumulator("a").await?;
    let author = sign_in(&web).await?;
    let liked = like(&web, "019ab4f0c1d27a3c8e5f6071829304a5").await?;
    let cookie = cookie_of(&liked)?;
    shows(&web, "1").await?;
    let mut watching = http::open(web.address(), "/horizon/live/hello", &[]).await?;
    while !message(&mut watching, "live").await?.contains("\"likes\":1,") {}
    a_known_reader_is_served(web.address(), &cookie, "private, no-cache").await?;

    match outage {
        Outage::Stopped => nodes.redis.pause().await?,
        Outage::Killed => nodes.redis.kill().await?,
    }
    // First while somebody watches: then the numbers of the page come without a read of the store.
    a_known_reader_is_served(web.address(), &cookie, "no-store").await?;
    drop(watching);
    readers_are_served(&web).await?;
    a_known_reader_is_served(web.address(), &cookie, "no-store").await?;
    let mut known = http::open(web.address(), "/horizon/live/hello", &[]).await?;
    let said = message(&mut known, "live").await?;
    ensure!(said.contains("\"likes\":1,"), "{said}");
    let mut unknown = http::open(web.address(), "/horizon/live/second", &[]).await?;
    let first = unknown.next().await?.unwrap_or_default();
    ensure!(first.starts_with("retry: "), "{first}");
    let comment = writers_are_told(&web).await?;
    the_author_is_told(&web, &author).await?;

    // Only now is it back, and everything catches up by itself.
    match outage {
        Outage::Stopped => nodes.redis.resume().await?,
        Outage::Killed => nodes.redis.start_again().await?,
    }
    everything_catches_up(&web, known, unknown).await?;
    a_comment_sent_again_is_there_once(&web, &comment).await
}

/// The author's token.
const TOKEN: &str = "a token of the tests, long enough";

/// The cookie of the author's session.
async fn sign_in(web: &Process) -> anyhow::Result<String> {
    let form = format!("token={}", TOKEN.replace(' ', "+"));
    let headers = [("content-type", FORM)];
    let answer = http::send(web.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    cookie_of(&answer)
}

#[tokio::test]
async fn readers_get_every_page_and_what_is_known_while_redis_is_stopped() -> anyhow::Result<()> {
    readers_during(Outage::Stopped).await
}

#[tokio::test]
async fn readers_get_every_page_and_what_is_known_while_redis_is_gone() -> anyhow::Result<()> {
    readers_during(Outage::Killed).await
}

#[tokio::test]
async fn a_blog_with_a_secret_of_its_own_starts_and_is_read_while_redis_is_gone() -> anyhow::Result<()> {
    let mut nodes = Nodes::start().await?;
    nodes.redis.kill().await?;
    let secret = "a sentence of at least thirty-two characters";
    let web = nodes.web("web", &[("HORIZON_SECRET", secret)]).await?;
    for path in ["/", "/blog", "/blog/hello", "/tags/test"] {
        let page = http::get(web.address(), path).await?;
        ensure!(page.status == 200, "{path} is {}: {}", page.status, page.text());
        ensure!(page.text().contains(UNKNOWN), "{path} has numbers: {}", page.text());
    }
    nodes.redis.start_again().await?;
    shows(&web, "0").await
}

#[tokio::test]
async fn readers_get_every_page_while_another_process_has_locked_the_database() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("numbers.db");
    let server = Server::start(Options::default().with("HORIZON_STORE", &format!("sqlite:{}", file.display()))).await?;
    let web = server.address();
    let put = async |id: &str| {
        let id = ("idempotency-key", id);
        http::send(web, http::Method::PUT, "/horizon/likes/hello", &[id], "").await
    };
    let cookie = cookie_of(&put("019ab4f0c1d27a3c8e5f6071829304a5").await?)?;

    let lock = Connection::open(&file)?;
    lock.execute_batch("BEGIN EXCLUSIVE")?;
    let mut live = http::open(web, "/horizon/live/hello", &[]).await?;
    let said = message(&mut live, "live").await?;
    ensure!(said.contains("\"likes\":1,"), "{said}");
    for path in ["/", "/blog", "/blog/hello", "/blog/second", "/tags/test"] {
        let page = http::get(web, path).await?;
        ensure!(page.status == 200, "{path} is {}: {}", page.status, page.text());
        ensure!(!page.text().contains(UNKNOWN), "{path}: {}", page.text());
    }
    // A lock stops who writes. Reads go on.
    a_known_reader_is_served(web, &cookie, "private, no-cache").await?;
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
    wait_until("a like is taken again", async || {
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
    ensure!(http::text_of(&page, "likes").iter().all(|likes| likes == "2"), "{page}");
    Ok(())
}
