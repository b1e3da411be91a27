//! A node whose clock is wrong: what it stamps is right all the same, or it takes nothing and says so.

#![expect(clippy::indexing_slicing, reason = "a key that is not there shall fail the test")]

use anyhow::{Context as _, ensure};
use horizon_test_support::{Nodes, http, process::Process, wait_until};

/// Settings that change what a process takes for the time, by `FAKETIME`; its stopwatch is right. The system's loader
/// replaces `$LIB`.
fn off_by(offset: &str) -> [(&str, &str); 3] {
    [
        ("LD_PRELOAD", "/usr/$LIB/faketime/libfaketimeMT.so.1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("FAKETIME", offset),
    ]
}

async fn send(node: &Process, method: http::Method, cookie: &str) -> anyhow::Result<http::Answer> {
    http::send(
        node.address(),
        method,
        "/horizon/likes/hello",
        &[("cookie", cookie)],
        "",
    )
    .await
}

async fn all_say(nodes: &[&Process], likes: u64) -> anyhow::Result<()> {
    wait_until(&format!("every node says {likes} likes"), async || {
        for node in nodes {
            let numbers = http::get(node.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers["likes"] == likes, "one says {numbers}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_node_that_is_hours_or_a_month_off_takes_no_like_and_no_comment_and_is_not_ready() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let accumulator = nodes.accumulator("a").await?;
    for (name, offset, words) in [
        ("ahead", "+2h", " s ahead of that of Redis"),
        ("behind", "-31d", " s behind"),
    ] {
        let node = nodes.web(name, &off_by(offset)).await?;
        ensure!(
            !nodes.log_of(name).contains("cannot be preloaded"),
            "libfaketime is missing: `apt-get install faketime`"
        );
        let like = send(&node, http::Method::PUT, "").await?;
        ensure!(
            like.status == 503 && like.text().contains("clock"),
            "{} {}",
            like.status,
            like.text()
        );
        let comment = r#"{"author":"Ada","body":"Hello"}"#;
        let json = [("content-type", "application/json")];
        let path = "/horizon/comments/hello";
        let comment = http::send(node.address(), http::Method::POST, path, &json, comment).await?;
        ensure!(
            comment.status == 503 && comment.text().contains("clock"),
            "{} {}",
            comment.status,
            comment.text()
        );
        let ready = http::get(node.address(), "/readyz").await?;
        ensure!(
            ready.status == 503 && ready.text().contains("clock: the clock of this machine is"),
            "{}",
            ready.text()
        );
        let log = nodes.log_of(name);
        ensure!(
            log.lines().any(|line| line.contains("ERROR") && line.contains(words)),
            "{log}"
        );
    }
    let metrics = http::get(accumulator.address(), "/metrics").await?.text();
    ensure!(
        !metrics.contains("horizon_events_refused_total{"),
        "an event was refused: {metrics}"
    );
    Ok(())
}

/// The author's token.
const TOKEN: &str = "a token of the tests, long enough";

/// Returns the cookie of the author's session.
async fn sign_in(node: &Process) -> anyhow::Result<String> {
    let form = format!("token={}", TOKEN.replace(' ', "+"));
    let headers = [("content-type", FORM)];
    let answer = http::send(node.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    let cookie = answer.header("set-cookie");
    let cookie = cookie.split(';').next().filter(|cookie| !cookie.is_empty());
    Ok(cookie.with_context(|| answer.text())?.to_owned())
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_node_that_is_hours_ahead_takes_no_verdict() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let _accumulator = nodes.accumulator("a").await?;
    let token = [("HORIZON_ADMIN_TOKEN", TOKEN)];
    let right = nodes.web("right", &token).await?;
    let ahead = nodes.web("ahead", &[&token[..], &off_by("+2h")].concat()).await?;
    let json = [("content-type", "application/json")];
    let comment = r#"{"author":"Ada","body":"Hello"}"#;
    let path = "/horizon/comments/hello";
    let posted = http::send(right.address(), http::Method::POST, path, &json, comment).await?;
    ensure!(posted.status == 201, "{} {}", posted.status, posted.text());
    let posted = posted.json()?;
    let id = posted["id"].as_str().with_context(|| posted.to_string())?;
    // The accumulator stores a comment after the node has acknowledged it; a verdict needs the stored one.
    wait_until("the comment is stored", async || {
        let shown = http::get(ahead.address(), path).await?.text();
        ensure!(shown.contains(id), "{shown}");
        Ok(())
    })
    .await?;
    let removes = async |node: &Process| {
        let author = sign_in(node).await?;
        let headers = [("cookie", &*author), ("content-type", FORM)];
        let path = format!("/admin/comments/{id}");
        http::send(node.address(), http::Method::POST, &path, &headers, "verdict=removed").await
    };
    let refused = removes(&ahead).await?;
    ensure!(refused.status == 503, "{} {}", refused.status, refused.text());
    let shown = http::get(right.address(), path).await?.text();
    ensure!(shown.contains(id), "{shown}");
    let taken = removes(&right).await?;
    ensure!(taken.status == 303, "{} {}", taken.status, taken.text());
    Ok(())
}

#[tokio::test]
async fn a_web_node_warns_of_an_accumulator_that_counts_into_another_store() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let _accumulator = nodes.accumulator("counting").await?;
    let folder = tempfile::tempdir()?;
    let store = format!("sqlite:{}", folder.path().join("numbers.db").display());
    let other = nodes.web("other", &[("HORIZON_STORE", &store)]).await?;
    let same = nodes.web("same", &[]).await?;
    let words = "the accumulator counts into another store than this node reads";
    let warning = wait_until("it warns", async || {
        let log = nodes.log_of("other");
        let line = log.lines().find(|line| line.contains(words));
        line.map(str::to_owned).context(log.clone())
    })
    .await?;
    ensure!(warning.contains("WARN") && warning.contains("counting"), "{warning}");
    for node in [&other, &same] {
        let ready = http::get(node.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{}", ready.text());
    }
    ensure!(!nodes.log_of("same").contains(words), "{}", nodes.log_of("same"));
    Ok(())
}

#[tokio::test]
async fn a_like_of_a_node_that_is_minutes_ahead_can_be_taken_back_on_another() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let (ahead, right) = (
        nodes.web("ahead", &off_by("+5m")).await?,
        nodes.web("right", &[]).await?,
    );
    let _accumulator = nodes.accumulator("a").await?;
    // The first answers of Redis on a busy machine may take longer than the test.
    wait_until("its clock was compared twice", async || {
        let said = nodes.redis.cli(&["HGET", "horizon:cluster", "ahead"]).await?;
        ensure!(said.contains("clock_offset"), "{said}");
        Ok(())
    })
    .await?;
    let like = send(&ahead, http::Method::PUT, "").await?;
    ensure!(like.status == 200, "{} {}", like.status, like.text());
    let cookie = like
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    all_say(&[&ahead, &right], 1).await?;
    let unlike = send(&right, http::Method::DELETE, &cookie).await?;
    ensure!(unlike.status == 200, "{} {}", unlike.status, unlike.text());
    all_say(&[&ahead, &right], 0).await?;
    ensure!(
        http::get(ahead.address(), "/readyz").await?.status == 200,
        "{}",
        nodes.log_of("ahead")
    );
    ensure!(
        nodes.log_of("ahead").contains("is not that of Redis"),
        "{}",
        nodes.log_of("ahead")
    );
    Ok(())
}

#[tokio::test]
async fn two_nodes_of_one_name_are_not_ready_until_one_is_gone() -> anyhow::Result<()> {
    let nodes = Nodes::start().await?;
    let (one, other) = (nodes.web("same", &[]).await?, nodes.web("same", &[]).await?);
    let problem = "node-name: another process is named `same`, too";
    for node in [&one, &other] {
        wait_until("it is not ready", async || {
            let ready = http::get(node.address(), "/readyz").await?;
            ensure!(
                ready.status == 503 && ready.text().contains(problem),
                "{}",
                ready.text()
            );
            Ok(())
        })
        .await?;
    }
    let log = nodes.log_of("same");
    ensure!(
        log.lines()
            .any(|line| line.contains("ERROR") && line.contains("is named `same`, too")),
        "{log}"
    );
    other.stop().await?;
    wait_until("it is ready again", async || {
        let ready = http::get(one.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{}", ready.text());
        Ok(())
    })
    .await
}
