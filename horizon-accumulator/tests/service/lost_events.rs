use horizon_core::EventBus;
use horizon_redis::RedisBus;
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;

use crate::accumulator::{AccumulatorProcess, run, sqlite, visit, wait_until};
use crate::counts::{bus, stored_visits};

const LOST: &str = "horizon_stream_lost_total";

/// A Redis and an accumulator that counts into SQLite.
struct StreamFixture {
    redis: RedisServer,
    one: AccumulatorProcess,
    bus: RedisBus,
    _folder: TempDir,
}

impl StreamFixture {
    async fn new(options: &[&str], settings: &[(&str, &str)]) -> Self {
        let redis = RedisServer::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite(&folder.path().join("horizon.db"));
        let url = redis.url();
        let places = [("HORIZON_BUS", &*url), ("HORIZON_STORE", &*store)];
        let one = AccumulatorProcess::start(&[&places, settings].concat()).await;
        let bus = bus(&redis);
        Self {
            redis,
            one,
            bus,
            _folder: folder,
        }
    }

    /// Waits for a problem that contains this text.
    async fn wait_for_problem(&self, problem: &str) {
        wait_until(problem, async || {
            let (status, body) = self.one.get("/readyz").await;
            status == 503 && body.contains(problem)
        })
        .await;
    }

    async fn redis(&self, arguments: &[&str]) -> String {
        self.redis.cli(arguments).await.unwrap().trim().to_owned()
    }

    /// Publishes seven events while the accumulator is stopped.
    async fn publish_seven(&self) {
        self.bus.track(visit(0)).await.unwrap();
        wait_until("it counts", async || stored_visits(&self.redis).await == 1).await;
        wait_until("it acknowledges", async || {
            let pending = self.redis(&["XPENDING", "analytics:events", "accumulators"]).await;
            pending.starts_with('0')
        })
        .await;
        self.one.process().pause().await.unwrap();
        for number in 1..=7 {
            self.bus.track(visit(number)).await.unwrap();
        }
        wait_until("all seven are seen", async || {
            self.redis(&["HGET", "horizon:bus", "waiting"]).await == "7"
        })
        .await;
    }

    async fn metrics(&self) -> String {
        self.one.get("/metrics").await.1
    }
}

#[tokio::test]
async fn a_stream_that_is_deleted_or_emptied_with_all_of_redis_is_an_alarm_with_its_number() {
    for command in [&["DEL", "analytics:events"][..], &["FLUSHALL"]] {
        let site = StreamFixture::new(&[], &[]).await;
        site.publish_seven().await;
        site.redis(command).await;
        site.one.process().resume().await.unwrap();
        site.wait_for_problem("bus: up to 7 acknowledged events were lost")
            .await;
        assert_eq!(site.one.metric(LOST).await + site.bus.monitor().found(), 7);
        let metrics = site.metrics().await;
        assert!(metrics.contains("horizon_problem{part=\"bus\"} 1\n"), "{metrics}");
        site.one.wait_for_line(&["ERROR", "are lost"]).await;
    }
}

#[tokio::test]
async fn emptying_redis_is_an_alarm_also_if_no_event_was_pending() {
    let site = StreamFixture::new(&[], &[]).await;
    site.one.wait_for_readyz(200).await;
    site.redis(&["FLUSHALL"]).await;
    site.wait_for_problem("bus: Redis lost its data or went back to an older state; no event is known")
        .await;
}

#[tokio::test]
async fn a_redis_that_restarts_empty_is_an_alarm() {
    let options = ["--appendonly", "no"];
    let mut site = StreamFixture::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
    site.one.wait_for_readyz(200).await;
    site.redis.kill().await.unwrap();
    site.redis.start_again().await.unwrap();
    site.wait_for_problem("bus: ").await;
    site.one.wait_for_line(&["ERROR"]).await;
}

