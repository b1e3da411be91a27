//! A replica becomes the master while clients still write to the old master.

use std::{cell::Cell, time::Duration};

use horizon_redis::testing::RedisServer;
use horizon_test_support::wait_until;
use tokio::time::sleep;

use super::{
    article_readers::ArticleReaders,
    like_clients::likes_at,
    problem_reports::{self, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
    switchable_link::SwitchableLink,
};
use crate::{mutant::FaultMutant, node_process::NodeProcess, oracle::SHOWN_WITHIN, stream};

/// How long clients write to the old master.
const PARTITION_TIME: Duration = Duration::from_secs(2);

/// The longest time until the new master has acknowledged every like.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);

/// Without `?wait=1`: likes that the old master acknowledged are lost, and that is reported.
pub(crate) async fn without_wait(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let cluster = ReplicatedRedis::start().await?;
    let url = cluster.link.url();
    let result = run_partition(scenario, &cluster, url).await?;
    if result.difference.is_none() {
        scenario.add_finding("nothing was lost without `?wait=1`, so the class tests nothing");
    }
    let nodes: Vec<&NodeProcess> = result.accumulators.iter().chain(&result.webs).collect();
    let reported = scenario.check_all_report(&nodes, ReportedProblem::BUS).await;
    scenario.add_loss(result.difference, reported);
    report_totals::check(scenario, &cluster.first.url()).await
}

/// With `?wait=1`: no acknowledged like is lost.
pub(crate) async fn with_wait(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let cluster = ReplicatedRedis::start().await?;
    let url = match scenario.mutant {
        Some(FaultMutant::DropsWait) => cluster.link.url(),
        _ => format!("{}/?wait=1", cluster.link.url()),
    };
    let result = run_partition(scenario, &cluster, url).await?;
    if let Some(difference) = &result.difference {
        scenario.add_finding(format!("with `?wait=1`, {difference}"));
    }
    // Events that were not acknowledged may be lost.
    for node in result.webs.iter().chain(&result.accumulators) {
        scenario.check_ready(node, "with the new master").await;
    }
    report_totals::check(scenario, &cluster.first.url()).await
}

/// The result of a partition.
struct PartitionResult {
    webs: [NodeProcess; 2],
    accumulators: [NodeProcess; 2],
    difference: Option<String>,
}

async fn run_partition(
    scenario: &mut AlarmScenario,
    cluster: &ReplicatedRedis,
    url: String,
) -> anyhow::Result<PartitionResult> {
    let bus = [("HORIZON_BUS", url)];
    let accumulators = [scenario.accumulator(&bus).await?, scenario.accumulator(&bus).await?];
    let webs = [scenario.web(&bus).await?, scenario.web(&bus).await?];
    let articles = ArticleReaders::read_at(&webs.each_ref());
    let mut clients = scenario.clients(&webs.each_ref());
    clients.likes(scenario.likes).await;
    let before = (clients.acknowledged(), clients.unsure());
    let over = Cell::new(false);
    let partition = async {
        let promoted = cluster.promote_replica().await;
        sleep(PARTITION_TIME).await;
        let readiness = problem_reports::readiness(&webs[0]).await;
        cluster.link.switch_to(cluster.first.port());
        over.set(true);
        promoted.map(|()| readiness)
    };
    let (readiness, ()) = tokio::join!(partition, clients.like_until(|| over.get()));
    scenario.count_fault();
    let readiness = readiness?.err().unwrap_or_else(|| "200".into()).replace('\n', "; ");
    scenario.add_note(format!(
        "with the old master {} likes were acknowledged and {} were not; /readyz of a web node returned \
         {readiness}",
        clients.acknowledged() - before.0,
        clients.unsure() - before.1
    ));
    if !clients.retry_all(ACKNOWLEDGED_WITHIN).await {
        scenario.add_finding(format!(
            "with the new master {} likes are not acknowledged: {}",
            clients.unsure(),
            clients.last_error()
        ));
    }
    if let Some(rest) = stream::drained(&cluster.first).await? {
        scenario.add_finding(format!("at the new master the backlog does not shrink: {rest}"));
    }
    // Lost likes never appear, so wait as long as counted ones may take.
    let counted = clients.counted_at(webs[0].address(), 0, SHOWN_WITHIN).await?;
    let counted = counted.min(likes_at(webs[1].address()).await?);
    scenario.add_counts(clients.acknowledged(), counted);
    scenario.finish_reading(articles).await;
    Ok(PartitionResult {
        webs,
        accumulators,
        difference: clients.difference(counted),
    })
}

/// A master with two replicas, and the address that clients use.
struct ReplicatedRedis {
    master: RedisServer,
    first: RedisServer,
    second: RedisServer,
    link: SwitchableLink,
}

impl ReplicatedRedis {
    async fn start() -> anyhow::Result<Self> {
        let master = RedisServer::start(&[]).await?;
        let this = Self {
            link: SwitchableLink::start(master.port()).await?,
            first: RedisServer::start(&[]).await?,
            second: RedisServer::start(&[]).await?,
            master,
        };
        replicate(&this.first, this.master.port()).await?;
        replicate(&this.second, this.master.port()).await?;
        Ok(this)
    }

    /// Disconnects both replicas and promotes the first. The second is disconnected before, so that the new master has
    /// everything that any replica has.
    async fn promote_replica(&self) -> anyhow::Result<()> {
        replicate(&self.second, self.first.port()).await?;
        self.first.cli(&["REPLICAOF", "NO", "ONE"]).await?;
        Ok(())
    }
}

/// Makes a server the replica of the one at this port, and waits until it is in sync.
async fn replicate(server: &RedisServer, port: u16) -> anyhow::Result<()> {
    server.cli(&["REPLICAOF", "127.0.0.1", &port.to_string()]).await?;
    wait_until("the replica is in sync", async || {
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
