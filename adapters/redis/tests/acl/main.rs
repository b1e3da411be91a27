//! The rights in `docs/redis-acl.md` are sufficient, and no right is unused.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use horizon_core::{
    CommentStore as _, Draft, Event, EventBus, EventConsumer, EventId, EventKind, Presence as _, ReaderId,
    SaltStore as _, Slug, Stamp, StatsStore as _, StatsStoreExt as _, Timestamp, Topic, Visibility, VisitorKey,
    process_batch,
};
use horizon_redis::testing::RedisServer;
use horizon_redis::{
    ConsumerConfig, NodeInfo, NodeRegistry, NodeRole, RedisBus, RedisConfig, RedisConsumer, RedisInspector,
    RedisPresence, RedisPubSubBus, RedisPubSubConsumer, RedisStore,
};
use tokio::time::{sleep, timeout};

const DOCUMENT: &str = include_str!("../../../docs/redis-acl.md");

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the arguments of the documented command for this user.
fn documented(user: &str) -> Vec<&'static str> {
    let start = format!("ACL SETUSER {user} ");
    let (_, rest) = DOCUMENT.split_once(&start).expect("the user is documented");
    let (rights, _) = rest.split_once("```").expect("the block ends");
    rights.split_whitespace().collect()
}

/// A Redis with the documented users, and its replica.
struct RestrictedRedis {
    server: RedisServer,
    _replica: RedisServer,
}

impl RestrictedRedis {
    async fn start() -> Self {
        // A setting that is reported, so that the programs ask for the current one.
        let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"])
            .await
            .unwrap();
        let port = server.port().to_string();
        let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
        for user in ["horizon-web", "horizon-accumulator"] {
            let mut words = vec!["ACL", "SETUSER", user];
            words.extend(documented(user));
            server.cli(&words).await.unwrap();
        }
        Self {
            server,
            _replica: replica,
        }
    }

    fn config(&self, user: &str, query: &str) -> RedisConfig {
        let url = format!("redis://{user}:PASSWORD@127.0.0.1:{}/1{query}", self.server.port());
        RedisConfig::new(&url).unwrap()
    }

    async fn cli(&self, words: &[&str]) -> String {
        let mut all = vec!["-n", "1"];
        all.extend(words);
        self.server.cli(&all).await.unwrap().trim().to_owned()
    }
}

fn event(topic: Topic, at: Timestamp, number: u8, kind: EventKind) -> Event {
    Event::new(Stamp::new(at, [number; 10]), topic, kind)
}

fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

/// Returns events of all kinds.
fn events(at: Timestamp) -> Vec<Event> {
    let reader = ReaderId::from_u128(7);
    let comment = |number, parent| {
        let draft = Draft::new("Ada", "Hello", parent).unwrap();
        let kind = EventKind::Comment {
            reader,
            draft,
            pending: number == 3,
        };
        event(page(), at, number, kind)
    };
    let head = comment(1, None);
    let (reply, pending) = (comment(2, Some(head.id)), comment(3, None));
    let moderate = |number, comment: &Event, verdict| {
        let comment = comment.id;
        event(page(), at, number, EventKind::Moderate { comment, verdict })
    };
    // An id without a time, as in the contract.
    let mut without_time = event(page(), at, 14, EventKind::Visit { visitor: None });
    without_time.id = EventId::from_u128(1);
    vec![
        event(Topic::Site, at, 10, EventKind::Visit { visitor: None }),
        event(
            page(),
            at,
            11,
            EventKind::Visit {
                visitor: Some(VisitorKey::from_u128(1)),
            },
        ),
        event(page(), at, 12, EventKind::Like { reader }),
        event(page(), at, 13, EventKind::Unlike { reader }),
        head,
        reply.clone(),
        pending.clone(),
        moderate(20, &pending, Visibility::Shown),
        moderate(21, &reply, Visibility::Removed),
        moderate(22, &reply, Visibility::Shown),
        without_time,
    ]
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}

/// Processes batches until the condition holds.
async fn count(consumer: &mut dyn EventConsumer, store: &RedisStore, mut holds: impl AsyncFnMut() -> bool) {
    until("it is counted", async || {
        let batch = process_batch(consumer, store, &|| NOW, NonZeroUsize::MAX);
        let _ = timeout(Duration::from_millis(100), batch).await;
        holds().await
    })
    .await;
}

