//! Redis loses events that wait to be counted.

use std::{fs, sync::Arc};

use anyhow::{Context, ensure};
use horizon_backend::now;
use horizon_core::Slug;
use horizon_redis::{RedisBus, RedisConfig, RedisStats, testing::RedisServer};
use horizon_test_support::{Seed, wait_until};
use tokio::time::{Duration, Instant};

use super::{
    articles::Articles,
    likers::{COUNTED_WITHIN, Likers, PAGE},
    scene::Scene,
    witness::{Problem, REPORTED_WITHIN},
};
use crate::{
    crowd::Crowd,
    diary::Diary,
    load::Load,
    node::Node,
    stream::{EVENTS, info},
};

/// A Redis that throws away whatever was not used for long once it holds so much.
const EVICTING: &[&str] = &["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];

/// How many events are sent at a time until Redis throws something away, in events.
const SLICE: u64 = 5_000;

/// How soon Redis has to have thrown something away.
const EVICTED_WITHIN: Duration = Duration::from_secs(60);

/// Two web nodes, two accumulators and their Redis.
struct Cast {
    redis: RedisServer,
    webs: [Node; 2],
    accumulators: [Node; 2],
}

impl Cast {
    async fn start(scene: &mut Scene, options: &[&str]) -> anyhow::Result<Self> {
        let redis = RedisServer::start(options).await?;
        let pipe = [("HORIZON_BUS", redis.url())];
        Ok(Self {
            accumulators: [scene.accumulator(&pipe).await?, scene.accumulator(&pipe).await?],
            webs: [scene.web(&pipe).await?, scene.web(&pipe).await?],
            redis,
        })
    }

    /// How many likes the store has, or none if it cannot be read.
    async fn stored(&self) -> anyhow::Result<u64> {
        use horizon_core::{StatsStoreExt, Topic};
        let store = RedisStats::connect(&RedisConfig::new(&self.redis.url())?)?;
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

    /// Waits until the accumulators have trimmed what they counted, and so have looked at the stream since.
    async fn trimmed(&self) -> anyhow::Result<()> {
        wait_until("the stream is trimmed", async || {
            let length = self.redis.cli(&["XLEN", EVENTS]).await?;
            ensure!(length.trim() == "1", "{} events are in the stream", length.trim());
            Ok(())
        })
        .await
    }

    fn webs(&self) -> [&Node; 2] {
        self.webs.each_ref()
    }

    fn nodes(&self) -> Vec<&Node> {
        self.accumulators.iter().chain(&self.webs).collect()
    }

    /// Starts every process again, as an operator does who has seen the alarm.
    async fn restart(&mut self) -> anyhow::Result<()> {
        for node in self.accumulators.iter_mut().chain(&mut self.webs) {
            node.stop().await?;
            node.start_again().await?;
        }
        Ok(())
    }
}

/// The stream is deleted while events wait in it.
pub(crate) async fn stream_deleted(scene: &mut Scene) -> anyhow::Result<()> {
    lose(scene, async |redis| {
        let deleted = redis.cli(&["DEL", EVENTS]).await?;
        ensure!(deleted.trim() == "1", "there was no stream to delete");
        Ok(())
    })
    .await
}

/// Everything in Redis is deleted while events wait.
pub(crate) async fn flushall(scene: &mut Scene) -> anyhow::Result<()> {
    lose(scene, async |redis| Ok(redis.cli(&["FLUSHALL"]).await.map(drop)?)).await
}

/// Redis is killed while events wait, and comes back without its files.
pub(crate) async fn restarted_empty(scene: &mut Scene) -> anyhow::Result<()> {
    lose(scene, async |redis| {
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

/// Lets events wait while no accumulator runs, takes them away, and looks who says so.
async fn lose(
    scene: &mut Scene,
    strike: impl AsyncFnOnce(&mut RedisServer) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cast = Cast::start(scene, &[]).await?;
    let articles = Articles::read_at(&cast.webs());
    let mut likers = scene.likers(&cast.webs());
    let likes = scene.likes;
    likers.likes(likes).await;
    let counted = likers.counted_at(cast.webs[0].address(), 0, COUNTED_WITHIN).await?;
    ensure!(
        likers.difference(counted).is_none(),
        "before any fault {counted} are counted"
    );
    cast.pause_accumulators().await?;
    likers.likes(likes).await;
    strike(&mut cast.redis).await?;
    scene.struck();
    cast.resume_accumulators().await?;
    let reported = scene.all_must_report(&cast.nodes(), Problem::BUS).await;
    let stored = cast.stored().await?;
    scene.add_up(likers.acknowledged(), stored);
    scene.lost(likers.difference(stored), reported);
    later_likes_are_counted(scene, &cast, stored).await?;
    scene.finish_reading(articles).await;
    cast.restart().await?;
    for node in cast.nodes() {
        scene.must_be_ready(node, "after a restart").await;
    }
    Ok(())
}

/// What is acknowledged after the loss is counted as ever.
async fn later_likes_are_counted(scene: &mut Scene, cast: &Cast, base: u64) -> anyhow::Result<()> {
    let mut likers: Likers = scene.likers(&cast.webs());
    likers.likes(scene.likes).await;
    if likers.acknowledged() == 0 {
        scene.find(format!(
            "after the loss no like is acknowledged: {}",
            likers.last_refusal()
        ));
        return Ok(());
    }
    let give_up = Instant::now() + REPORTED_WITHIN;
    let counted = loop {
        let counted = cast.stored().await?.saturating_sub(base);
        if counted >= likers.acknowledged() || Instant::now() > give_up {
            break counted;
        }
    };
    if let Some(difference) = likers.difference(counted) {
        scene.find(format!("after the loss {difference}"));
    }
    Ok(())
}

/// Redis may throw away whatever was not used for long: said before anything is lost, and again when it is.
pub(crate) async fn eviction(scene: &mut Scene) -> anyhow::Result<()> {
    let cast = Cast::start(scene, EVICTING).await?;
    let articles = Articles::read_at(&cast.webs());
    scene.all_must_report(&cast.nodes(), Problem::SETTINGS).await;
    // A stream that never had an event when somebody last looked at it cannot be told from another one.
    scene.likers(&cast.webs()).likes(scene.likes).await;
    cast.trimmed().await?;
    cast.pause_accumulators().await?;
    // It lives on after the loss, as publishers do: only who wrote an event knows of it in the first second.
    let publisher = publisher(&cast)?;
    let acknowledged = fill_until_evicted(scene, &cast, &publisher).await?;
    scene.struck();
    cast.resume_accumulators().await?;
    scene.note(format!(
        "{acknowledged} events were acknowledged until Redis threw the stream away"
    ));
    scene.all_must_report(&cast.nodes(), Problem::BUS).await;
    drop(publisher);
    scene.finish_reading(articles).await;
    Ok(())
}

fn publisher(cast: &Cast) -> anyhow::Result<Load> {
    let config = RedisConfig::new(&cast.redis.url())?;
    let store = Arc::new(RedisStats::connect(&config)?);
    Ok(Load::new(RedisBus::connect(&config, store)?, None))
}

/// Sends events until Redis has thrown the stream away. Returns how many were acknowledged.
async fn fill_until_evicted(scene: &mut Scene, cast: &Cast, publisher: &Load) -> anyhow::Result<u64> {
    let (diary, slug) = (Diary::default(), Slug::new(PAGE)?);
    let mut crowd = Crowd::new(Seed::new(scene.dice.next()), &[slug]);
    let give_up = Instant::now() + EVICTED_WITHIN;
    let mut waiting = 0;
    while Instant::now() < give_up {
        publisher.publish(crowd.events(SLICE, now(), &diary), &diary).await?;
        let before = waiting;
        waiting = cast.redis.cli(&["XLEN", EVENTS]).await?.trim().parse::<u64>()?;
        if waiting < before {
            let evicted = info(&cast.redis, "stats", "evicted_keys").await?;
            ensure!(evicted > 0, "the stream shrank although Redis threw nothing away");
            return Ok(diary.events());
        }
    }
    anyhow::bail!("Redis threw nothing away within {EVICTED_WITHIN:?}; {waiting} events wait")
}
