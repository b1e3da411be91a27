//! Redis loses unread events.

use std::{fs, sync::Arc};

use anyhow::{Context, ensure};
use horizon_backend::now;
use horizon_core::Slug;
use horizon_redis::{RedisBus, RedisConfig, RedisStore, testing::RedisServer};
use horizon_test_support::wait_until;
use tokio::time::{Duration, Instant};

use super::{
    article_readers::ArticleReaders,
    like_clients::{COUNTED_WITHIN, LikeClients, PAGE},
    problem_reports::{REPORTED_WITHIN, ReportedProblem},
    report_totals,
    scenario::AlarmScenario,
};
use crate::{
    ack_log::AckLog,
    event_generator::EventGenerator,
    node_process::NodeProcess,
    publishers::Publishers,
    stream::{EVENTS, info},
};

/// Options of a Redis that evicts keys.
const EVICTING: &[&str] = &["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];

/// Events that are sent together until Redis evicts a key.
const SLICE: u64 = 5_000;

/// The longest time until Redis evicts a key.
const EVICTED_WITHIN: Duration = Duration::from_secs(60);

/// A Redis server, two web nodes and two accumulators.
struct RedisScenario {
    redis: RedisServer,
    webs: [NodeProcess; 2],
    accumulators: [NodeProcess; 2],
}

impl RedisScenario {
    async fn start(scenario: &mut AlarmScenario, options: &[&str]) -> anyhow::Result<Self> {
        let redis = RedisServer::start(options).await?;
        let bus = [("HORIZON_BUS", redis.url())];
        Ok(Self {
            accumulators: [scenario.accumulator(&bus).await?, scenario.accumulator(&bus).await?],
            webs: [scenario.web(&bus).await?, scenario.web(&bus).await?],
            redis,
        })
    }

    /// Returns the stored likes.
    async fn stored(&self) -> anyhow::Result<u64> {
        use horizon_core::{StatsStoreExt, Topic};
        let store = RedisStore::connect(&RedisConfig::new(&self.redis.url())?)?;
        let total = store.total(&Topic::from(Slug::new(PAGE)?)).await?;
        Ok(total.stats.likes)
    }

    async fn pause_accumulators(&self) -> anyhow::Result<()> {
        for accumulator in &self.accumulators {
            accumulator.process()?.pause().await?;
        }
        Ok(())
    }

    async fn resume_accumulators(&self) -> anyhow::Result<()> {
        for accumulator in &self.accumulators {
            accumulator.process()?.resume().await?;
        }
        Ok(())
    }

    /// Waits until the accumulators have trimmed the counted events, and so have checked the stream.
    async fn wait_until_trimmed(&self) -> anyhow::Result<()> {
        wait_until("the stream is trimmed", async || {
            let length = self.redis.cli(&["XLEN", EVENTS]).await?;
            ensure!(length.trim() == "1", "{} events are in the stream", length.trim());
            Ok(())
        })
        .await
    }

    fn webs(&self) -> [&NodeProcess; 2] {
        self.webs.each_ref()
    }

    fn nodes(&self) -> Vec<&NodeProcess> {
        self.accumulators.iter().chain(&self.webs).collect()
    }

    /// Restarts every process, as an operator does after the alarm.
    async fn restart(&mut self) -> anyhow::Result<()> {
        for node in self.accumulators.iter_mut().chain(&mut self.webs) {
            node.stop().await?;
            node.start_again().await?;
        }
        Ok(())
    }
}

/// The stream is deleted while it has unread events.
pub(crate) async fn stream_deleted(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    lose_events(scenario, async |redis| {
        let deleted = redis.cli(&["DEL", EVENTS]).await?;
        ensure!(deleted.trim() == "1", "there was no stream to delete");
        Ok(())
    })
    .await
}

/// All keys are deleted while events are unread.
pub(crate) async fn flushall(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    lose_events(scenario, async |redis| Ok(redis.cli(&["FLUSHALL"]).await.map(drop)?)).await
}

/// Redis is killed while events are unread, and restarts without its files.
pub(crate) async fn restarted_empty(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    lose_events(scenario, async |redis| {
        let folder = redis.cli(&["CONFIG", "GET", "dir"]).await?;
        let folder = folder
            .lines()
            .nth(1)
            .context("CONFIG GET dir names no folder")?
            .to_owned();
        redis.kill().await?;
        fs::remove_dir_all(format!("{folder}/appendonlydir"))?;
        Ok(redis.start_again().await?)
    })
    .await
}

/// Deletes unread events while no accumulator runs, and checks the reports.
async fn lose_events(
    scenario: &mut AlarmScenario,
    delete: impl AsyncFnOnce(&mut RedisServer) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut setup = RedisScenario::start(scenario, &[]).await?;
    let articles = ArticleReaders::read_at(&setup.webs());
    let mut clients = scenario.clients(&setup.webs());
    let likes = scenario.likes;
    clients.likes(likes).await;
    let counted = clients.counted_at(setup.webs[0].address(), 0, COUNTED_WITHIN).await?;
    ensure!(
        clients.difference(counted).is_none(),
        "before any fault {counted} are counted"
    );
    setup.pause_accumulators().await?;
    clients.likes(likes).await;
    delete(&mut setup.redis).await?;
    scenario.count_fault();
    setup.resume_accumulators().await?;
    let reported = scenario.check_all_report(&setup.nodes(), ReportedProblem::BUS).await;
    let stored = setup.stored().await?;
    scenario.add_counts(clients.acknowledged(), stored);
    scenario.add_loss(clients.difference(stored), reported);
    check_later_likes(scenario, &setup, stored).await?;
    scenario.finish_reading(articles).await;
    setup.restart().await?;
    for node in setup.nodes() {
        scenario.check_ready(node, "after a restart").await;
    }
    report_totals::check(scenario, &setup.redis.url()).await
}

/// Checks that likes after the loss are counted.
async fn check_later_likes(scenario: &mut AlarmScenario, setup: &RedisScenario, base: u64) -> anyhow::Result<()> {
    let mut clients: LikeClients = scenario.clients(&setup.webs());
    clients.likes(scenario.likes).await;
    if clients.acknowledged() == 0 {
        scenario.add_finding(format!(
            "after the loss no like is acknowledged: {}",
            clients.last_error()
        ));
        return Ok(());
    }
    let give_up = Instant::now() + REPORTED_WITHIN;
    let counted = loop {
        let counted = setup.stored().await?.saturating_sub(base);
        if counted >= clients.acknowledged() || Instant::now() > give_up {
            break counted;
        }
    };
    if let Some(difference) = clients.difference(counted) {
        scenario.add_finding(format!("after the loss {difference}"));
    }
    Ok(())
}

/// Redis may evict keys: reported before the first loss, and after it.
pub(crate) async fn eviction(scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    let setup = RedisScenario::start(scenario, EVICTING).await?;
    let articles = ArticleReaders::read_at(&setup.webs());
    scenario
        .check_all_report(&setup.nodes(), ReportedProblem::SETTINGS)
        .await;
    // Without an event, a deleted stream cannot be distinguished from a new one.
    scenario.clients(&setup.webs()).likes(scenario.likes).await;
    setup.wait_until_trimmed().await?;
    setup.pause_accumulators().await?;
    // Keep the publisher: only the process that wrote an event knows it during the first second.
    let publisher = publisher(&setup)?;
    let acknowledged = fill_until_evicted(scenario, &setup, &publisher).await?;
    scenario.count_fault();
    setup.resume_accumulators().await?;
    scenario.add_note(format!(
        "{acknowledged} events were acknowledged until Redis evicted the stream"
    ));
    scenario.check_all_report(&setup.nodes(), ReportedProblem::BUS).await;
    drop(publisher);
    scenario.finish_reading(articles).await;
    Ok(())
}

fn publisher(setup: &RedisScenario) -> anyhow::Result<Publishers> {
    let config = RedisConfig::new(&setup.redis.url())?;
    let store = Arc::new(RedisStore::connect(&config)?);
    Ok(Publishers::new(RedisBus::connect(&config, store)?, None))
}

/// Sends events until Redis has evicted the stream. Returns how many were acknowledged.
async fn fill_until_evicted(
    scenario: &mut AlarmScenario,
    setup: &RedisScenario,
    publisher: &Publishers,
) -> anyhow::Result<u64> {
    let (ack_log, slug) = (AckLog::default(), Slug::new(PAGE)?);
    let mut generator = EventGenerator::new(scenario.rng.fork(), &[slug], now());
    let give_up = Instant::now() + EVICTED_WITHIN;
    let mut waiting = 0;
    while Instant::now() < give_up {
        publisher
            .publish(generator.events(SLICE, now(), &ack_log), &ack_log)
            .await?;
        let before = waiting;
        waiting = setup.redis.cli(&["XLEN", EVENTS]).await?.trim().parse::<u64>()?;
        if waiting < before {
            let evicted = info(&setup.redis, "stats", "evicted_keys").await?;
            ensure!(evicted > 0, "the stream shrank although Redis evicted nothing");
            return Ok(ack_log.events());
        }
    }
    anyhow::bail!("Redis evicted nothing within {EVICTED_WITHIN:?}; {waiting} events are unread")
}
