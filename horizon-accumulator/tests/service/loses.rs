use horizon_core::Analytics;
use horizon_redis::RedisBus;
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;

use crate::accumulator::{Accumulator, run, sqlite, visit, wait_until};
use crate::counts::{kept_visits, pipe};

const LOST: &str = "horizon_stream_lost_total";

/// A Redis and an accumulator that counts into SQLite.
struct Stage {
    redis: RedisServer,
    one: Accumulator,
    pipe: RedisBus,
    _folder: TempDir,
}

impl Stage {
    async fn new(options: &[&str], settings: &[(&str, &str)]) -> Self {
        let redis = RedisServer::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite(&folder.path().join("horizon.db"));
        let url = redis.url();
        let places = [("HORIZON_BUS", &*url), ("HORIZON_STORE", &*store)];
        let one = Accumulator::start(&[&places, settings].concat()).await;
        let pipe = pipe(&redis);
        Self {
            redis,
            one,
            pipe,
            _folder: folder,
        }
    }

    /// Waits until it is not ready for a reason with these words.
    async fn until_it_says(&self, words: &str) {
        wait_until(words, async || {
            let (status, body) = self.one.get("/readyz").await;
            status == 503 && body.contains(words)
        })
        .await;
    }

    async fn redis(&self, words: &[&str]) -> String {
        self.redis.cli(words).await.unwrap().trim().to_owned()
    }

    /// Lets seven events wait while the accumulator stands still.
    async fn seven_wait(&self) {
        self.pipe.track(visit(0)).await.unwrap();
        wait_until("it counts", async || kept_visits(&self.redis).await == 1).await;
        wait_until("it acknowledges", async || {
            let pending = self.redis(&["XPENDING", "analytics:events", "accumulators"]).await;
            pending.starts_with('0')
        })
        .await;
        self.one.signal("-STOP").await;
        for number in 1..=7 {
            self.pipe.track(visit(number)).await.unwrap();
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
    for word in [&["DEL", "analytics:events"][..], &["FLUSHALL"]] {
        let stage = Stage::new(&[], &[]).await;
        stage.seven_wait().await;
        stage.redis(word).await;
        stage.one.signal("-CONT").await;
        stage.until_it_says("bus: up to 7 acknowledged events were lost").await;
        assert_eq!(stage.one.metric(LOST).await + stage.pipe.monitor().found(), 7);
        let metrics = stage.metrics().await;
        assert!(metrics.contains("horizon_problem{part=\"bus\"} 1\n"), "{metrics}");
        let log = stage.one.log();
        assert!(log.contains("ERROR") && log.contains("are lost"), "{log}");
    }
}

#[tokio::test]
async fn emptying_redis_is_an_alarm_also_where_nothing_waited() {
    let stage = Stage::new(&[], &[]).await;
    stage.one.until_ready_says(200).await;
    stage.redis(&["FLUSHALL"]).await;
    stage
        .until_it_says("bus: Redis lost its data or went back to an older state; no event is known")
        .await;
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_is_an_alarm() {
    let options = ["--appendonly", "no"];
    let mut stage = Stage::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
    stage.one.until_ready_says(200).await;
    stage.redis.kill().await.unwrap();
    stage.redis.start_again().await.unwrap();
    stage.until_it_says("bus: ").await;
    assert!(stage.one.log().contains("ERROR"));
}

#[tokio::test]
async fn eviction_is_an_alarm() {
    let options = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];
    let stage = Stage::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
    stage.one.until_ready_says(200).await;
    stage.one.signal("-STOP").await;
    let (monitor, mut number) = (stage.pipe.monitor(), 0);
    wait_until("the pipe finds the loss", async || {
        let some = (number..number + 500).map(|number| stage.pipe.track(visit(number)));
        futures::future::join_all(some).await;
        number += 500;
        monitor.loss().is_some()
    })
    .await;
    stage.one.signal("-CONT").await;
    stage.until_it_says("bus: ").await;
}

#[tokio::test]
async fn a_redis_that_may_lose_data_is_no_ready_one_unless_that_is_accepted() {
    for (option, value) in [("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")] {
        let options = [&*format!("--{option}"), value];
        let stage = Stage::new(&options, &[]).await;
        stage
            .until_it_says(&format!(
                "redis-settings: the Redis of events at {}",
                &stage.redis.url()[8..]
            ))
            .await;
        assert!(stage.one.get("/readyz").await.1.contains(option));
        stage.redis(&["CONFIG", "SET", "appendonly", "yes"]).await;

        let accepted = Stage::new(&options, &[("HORIZON_REDIS_MAY_LOSE_DATA", "true")]).await;
        let warns = async || accepted.one.log().contains("WARN") && accepted.one.log().contains(option);
        wait_until("it warns", warns).await;
        accepted.one.until_ready_says(200).await;
    }
}

#[tokio::test]
async fn where_config_is_forbidden_or_nothing_has_to_be_kept_it_only_warns() {
    let redis = RedisServer::start(&["--appendonly", "no"]).await.unwrap();
    let channel = redis.url().replace("redis:", "redis+pubsub:");
    for (pipe, rights) in [(channel, "+config"), (redis.url(), "-config")] {
        redis.cli(&["ACL", "SETUSER", "default", rights]).await.unwrap();
        let one = Accumulator::start(&[("HORIZON_BUS", &*pipe), ("HORIZON_STORE", "memory:")]).await;
        wait_until("it warns", async || {
            one.log().contains("WARN") && one.log().contains("appendonly")
        })
        .await;
        one.until_ready_says(200).await;
    }
}

#[tokio::test]
async fn the_node_of_a_cluster_is_refused_at_the_start_and_on_the_first_contact() {
    let mut redis = RedisServer::start(&["--cluster-enabled", "yes"]).await.unwrap();
    let url = redis.url();
    let settings = [("HORIZON_BUS", &*url), ("HORIZON_STORE", "memory:")];
    let ended = run(&settings).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("Redis Cluster") && said.contains(&url[8..]), "{said}");

    redis.kill().await.unwrap();
    let one = Accumulator::start(&settings).await;
    redis.start_again().await.unwrap();
    wait_until("it says why", async || {
        one.get("/readyz")
            .await
            .1
            .contains("redis-kind: the Redis of events at")
    })
    .await;
    assert!(one.log().contains("ERROR"), "{}", one.log());
}

#[tokio::test]
async fn a_key_of_another_type_in_the_streams_place_is_named_until_it_is_gone() {
    let stage = Stage::new(&[], &[]).await;
    stage.one.until_ready_says(200).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    stage.redis(&["SET", "analytics:events", "x"]).await;
    stage
        .until_it_says("bus: the stream analytics:events cannot be used")
        .await;
    stage.redis(&["DEL", "analytics:events"]).await;
    stage.one.until_ready_says(200).await;
}

#[tokio::test]
async fn while_a_batch_cannot_be_counted_it_is_not_ready() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let one = Accumulator::start(&[("HORIZON_BUS", &redis.url())]).await;
    one.until_ready_says(200).await;
    redis.cli(&["SET", "horizon:{blog:hello}:total", "x"]).await.unwrap();
    pipe(&redis).track(visit(1)).await.unwrap();
    wait_until("it says why", async || {
        let (status, body) = one.get("/readyz").await;
        status == 503 && body.contains("counting: a batch cannot be counted")
    })
    .await;
}