#[tokio::test]
async fn eviction_is_an_alarm() {
    let options = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];
    let site = StreamFixture::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
    site.one.wait_for_readyz(200).await;
    site.one.process().pause().await.unwrap();
    let (monitor, mut number) = (site.bus.monitor(), 0);
    wait_until("the bus finds the loss", async || {
        let some = (number..number + 500).map(|number| site.bus.track(visit(number)));
        futures::future::join_all(some).await;
        number += 500;
        monitor.loss().is_some()
    })
    .await;
    site.one.process().resume().await.unwrap();
    site.wait_for_problem("bus: ").await;
}

#[tokio::test]
async fn a_redis_that_may_lose_data_is_not_ready_unless_that_is_accepted() {
    for (option, value) in [("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")] {
        let options = [&*format!("--{option}"), value];
        let site = StreamFixture::new(&options, &[]).await;
        site.wait_for_problem(&format!(
            "redis-settings: the Redis of events at {}",
            &site.redis.url()[8..]
        ))
        .await;
        assert!(site.one.get("/readyz").await.1.contains(option));
        site.redis(&["CONFIG", "SET", "appendonly", "yes"]).await;

        let accepted = StreamFixture::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
        let warns = async || accepted.one.log().contains("WARN") && accepted.one.log().contains(option);
        wait_until("it warns", warns).await;
        accepted.one.wait_for_readyz(200).await;
    }
}

#[tokio::test]
async fn it_only_warns_if_config_is_forbidden_or_nothing_is_stored() {
    let redis = RedisServer::start(&["--appendonly", "no"]).await.unwrap();
    let channel = redis.url().replace("redis:", "redis+pubsub:");
    for (bus, rights) in [(channel, "+config"), (redis.url(), "-config")] {
        redis.cli(&["ACL", "SETUSER", "default", rights]).await.unwrap();
        let one = AccumulatorProcess::start(&[("HORIZON_BUS", &*bus), ("HORIZON_STORE", "memory:")]).await;
        wait_until("it warns", async || {
            one.log().contains("WARN") && one.log().contains("appendonly")
        })
        .await;
        one.wait_for_readyz(200).await;
    }
}

#[tokio::test]
async fn a_node_of_redis_cluster_is_refused_at_the_start_and_on_the_first_contact() {
    let mut redis = RedisServer::start(&["--cluster-enabled", "yes"]).await.unwrap();
    let url = redis.url();
    let settings = [("HORIZON_BUS", &*url), ("HORIZON_STORE", "memory:")];
    let output = run(&settings).await;
    let body = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{body}");
    assert!(body.contains("Redis Cluster") && body.contains(&url[8..]), "{body}");

    redis.kill().await.unwrap();
    let one = AccumulatorProcess::start(&settings).await;
    redis.start_again().await.unwrap();
    wait_until("it reports the problem", async || {
        one.get("/readyz")
            .await
            .1
            .contains("redis-kind: the Redis of events at")
    })
    .await;
    one.wait_for_line(&["ERROR", "the Redis of events at"]).await;
}

#[tokio::test]
async fn a_key_of_another_type_in_place_of_the_stream_is_a_problem_until_it_is_deleted() {
    let site = StreamFixture::new(&[], &[]).await;
    site.one.wait_for_readyz(200).await;
    site.redis(&["DEL", "analytics:events"]).await;
    site.redis(&["SET", "analytics:events", "x"]).await;
    site.wait_for_problem("bus: the stream analytics:events cannot be used")
        .await;
    site.redis(&["DEL", "analytics:events"]).await;
    site.one.wait_for_readyz(200).await;
}

#[tokio::test]
async fn while_a_batch_cannot_be_counted_it_is_not_ready() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &redis.url())]).await;
    one.wait_for_readyz(200).await;
    redis.cli(&["SET", "horizon:{blog:hello}:total", "x"]).await.unwrap();
    bus(&redis).track(visit(1)).await.unwrap();
    wait_until("it reports the problem", async || {
        let (status, body) = one.get("/readyz").await;
        status == 503 && body.contains("counting: a batch cannot be counted")
    })
    .await;
}