/// Reads everything that a web node reads.
async fn read_all(web: &RedisStore) {
    let (slug, limit) = (Slug::new("hello").unwrap(), NonZeroUsize::new(10).unwrap());
    let threads = web.threads(&slug, None, limit).await.unwrap().threads;
    let head = threads.first().unwrap().head.id;
    web.threads(&slug, Some(head), limit).await.unwrap();
    web.thread(&slug, head, None, limit).await.unwrap().unwrap();
    web.thread(&slug, head, Some(head), limit).await.unwrap();
    web.newest_comments(&slug, limit).await.unwrap();
    for only in [None, Some(Visibility::Shown)] {
        web.recent_comments(only, None, limit).await.unwrap();
        web.recent_comments(only, Some(head), limit).await.unwrap();
    }
    web.comment(head).await.unwrap().unwrap();
    web.reply_count(head).await.unwrap();
    web.totals(&[Topic::Site, page()]).await.unwrap();
    web.is_liked_by(&page(), ReaderId::from_u128(7)).await.unwrap();
}

/// What both programs do once or all the time.
async fn common(config: &RedisConfig, store: &RedisStore, role: NodeRole) {
    config.check_login().await.unwrap();
    RedisInspector::connect(config).unwrap().inspect().await.unwrap();
    let registry = NodeRegistry::connect(config).unwrap();
    let info = NodeInfo::new("node", NOW, role);
    registry.heartbeat(&info).await.unwrap();
    registry.nodes().await.unwrap();
    registry.deregister("node").await.unwrap();
    // The replica may still be connecting.
    until("the replica confirms a write", async || {
        registry.check_replicas().await.is_ok()
    })
    .await;
    store.check_writable().await.unwrap();
    store.identity().await.unwrap();
}

/// Visits, likes, comments, presence, totals, salts, expiry, lost and invalid entries over a stream.
async fn stream_flow(redis: &RestrictedRedis) {
    let (web, accumulator) = (
        redis.config("horizon-web", "?wait=1"),
        redis.config("horizon-accumulator", "?wait=1"),
    );
    let connect = |config| Arc::new(RedisStore::connect(config).unwrap());
    let (read, counted) = (connect(&web), connect(&accumulator));
    common(&web, &read, NodeRole::Web { viewers: 1 }).await;
    common(&accumulator, &counted, NodeRole::Web { viewers: 1 }).await;
    read.secret([7; 32]).await.unwrap();
    read.login_key([7; 32]).await.unwrap();
    read.replace_login_key([8; 32]).await.unwrap();
    read.salt(NOW.day(), [1; 32]).await.unwrap();

    let bus = RedisBus::connect(&web, read.clone()).unwrap();
    let mut options = ConsumerConfig::new("one");
    options.claim_after = Duration::from_millis(100);
    let mut consumer = RedisConsumer::connect(&accumulator, options.clone()).unwrap();
    let mut totals = bus.watch(page());
    for event in events(NOW) {
        bus.track(event).await.unwrap();
    }
    // A consumer that stops without acknowledging, whose entries the other one claims.
    let mut stopped = RedisConsumer::connect(&accumulator, ConsumerConfig::new("stopped")).unwrap();
    drop(
        timeout(PATIENCE, stopped.next_batch(NonZeroUsize::MAX))
            .await
            .unwrap()
            .unwrap(),
    );
    drop(stopped);
    let comments = async || counted.total(&page()).await.unwrap().stats.comments == 3;
    count(&mut consumer, &counted, comments).await;
    until("the totals arrive", async || totals.next().await.unwrap().comments == 3).await;
    read_all(&read).await;

    damage_flow(redis, &bus, &mut consumer, &counted).await;
    counted.expire(NOW).await.unwrap();
    counted.expire(NOW.plus(33 * DAY)).await.unwrap();
}

