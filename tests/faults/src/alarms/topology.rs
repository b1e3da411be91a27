//! Processes that do not go together, and a Redis of the wrong kind.

use horizon_redis::testing::RedisServer;
use horizon_test_support::wait_until;
use tokio::time::{Duration, Instant, sleep};

use super::{
    articles::Articles,
    likers::{COUNTED_WITHIN, likes_at},
    scene::Scene,
    witness::{self, Problem, REPORTED_WITHIN},
};
use crate::node::Node;

/// How often it is looked whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The address is that of a node of a Redis Cluster: refused, or reported, and nothing is acknowledged.
pub(crate) async fn cluster_node(scene: &mut Scene) -> anyhow::Result<()> {
    let redis = RedisServer::start(&["--cluster-enabled", "yes"]).await?;
    redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await?;
    wait_until("the cluster is up", async || {
        let state = redis.cli(&["CLUSTER", "INFO"]).await?;
        anyhow::ensure!(state.contains("cluster_state:ok"), "{state}");
        Ok(())
    })
    .await?;
    scene.struck();
    let pipe = [("HORIZON_BUS", redis.url())];
    let accumulator = scene.accumulator(&pipe).await;
    refused_or_reported(scene, accumulator, "an accumulator").await?;
    let web = scene.web(&pipe).await;
    if let Some(web) = refused_or_reported(scene, web, "a web node").await? {
        let mut likers = scene.likers(&[&web]);
        likers.likes(scene.likes).await;
        let counted = likers
            .counted_at(web.address(), 0, COUNTED_WITHIN)
            .await
            .unwrap_or_default();
        scene.add_up(likers.acknowledged(), counted);
        if let Some(difference) = likers.difference(counted) {
            scene.find(difference);
        }
    }
    Ok(())
}

/// Waits until a process has ended and named the cluster, or reports it. Returns the process if it goes on.
async fn refused_or_reported(
    scene: &mut Scene,
    started: anyhow::Result<Node>,
    what: &str,
) -> anyhow::Result<Option<Node>> {
    let mut node = match started {
        Ok(node) => node,
        Err(error) => {
            names_the_cluster(scene, what, &format!("{error:#}"));
            return Ok(None);
        }
    };
    let give_up = Instant::now() + REPORTED_WITHIN;
    while Instant::now() < give_up {
        if node.has_ended()? {
            names_the_cluster(scene, what, &node.log());
            return Ok(None);
        }
        if witness::readiness(&node).await.is_err() {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    if node.has_ended()? {
        names_the_cluster(scene, what, &node.log());
        return Ok(None);
    }
    scene.all_must_report(&[&node], Problem::KIND).await;
    Ok(Some(node))
}

fn names_the_cluster(scene: &mut Scene, what: &str, said: &str) {
    match said.lines().rev().find(|line| line.contains("luster")) {
        Some(line) => scene.note(format!("{what} refuses to start: {line}")),
        None => scene.find(format!("{what} ends and does not say that it is a cluster: {said}")),
    }
}

/// Two accumulators of one stream count into different stores.
pub(crate) async fn two_stores(scene: &mut Scene) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let pipe = ("HORIZON_BUS", redis.url());
    let store = super::database::store(&scene.folder().join("other.db"));
    let web = scene.web(std::slice::from_ref(&pipe)).await?;
    let one = scene.accumulator(std::slice::from_ref(&pipe)).await?;
    let other = scene.accumulator(&[pipe, store]).await?;
    scene.struck();
    let articles = Articles::read_at(&[&web]);
    let mut likers = scene.likers(&[&web]);
    likers.likes(scene.likes).await;
    let reported = scene.one_must_report(&[&one, &other], Problem::ACCUMULATORS).await;
    let counted = likes_at(web.address()).await?;
    scene.add_up(likers.acknowledged(), counted);
    scene.lost(likers.difference(counted), reported);
    scene.finish_reading(articles).await;
    Ok(())
}

/// Two web nodes have one name. Once one of them is gone the other is ready again.
pub(crate) async fn duplicate_names(scene: &mut Scene) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let pipe = ("HORIZON_BUS", redis.url());
    let name = ("HORIZON_NODE", "web-of-one-name".to_owned());
    let _accumulator = scene.accumulator(std::slice::from_ref(&pipe)).await?;
    let one = scene.web(&[pipe.clone(), name.clone()]).await?;
    let mut other = scene.web(&[pipe, name]).await?;
    scene.struck();
    let articles = Articles::read_at(&[&one]);
    scene.one_must_report(&[&one, &other], Problem::NAME).await;
    other.stop().await?;
    scene
        .must_be_ready(&one, "after the other one of its name is gone")
        .await;
    let mut likers = scene.likers(&[&one]);
    likers.likes(scene.likes).await;
    let counted = likers.counted_at(one.address(), 0, COUNTED_WITHIN).await?;
    scene.add_up(likers.acknowledged(), counted);
    if let Some(difference) = likers.difference(counted) {
        scene.find(difference);
    }
    scene.finish_reading(articles).await;
    Ok(())
}
