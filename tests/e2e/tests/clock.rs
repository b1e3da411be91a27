//! A node whose clock is wrong: it corrects small offsets, and rejects events and reports a problem for large ones.

#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

use anyhow::{Context as _, ensure};
use horizon_test_support::{TestCluster, clock, http, process::Process, wait_for_line, wait_until};

async fn send(node: &Process, method: http::Method, cookie: &str) -> anyhow::Result<http::Response> {
    http::send(
        node.address(),
        method,
        "/horizon/likes/hello",
        &[("cookie", cookie)],
        "",
    )
    .await
}

async fn wait_for_likes(nodes: &[&Process], likes: u64) -> anyhow::Result<()> {
    wait_until(&format!("every node returns {likes} likes"), async || {
        for node in nodes {
            let numbers = http::get(node.address(), "/horizon/stats/hello").await?.json()?;
            ensure!(numbers["likes"] == likes, "one returns {numbers}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_node_whose_clock_is_hours_or_a_month_off_rejects_events_and_is_not_ready() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let accumulator = cluster.accumulator("a").await?;
    for (name, offset, words) in [
        ("ahead", "+2h", " s ahead of that of Redis"),
        ("behind", "-31d", " s behind"),
    ] {
        let node = cluster.web(name, &clock::shifted_by(offset)).await?;
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
        wait_for_line(|| cluster.log_of(name), &["ERROR", words]).await?;
    }
    let metrics = http::get(accumulator.address(), "/metrics").await?.text();
    ensure!(
        !metrics.contains("horizon_events_refused_total{"),
        "an event was refused: {metrics}"
    );
    Ok(())
}

/// The moderator's token.
const TOKEN: &str = "a token of the tests, long enough";

/// Returns the cookie of a moderator's session.
async fn sign_in(node: &Process) -> anyhow::Result<String> {
    let form = format!("token={}", TOKEN.replace(' ', "+"));
    let headers = [("content-type", FORM)];
    let answer = http::send(node.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    let cookie = answer.cookie();
    ensure!(!cookie.is_empty(), "no cookie: {}", answer.text());
    Ok(cookie)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_node_whose_clock_is_hours_ahead_rejects_moderation() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let _accumulator = cluster.accumulator("a").await?;
    let token = [("HORIZON_ADMIN_TOKEN", TOKEN)];
    let right = cluster.web("right", &token).await?;
    let ahead = cluster
        .web("ahead", &[&token[..], &clock::shifted_by("+2h")].concat())
        .await?;
    let json = [("content-type", "application/json")];
    let comment = r#"{"author":"Ada","body":"Hello"}"#;
    let path = "/horizon/comments/hello";
    let posted = http::send(right.address(), http::Method::POST, path, &json, comment).await?;
    ensure!(posted.status == 201, "{} {}", posted.status, posted.text());
    let posted = posted.json()?;
    let id = posted["id"].as_str().with_context(|| posted.to_string())?;
    // A comment is acknowledged before it is stored, and only a stored one can be moderated.
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
async fn a_web_node_warns_about_an_accumulator_with_another_store() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let _accumulator = cluster.accumulator("counting").await?;
    let folder = tempfile::tempdir()?;
    let store = format!("sqlite:{}", folder.path().join("numbers.db").display());
    let other = cluster.web("other", &[("HORIZON_STORE", &store)]).await?;
    let same = cluster.web("same", &[]).await?;
    let words = "the accumulator counts into another store than this node reads";
    let warning = wait_until("it warns", async || {
        let log = cluster.log_of("other");
        let line = log.lines().find(|line| line.contains(words));
        line.map(str::to_owned).context(log.clone())
    })
    .await?;
    ensure!(warning.contains("WARN") && warning.contains("counting"), "{warning}");
    for node in [&other, &same] {
        let ready = http::get(node.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{}", ready.text());
    }
    ensure!(!cluster.log_of("same").contains(words), "{}", cluster.log_of("same"));
    Ok(())
}

#[tokio::test]
async fn a_like_on_a_node_whose_clock_is_minutes_ahead_can_be_undone_on_another() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let (ahead, right) = (
        cluster.web("ahead", &clock::shifted_by("+5m")).await?,
        cluster.web("right", &[]).await?,
    );
    let _accumulator = cluster.accumulator("a").await?;
    // The registry has the offset once the node has compared its clock with that of Redis.
    wait_until("its clock was compared", async || {
        let node = cluster.redis.cli(&["HGET", "horizon:cluster", "ahead"]).await?;
        ensure!(node.contains("clock_offset"), "{node}");
        Ok(())
    })
    .await?;
    let like = send(&ahead, http::Method::PUT, "").await?;
    ensure!(like.status == 200, "{} {}", like.status, like.text());
    let cookie = like.cookie();
    wait_for_likes(&[&ahead, &right], 1).await?;
    let unlike = send(&right, http::Method::DELETE, &cookie).await?;
    ensure!(unlike.status == 200, "{} {}", unlike.status, unlike.text());
    wait_for_likes(&[&ahead, &right], 0).await?;
    ensure!(
        http::get(ahead.address(), "/readyz").await?.status == 200,
        "{}",
        cluster.log_of("ahead")
    );
    wait_for_line(|| cluster.log_of("ahead"), &["differs from that of Redis"]).await
}

#[tokio::test]
async fn two_nodes_with_one_name_are_not_ready_until_one_stops() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let (one, other) = (cluster.web("same", &[]).await?, cluster.web("same", &[]).await?);
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
    wait_for_line(|| cluster.log_of("same"), &["ERROR", "is named `same`, too"]).await?;
    other.stop().await?;
    wait_until("it is ready again", async || {
        let ready = http::get(one.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{}", ready.text());
        Ok(())
    })
    .await
}
