//! The programs work as the users of Redis in `docs/redis-acl.md`, without a denied command.

use anyhow::{Context, ensure};
use horizon_test_support::{TestCluster, http, wait_until};

const DOCUMENT: &str = include_str!("../../../docs/redis-acl.md");

/// Creates a user with the documented command. Returns the URL of Redis with this user.
async fn create_user(cluster: &TestCluster, user: &str) -> anyhow::Result<String> {
    let start = format!("ACL SETUSER {user} ");
    let (_, rest) = DOCUMENT.split_once(&start).context("the user is documented")?;
    let (rights, _) = rest.split_once("```").context("the block ends")?;
    let mut words = vec!["ACL", "SETUSER", user];
    words.extend(rights.split_whitespace());
    let reply = cluster.redis.cli(&words).await?;
    ensure!(reply.trim() == "OK", "{reply}");
    Ok(format!("redis://{user}:PASSWORD@127.0.0.1:{}", cluster.redis.port()))
}

#[tokio::test]
async fn a_like_is_counted_with_the_documented_rights() -> anyhow::Result<()> {
    let cluster = TestCluster::start().await?;
    let web = create_user(&cluster, "horizon-web").await?;
    let accumulator = create_user(&cluster, "horizon-accumulator").await?;
    let web = cluster.web("web", &[("HORIZON_BUS", &web)]).await?;
    let accumulator = cluster
        .accumulator_with("accumulator", &[("HORIZON_BUS", &accumulator)])
        .await?;
    let liked = http::send(web.address(), http::Method::PUT, "/horizon/likes/hello", &[], "").await?;
    ensure!(liked.status == 200, "{} {}", liked.status, liked.text());
    wait_until("the like is counted", async || {
        let stats = http::get(web.address(), "/horizon/stats/hello").await?.json()?;
        ensure!(stats["likes"] == 1, "{stats}");
        Ok(())
    })
    .await?;
    for (process, name) in [(web, "web"), (accumulator, "accumulator")] {
        let ready = http::get(process.address(), "/readyz").await?;
        ensure!(ready.status == 200, "{name}: {}", ready.text());
        let status = process.stop().await?;
        ensure!(status.success(), "{name} ended with {status}: {}", cluster.log_of(name));
    }
    let denied = cluster.redis.cli(&["ACL", "LOG"]).await?;
    ensure!(denied.trim().is_empty(), "{denied}");
    Ok(())
}
