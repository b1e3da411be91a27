//! The rights in `docs/redis-acl.md` are sufficient, and no right of a user is unused.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod restricted_redis;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use horizon_core::reports::{DayRange, Dimension, Metric, Query, Reports, SiteTimeZone};
use horizon_core::{
    CommentStore as _, Draft, Event, EventBus, EventConsumer, EventId, EventKind, EventName, Presence as _, Properties,
    ReaderId, SaltStore as _, Slug, Stamp, StatsStore as _, StatsStoreExt as _, Timestamp, Topic, Visibility, Visit,
    VisitCause, VisitorKey, process_batch,
};
use horizon_redis::{
    ConsumerConfig, NodeInfo, NodeRegistry, NodeRole, RedisBus, RedisConfig, RedisConsumer, RedisInspector,
    RedisPresence, RedisPubSubBus, RedisPubSubConsumer, RedisStore,
};
use tokio::time::{sleep, timeout};

use restricted_redis::{ACCUMULATOR, Calls, PATIENCE, RestrictedRedis, WEB, documented, until};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn event(topic: Topic, at: Timestamp, number: u8, kind: EventKind) -> Event {
    Event::new(Stamp::new(at, [number; 10]), topic, kind)
}

fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

/// Returns a visit with which a session begins.
fn open() -> EventKind {
    let mut visit = Visit::of(Some(VisitorKey::from_u128(1)));
    visit.cause = Some(VisitCause::Open);
    EventKind::Visit(visit)
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
    let mut without_time = event(page(), at, 14, EventKind::visit(None));
    without_time.id = EventId::from_u128(1);
    vec![
        event(Topic::Site, at, 10, EventKind::visit(None)),
        event(page(), at, 11, EventKind::visit(Some(VisitorKey::from_u128(1)))),
        event(Topic::Site, at, 15, open()),
        event(page(), at, 12, EventKind::Like { reader }),
        event(page(), at, 13, EventKind::Unlike { reader }),
        head.clone(),
        reply.clone(),
        pending.clone(),
        moderate(20, &pending, Visibility::Shown),
        moderate(21, &reply, Visibility::Removed),
        moderate(22, &reply, Visibility::Shown),
        moderate(23, &head, Visibility::Removed),
        moderate(24, &head, Visibility::Shown),
        event(
            page(),
            at,
            25,
            EventKind::Custom {
                name: EventName::new("download").unwrap(),
                properties: Properties::default(),
            },
        ),
        without_time,
    ]
}