/// An entry that is not an event, a group that is destroyed, a stream that is deleted, and an idle consumer.
async fn damage_flow(redis: &RestrictedRedis, bus: &RedisBus, consumer: &mut RedisConsumer, counted: &RedisStore) {
    redis.cli(&["XADD", "analytics:events", "*", "event", "nonsense"]).await;
    count(consumer, counted, async || {
        redis.cli(&["XLEN", "analytics:refused"]).await == "1"
    })
    .await;
    redis
        .cli(&["XGROUP", "DESTROY", "analytics:events", "accumulators"])
        .await;
    bus.track(event(Topic::Site, NOW, 30, EventKind::Visit { visitor: None }))
        .await
        .unwrap();
    let visits = async |number| counted.total(&Topic::Site).await.unwrap().stats.visits == number;
    count(consumer, counted, async || visits(2).await).await;
    redis.cli(&["DEL", "analytics:events"]).await;
    bus.track(event(Topic::Site, NOW, 31, EventKind::Visit { visitor: None }))
        .await
        .unwrap();
    count(consumer, counted, async || visits(3).await).await;

    // The check of the stream does this to consumers that are idle for long.
    let login = [
        "--no-auth-warning",
        "--user",
        "horizon-accumulator",
        "--pass",
        "PASSWORD",
    ];
    let removal = ["XGROUP", "DELCONSUMER", "analytics:events", "accumulators", "stopped"];
    redis.cli(&[&login[..], &removal[..]].concat()).await;
}

/// The same events over pub/sub, and viewers.
async fn channel_flow(redis: &RestrictedRedis) {
    let (web, accumulator) = (redis.config("horizon-web", ""), redis.config("horizon-accumulator", ""));
    let connect = |config| Arc::new(RedisStore::connect(config).unwrap());
    let (read, counted) = (connect(&web), connect(&accumulator));
    let bus = RedisPubSubBus::connect(&web, read).unwrap();
    let mut consumer = RedisPubSubConsumer::connect(&accumulator).unwrap();
    let is_subscribed = consumer.state();
    until("the channel is subscribed", async || is_subscribed().0).await;
    bus.track(event(Topic::Site, NOW, 40, EventKind::Visit { visitor: None }))
        .await
        .unwrap();
    count(&mut consumer, &counted, async || {
        counted.total(&Topic::Site).await.unwrap().stats.visits == 4
    })
    .await;

    let presence = RedisPresence::connect(&web, "one".parse().unwrap()).unwrap();
    let guard = presence.track(page(), VisitorKey::from_u128(1)).await.unwrap();
    let mut viewers = presence.watch(page());
    until("there is a viewer", async || viewers.next().await == Some(1)).await;
    drop((guard, viewers));
    until("the channel is left", async || {
        called(redis).await.contains("unsubscribe")
    })
    .await;
    presence.close().await;
}

/// Returns the commands with rights of their own that were called, in lower case.
async fn called(redis: &RestrictedRedis) -> BTreeSet<String> {
    let stats = redis.cli(&["INFO", "commandstats"]).await;
    let names = stats
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next());
    names.map(str::to_owned).collect()
}

/// Returns the denied commands and their users.
async fn denied(redis: &RestrictedRedis) -> BTreeSet<String> {
    let log = redis.cli(&["ACL", "LOG"]).await;
    let words: Vec<&str> = log.lines().collect();
    let value = |key: &str| words.iter().skip_while(move |word| **word != key).nth(1).copied();
    match (value("object"), value("username")) {
        (Some(object), Some(user)) => BTreeSet::from([format!("{object} of {user}")]),
        _ => BTreeSet::new(),
    }
}

#[tokio::test]
async fn the_documented_rights_are_sufficient_and_none_is_unused() {
    let redis = RestrictedRedis::start().await;
    let all = async {
        stream_flow(&redis).await;
        channel_flow(&redis).await;
    };
    let is_denied = async {
        while denied(&redis).await.is_empty() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = all => {}
        () = is_denied => {}
    }
    assert_eq!(denied(&redis).await, BTreeSet::new(), "the rights are not sufficient");
    let called = called(&redis).await;
    for user in ["horizon-web", "horizon-accumulator"] {
        let granted = documented(user).into_iter().filter_map(|word| word.strip_prefix('+'));
        let unused: Vec<_> = granted.filter(|command| !called.contains(*command)).collect();
        assert!(unused.is_empty(), "no program needs {unused:?} of {user}");
    }
}

#[tokio::test]
async fn a_missing_right_is_found_by_the_check() {
    let redis = RestrictedRedis::start().await;
    redis.cli(&["ACL", "SETUSER", "horizon-web", "-hmget"]).await;
    let store = RedisStore::connect(&redis.config("horizon-web", "")).unwrap();
    store.totals(&[Topic::Site]).await.unwrap_err();
    assert!(redis.cli(&["ACL", "LOG"]).await.contains("hmget"));
}
