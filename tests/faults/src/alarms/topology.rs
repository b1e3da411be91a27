//! Processes with conflicting settings, and an unsupported Redis.

use horizon_redis::testing::RedisServer;
use horizon_test_support::wait_until;
use tokio::time::{Duration, Instant, sleep};

use super::{
    article_readers::ArticleReaders,
    like_clients::{COUNTED_WITHIN, likes_at},
    problem_reports::{self, REPORTED_WITHIN, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
};
use crate::node_process::NodeProcess;

/// The time between two checks of a process.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A node of a Redis Cluster is rejected or reported, and nothing is acknowledged.
pub(crate) async fn cluster_node(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let redis = RedisServer::start(&["--cluster-enabled", "yes"]).await?;
    redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await?;
    wait_until("the cluster is up", async || {
        let state = redis.cli(&["CLUSTER", "INFO"]).await?;
        anyhow::ensure!(state.contains("cluster_state:ok"), "{state}");
        Ok(())
    })
    .await?;
    scenario.count_fault();
    let bus = [("HORIZON_BUS", redis.url())];
    let accumulator = scenario.accumulator(&bus).await;
    check_rejected_or_reported(scenario, accumulator, "an accumulator").await?;
    let web = scenario.web(&bus).await;
    if let Some(web) = check_rejected_or_reported(scenario, web, "a web node").await? {
        let mut clients = scenario.clients(&[&web]);
        clients.likes(scenario.likes).await;
        let counted = clients
            .counted_at(web.address(), 0, COUNTED_WITHIN)
            .await
            .unwrap_or_default();
        scenario.add_counts(clients.acknowledged(), counted);
        if let Some(difference) = clients.difference(counted) {
            scenario.add_finding(difference);
        }
    }
    Ok(())
}

/// Waits until a process has ended with an error about the cluster, or reports it. Returns a process that continues.
async fn check_rejected_or_reported(
    scenario: &mut AlarmScenario,
    started: anyhow::Result<NodeProcess>,
    what: &str,
) -> anyhow::Result<Option<NodeProcess>> {
    let mut node = match started {
        Ok(node) => node,
        Err(error) => {
            check_cluster_error(scenario, what, &format!("{error:#}"));
            return Ok(None);
        }
    };
    let give_up = Instant::now() + REPORTED_WITHIN;
    while Instant::now() < give_up {
        if node.has_ended()? {
            check_cluster_error(scenario, what, &node.log());
            return Ok(None);
        }
        if problem_reports::readiness(&node).await.is_err() {
            break;
        }
        sleep(POLL_INTERVAL).await;
    }
    if node.has_ended()? {
        check_cluster_error(scenario, what, &node.log());
        return Ok(None);
    }
    scenario.check_all_report(&[&node], ReportedProblem::KIND).await;
    Ok(Some(node))
}

fn check_cluster_error(scenario: &mut AlarmScenario, what: &str, said: &str) {
    match said.lines().rev().find(|line| line.contains("luster")) {
        Some(line) => scenario.add_note(format!("{what} refuses to start: {line}")),
        None => scenario.add_finding(format!("{what} ends without an error about the cluster: {said}")),
    }
}

/// Two accumulators of one stream count into different stores.
pub(crate) async fn two_stores(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let bus = ("HORIZON_BUS", redis.url());
    let store = super::database::store(&scenario.folder().join("other.db"));
    let web = scenario.web(std::slice::from_ref(&bus)).await?;
    let mut one = scenario.accumulator(std::slice::from_ref(&bus)).await?;
    let mut other = scenario.accumulator(&[bus, store.clone()]).await?;
    scenario.count_fault();
    let articles = ArticleReaders::read_at(&[&web]);
    let mut clients = scenario.clients(&[&web]);
    clients.likes(scenario.likes).await;
    let reported = scenario
        .check_one_reports(&[&one, &other], ReportedProblem::ACCUMULATORS)
        .await;
    let counted = likes_at(web.address()).await?;
    scenario.add_counts(clients.acknowledged(), counted);
    scenario.add_loss(clients.difference(counted), reported);
    scenario.finish_reading(articles).await;
    one.stop().await?;
    other.stop().await?;
    report_totals::check(scenario, &redis.url()).await?;
    report_totals::check(scenario, &store.1).await
}

/// Two web nodes have the same name. When one stops, the other is ready again.
pub(crate) async fn duplicate_names(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let redis = RedisServer::start(&[]).await?;
    let bus = ("HORIZON_BUS", redis.url());
    let name = ("HORIZON_NODE", "web-of-one-name".to_owned());
    let _accumulator = scenario.accumulator(std::slice::from_ref(&bus)).await?;
    let one = scenario.web(&[bus.clone(), name.clone()]).await?;
    let mut other = scenario.web(&[bus, name]).await?;
    scenario.count_fault();
    let articles = ArticleReaders::read_at(&[&one]);
    scenario.check_one_reports(&[&one, &other], ReportedProblem::NAME).await;
    other.stop().await?;
    scenario
        .check_ready(&one, "after the other node with its name stopped")
        .await;
    let mut clients = scenario.clients(&[&one]);
    clients.likes(scenario.likes).await;
    let counted = clients.counted_at(one.address(), 0, COUNTED_WITHIN).await?;
    scenario.add_counts(clients.acknowledged(), counted);
    if let Some(difference) = clients.difference(counted) {
        scenario.add_finding(difference);
    }
    scenario.finish_reading(articles).await;
    report_totals::check(scenario, &redis.url()).await
}