/// Processes batches until the condition holds.
async fn count(what: &str, consumer: &mut dyn EventConsumer, store: &RedisStore, mut holds: impl AsyncFnMut() -> bool) {
    until(what, async || {
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
    read_reports(web).await;
}

/// Asks for numbers of pages and of a dimension.
async fn read_reports(store: &RedisStore) {
    store.set_time_zone(&SiteTimeZone::utc()).await.unwrap();
    let days = DayRange::new(NOW.day(), NOW.day());
    for dimension in [Dimension::Page, Dimension::Source] {
        let query = Query::new(days).metrics([Metric::Pageviews]).dimensions([dimension]);
        assert_eq!(Reports::query(store, &query).await.unwrap().total_rows, 1);
    }
    store.status().await.unwrap();
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

fn connect(config: &RedisConfig) -> Arc<RedisStore> {
    Arc::new(RedisStore::connect(config).unwrap())
}

async fn track(config: &RedisConfig, events: Vec<Event>) {
    let bus = RedisBus::connect(config, connect(config)).unwrap();
    for event in events {
        bus.track(event).await.unwrap();
    }
}

/// What a web node does with a stream as the bus before anything is counted.
async fn publish(web: &RedisConfig) {
    let store = connect(web);
    common(web, &store, NodeRole::Web { viewers: 1 }).await;
    store.secret([7; 32]).await.unwrap();
    store.login_key([7; 32]).await.unwrap();
    store.replace_login_key([8; 32]).await.unwrap();
    store.salt(NOW.day(), [1; 32]).await.unwrap();
    track(web, events(NOW)).await;
}

/// A consumer that stops without acknowledging what it has read.
async fn stop_without_acknowledging(accumulator: &RedisConfig) {
    let mut stopped = RedisConsumer::connect(accumulator, ConsumerConfig::new("stopped")).unwrap();
    let batch = timeout(PATIENCE, stopped.next_batch(NonZeroUsize::MAX)).await;
    drop(batch.unwrap().unwrap());
}

/// What an accumulator does with a stream as the bus: it claims the entries of the stopped consumer and forgets that
/// consumer, counts, rejects an entry that is not an event, and expires data.
async fn count_stream(redis: &RestrictedRedis, accumulator: &RedisConfig) {
    let store = connect(accumulator);
    let role = NodeRole::Accumulator {
        counted: 1,
        unread: 0,
        pending: 0,
        lost: 0,
    };
    common(accumulator, &store, role).await;
    let mut options = ConsumerConfig::new("one");
    (options.claim_after, options.forget_after) = (Duration::from_millis(100), Duration::from_secs(2));
    let mut consumer = RedisConsumer::connect(accumulator, options).unwrap();
    let comments = async || store.total(&page()).await.unwrap().stats.comments == 3;
    count("the comments are counted", &mut consumer, &store, comments).await;
    let visits = async || store.total(&Topic::Site).await.unwrap().stats.visits == 3;
    count("the visits are counted", &mut consumer, &store, visits).await;
    let is_rejected = async || redis.cli(&["XLEN", "analytics:refused"]).await == "1";
    count("nonsense is rejected", &mut consumer, &store, is_rejected).await;
    let is_forgotten = async || redis.command_counts().await.contains_key("xgroup|delconsumer");
    count("the stopped consumer is forgotten", &mut consumer, &store, is_forgotten).await;
    store.expire(NOW).await.unwrap();
    assert_eq!(store.verify().await.unwrap(), []);
    store.expire(NOW.plus(33 * DAY)).await.unwrap();
}

/// Visits, likes, comments, totals, salts, expiry, lost and invalid entries over a stream.
async fn stream_flow(redis: &RestrictedRedis, called: &mut Calls) {
    let (web, accumulator) = (redis.config(WEB, "?wait=1"), redis.config(ACCUMULATOR, "?wait=1"));
    // What the last version has stored.
    redis
        .cli(&["ZADD", "horizon:{blog:hello}:visitors", "1", "someone"])
        .await;
    redis.cli(&["SADD", "horizon:{blog:hello}:days", "1"]).await;
    redis.record(called, WEB, publish(&web)).await;
    redis
        .record(called, ACCUMULATOR, stop_without_acknowledging(&accumulator))
        .await;
    let visit = event(Topic::Site, NOW, 29, EventKind::visit(None));
    redis.record(called, WEB, track(&web, vec![visit])).await;
    redis.cli(&["XADD", "analytics:events", "*", "event", "nonsense"]).await;
    redis
        .record(called, ACCUMULATOR, count_stream(redis, &accumulator))
        .await;
    let read = async {
        let store = connect(&web);
        let bus = RedisBus::connect(&web, store.clone()).unwrap();
        let mut totals = bus.watch(page());
        until("the totals arrive", async || totals.next().await.unwrap().comments == 3).await;
        read_all(&store).await;
    };
    redis.record(called, WEB, read).await;
    damage_flow(redis, &web, &accumulator).await;
}

/// A group that is destroyed and a stream that is deleted while a consumer reads it.
async fn damage_flow(redis: &RestrictedRedis, web: &RedisConfig, accumulator: &RedisConfig) {
    let counted = connect(accumulator);
    let mut consumer = RedisConsumer::connect(accumulator, ConsumerConfig::new("two")).unwrap();
    let visit = |number| event(Topic::Site, NOW, number, EventKind::visit(None));
    let visits = async |number| counted.total(&Topic::Site).await.unwrap().stats.visits == number;
    redis
        .cli(&["XGROUP", "DESTROY", "analytics:events", "accumulators"])
        .await;
    track(web, vec![visit(30)]).await;
    count("after the group was destroyed", &mut consumer, &counted, async || {
        visits(4).await
    })
    .await;
    redis.cli(&["DEL", "analytics:events"]).await;
    track(web, vec![visit(31)]).await;
    count("after the stream was deleted", &mut consumer, &counted, async || {
        visits(5).await
    })
    .await;
}

/// The same events over pub/sub, and viewers.
async fn channel_flow(redis: &RestrictedRedis, called: &mut Calls) {
    let (web, accumulator) = (redis.config(WEB, ""), redis.config(ACCUMULATOR, ""));
    let subscribe = async {
        let consumer = RedisPubSubConsumer::connect(&accumulator).unwrap();
        let is_subscribed = consumer.state();
        until("the channel is subscribed", async || is_subscribed().0).await;
        consumer
    };
    let mut consumer = redis.record(called, ACCUMULATOR, subscribe).await;
    let counted = connect(&accumulator);
    let bus = RedisPubSubBus::connect(&web, connect(&web)).unwrap();
    bus.track(event(Topic::Site, NOW, 40, EventKind::visit(None)))
        .await
        .unwrap();
    let visits = async || counted.total(&Topic::Site).await.unwrap().stats.visits == 6;
    count("the visit of the channel is counted", &mut consumer, &counted, visits).await;
    drop((consumer, counted, bus));
    redis.record(called, WEB, view(redis, &web)).await;
}

/// A viewer comes and leaves.
async fn view(redis: &RestrictedRedis, web: &RedisConfig) {
    let presence = RedisPresence::connect(web, "one".parse().unwrap()).unwrap();
    let guard = presence.track(page(), VisitorKey::from_u128(1)).await.unwrap();
    let mut viewers = presence.watch(page());
    until("there is a viewer", async || viewers.next().await == Some(1)).await;
    drop((guard, viewers));
    until("the channel is left", async || {
        redis.command_counts().await.contains_key("unsubscribe")
    })
    .await;
    presence.close().await;
}

#[tokio::test]
async fn the_documented_rights_are_sufficient_and_none_is_unused() {
    let redis = RestrictedRedis::start().await;
    let mut called = Calls::new();
    let all = async {
        stream_flow(&redis, &mut called).await;
        channel_flow(&redis, &mut called).await;
    };
    let is_denied = async {
        while redis.denied().await.is_empty() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = all => {}
        () = is_denied => {}
    }
    assert_eq!(redis.denied().await, BTreeSet::new(), "the rights are not sufficient");
    let unused = [WEB, ACCUMULATOR].map(|user| {
        let granted = documented(user).into_iter().filter_map(|word| word.strip_prefix('+'));
        let is_unused = |command: &&str| !called[user].contains(*command);
        (user, granted.filter(is_unused).collect::<Vec<_>>())
    });
    assert!(
        unused.iter().all(|(_, unused)| unused.is_empty()),
        "no program needs {unused:?}"
    );
}

#[tokio::test]
async fn a_missing_right_is_found_by_the_check() {
    let redis = RestrictedRedis::start().await;
    redis.cli(&["ACL", "SETUSER", "horizon-web", "-hgetall"]).await;
    let store = RedisStore::connect(&redis.config(WEB, "")).unwrap();
    store.totals(&[Topic::Site]).await.unwrap_err();
    assert!(redis.cli(&["ACL", "LOG"]).await.contains("hgetall"));
}
