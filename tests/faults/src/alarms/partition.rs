//! A replica becomes the master while clients still write to the old one.

use std::{cell::Cell, time::Duration};

use horizon_redis::testing::RedisServer;
use horizon_test_support::wait_until;
use tokio::time::sleep;

use super::{
    articles::Articles,
    likers::likes_at,
    link::Link,
    scene::Scene,
    witness::{self, Problem},
};
use crate::{defect::Defect, node::Node, oracle::SHOWN_WITHIN, stream};

/// How long clients write to a master that is none any more.
const APART_FOR: Duration = Duration::from_secs(2);

/// How soon every like has to be acknowledged once clients reach the new master.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// Clients wait for no replica: what was acknowledged meanwhile is lost, and that is reported.
pub(crate) async fn without_wait(scene: &mut Scene) -> anyhow::Result<()> {
    let cluster = Replicated::start().await?;
    let url = cluster.link.url();
    let played = play(scene, &cluster, url).await?;
    if played.difference.is_none() {
        scene.find("nothing was lost although no client waited for a replica: the class proves nothing");
    }
    let nodes: Vec<&Node> = played.accumulators.iter().chain(&played.webs).collect();
    let reported = scene.all_must_report(&nodes, Problem::BUS).await;
    scene.lost(played.difference, reported);
    Ok(())
}

/// Clients wait for one replica: nothing that was acknowledged is lost.
pub(crate) async fn with_wait(scene: &mut Scene) -> anyhow::Result<()> {
    let cluster = Replicated::start().await?;
    let url = match scene.defect {
        Some(Defect::DropsWait) => cluster.link.url(),
        _ => format!("{}/?wait=1", cluster.link.url()),
    };
    let played = play(scene, &cluster, url).await?;
    if let Some(difference) = &played.difference {
        scene.find(format!("although each like waits for a replica, {difference}"));
    }
    // An event without an acknowledgement is gone with the old master, and that is no loss.
    for node in played.webs.iter().chain(&played.accumulators) {
        scene.must_be_ready(node, "at the new master").await;
    }
    Ok(())
}

/// What came of it.
struct Played {
    webs: [Node; 2],
    accumulators: [Node; 2],
    difference: Option<String>,
}

async fn play(scene: &mut Scene, cluster: &Replicated, url: String) -> anyhow::Result<Played> {
    let pipe = [("HORIZON_BUS", url)];
    let accumulators = [scene.accumulator(&pipe).await?, scene.accumulator(&pipe).await?];
    let webs = [scene.web(&pipe).await?, scene.web(&pipe).await?];
    let articles = Articles::read_at(&webs.each_ref());
    let mut likers = scene.likers(&webs.each_ref());
    likers.likes(scene.likes).await;
    let before = (likers.acknowledged(), likers.unsure());
    let over = Cell::new(false);
    let parting = async {
        let parted = cluster.part().await;
        sleep(APART_FOR).await;
        let readiness = witness::readiness(&webs[0]).await;
        cluster.link.turn_to(cluster.first.port());
        over.set(true);
        parted.map(|()| readiness)
    };
    let (readiness, ()) = tokio::join!(parting, likers.like_until(|| over.get()));
    scene.struck();
    let said = readiness?.err().unwrap_or_else(|| "200".into()).replace('\n', "; ");
    scene.note(format!(
        "while clients were at the old master {} likes were acknowledged and {} were not; /readyz of a web node said \
         {said}",
        likers.acknowledged() - before.0,
        likers.unsure() - before.1
    ));
    if !likers.settle(SETTLED_WITHIN).await {
        scene.find(format!(
            "at the new master {} likes are not acknowledged: {}",
            likers.unsure(),
            likers.last_refusal()
        ));
    }
    if let Some(rest) = stream::drained(&cluster.first).await? {
        scene.find(format!("at the new master the backlog stands still: {rest}"));
    }
    // What was lost never comes, so this waits as long as what was counted may take to be shown.
    let counted = likers.counted_at(webs[0].address(), 0, SHOWN_WITHIN).await?;
    let counted = counted.min(likes_at(webs[1].address()).await?);
    scene.add_up(likers.acknowledged(), counted);
    scene.finish_reading(articles).await;
    Ok(Played {
        webs,
        accumulators,
        difference: likers.difference(counted),
    })
}

/// A master with two replicas, and the address under which clients look for the master.
struct Replicated {
    master: RedisServer,
    first: RedisServer,
    second: RedisServer,
    link: Link,
}

impl Replicated {
    async fn start() -> anyhow::Result<Self> {
        let master = RedisServer::start(&[]).await?;
        let this = Self {
            link: Link::to(master.port()).await?,
            first: RedisServer::start(&[]).await?,
            second: RedisServer::start(&[]).await?,
            master,
        };
        follow(&this.first, this.master.port()).await?;
        follow(&this.second, this.master.port()).await?;
        Ok(this)
    }

    /// Takes both replicas from the master, and makes the first of them a master. The second leaves before, so that
    /// whatever a replica has from then on the new master has.
    async fn part(&self) -> anyhow::Result<()> {
        follow(&self.second, self.first.port()).await?;
        self.first.cli(&["REPLICAOF", "NO", "ONE"]).await?;
        Ok(())
    }
}

/// Makes a server the replica of the one at this port, and waits until it has everything.
async fn follow(server: &RedisServer, port: u16) -> anyhow::Result<()> {
    server.cli(&["REPLICAOF", "127.0.0.1", &port.to_string()]).await?;
    wait_until("a replica has what its master has", async || {
        let state = server.cli(&["INFO", "replication"]).await?;
        let (is_up, is_of) = (
            state.contains("master_link_status:up"),
            state.contains(&format!("master_port:{port}")),
        );
        anyhow::ensure!(is_up && is_of, "{state}");
        Ok(())
    })
    .await
}
