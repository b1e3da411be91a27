//! Reads while the backends do not respond: cached stats and comments, or none.

use std::time::Duration;

use eventhorizon::{Caller, ExistingPage, Horizon, LiveOptions, NewComment, ResponseBody, Slug, http::Request};
use futures::{FutureExt, StreamExt, future::join_all};
use horizon_core::Timestamp;
use horizon_memory::testing::{Call, Clock, Fake};
use tokio::time::{Instant, sleep};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// Longer than any timeout.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// The longest time before a reader gets a response.
const LONGEST: Duration = Duration::from_secs(1);

struct CachedSite {
    clock: Clock,
    fake: Fake,
    horizon: Horizon,
    bread: ExistingPage,
    ada: Caller,
}

impl CachedSite {
    async fn open() -> Self {
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let now = clock.clone();
        let horizon = Horizon::from_ports(fake.ports()).clock(move || now.now());
        let horizon = horizon.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap();
        let bread = horizon.page("bread").await.unwrap();
        let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
        Self {
            clock,
            fake,
            horizon,
            bread,
            ada,
        }
    }

    async fn like(&self) {
        self.horizon.like(&self.bread, &self.ada).await.unwrap();
    }

    /// Returns the likes, and whether they are current.
    async fn likes(&self) -> Option<(u64, bool)> {
        let snapshots = self.horizon.stats_snapshots(&[self.bread.clone().into()]).await;
        snapshots[0]
            .as_ref()
            .map(|snapshot| (snapshot.stats.likes, snapshot.is_current))
    }

    async fn send(&self, request: Request<String>) -> (u16, bool, String) {
        let answer = self.horizon.handle([192, 0, 2, 1].into(), request).await;
        let (status, again) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let ResponseBody::Bytes(bytes) = answer.into_body() else {
            panic!("a stream")
        };
        (status, again, String::from_utf8(bytes.to_vec()).unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_store_is_read_once_and_the_last_known_stats_are_used() {
    let site = CachedSite::open().await;
    site.like().await;
    assert_eq!(site.likes().await, Some((1, true)));
    sleep(Duration::from_secs(10)).await; // Longer than the cache may lack a write.

    site.fake.delay(Call::Get, FOR_EVER);
    assert_eq!(site.likes().await, Some((1, false)));
    let reads = site.fake.attempts(Call::Get);
    let start = Instant::now();
    for known in join_all((0..100).map(|_| site.likes())).await {
        assert_eq!(known, Some((1, false)));
    }
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "no request waits for a read that timed out already"
    );
    assert_eq!(site.fake.attempts(Call::Get), reads, "and none starts another");

    site.fake.delay(Call::Get, Duration::ZERO);
    site.clock.advance(FOR_EVER);
    while site.likes().await != Some((1, true)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_numbers_after_an_outage_are_current() {
    let site = CachedSite::open().await;
    assert_eq!(site.likes().await, Some((0, true)));
    site.fake.disconnect();
    assert_eq!(site.likes().await, Some((0, false)));
    assert_eq!(
        site.horizon.stats(&[site.bread.clone().into()]).await.unwrap()[0].likes,
        0
    );
    site.fake.reconnect();
    site.like().await;
    assert_eq!(site.likes().await, Some((1, true)));
}

#[tokio::test(start_paused = true)]
async fn unknown_numbers_are_none_after_a_second() {
    let site = CachedSite::open().await;
    site.fake.delay(Call::Get, FOR_EVER);
    site.fake.delay(Call::Threads, FOR_EVER);
    let start = Instant::now();
    assert_eq!(site.likes().await, None);
    assert_eq!(site.horizon.threads_snapshot(&site.bread).await, None);
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    assert!(
        site.horizon
            .stats(&[site.bread.clone().into()])
            .await
            .unwrap_err()
            .is_retryable()
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_page_is_not_cached() {
    let site = CachedSite::open().await;
    let stranger: Slug = "stranger".parse().unwrap();
    let topics = [stranger.clone().into(), site.bread.clone().into()];
    let known = site.horizon.stats_snapshots(&topics).await;
    assert!(known.iter().all(Option::is_some), "{known:?}");
    assert!(site.horizon.threads_snapshot(&stranger).await.is_some());
    site.fake.disconnect();
    let known = site.horizon.stats_snapshots(&topics).await;
    assert!(known[0].is_none() && known[1].is_some(), "{known:?}");
    assert_eq!(site.horizon.threads_snapshot(&stranger).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_reader_sees_their_like_with_a_slow_store() {
    let site = CachedSite::open().await;
    assert_eq!(site.likes().await, Some((0, true)));
    site.like().await;
    let slow = Duration::from_millis(200);
    site.fake.delay(Call::Get, slow);
    let later = async {
        sleep(slow).await;
        site.clock.advance(slow);
    };
    let (known, ()) = tokio::join!(site.likes(), later);
    assert_eq!(known, Some((1, true)));
}

#[tokio::test(start_paused = true)]
async fn the_last_known_comments_show_while_the_store_hangs() {
    let site = CachedSite::open().await;
    let comment = NewComment::new("Ada", "Well said");
    site.horizon.comment(&site.bread, comment, &site.ada).await.unwrap();
    let known = site.horizon.threads_snapshot(&site.bread).await.unwrap();
    assert!(known.is_current);
    site.fake.delay(Call::Threads, FOR_EVER);
    let again = site.horizon.threads_snapshot(&site.bread).await.unwrap();
    assert!(!again.is_current);
    assert_eq!(again.view, known.view);
}

#[tokio::test(start_paused = true)]
async fn api_calls_get_no_stale_numbers_and_forms_get_a_readable_page() {
    let site = CachedSite::open().await;
    assert_eq!(site.likes().await, Some((0, true)));
    for call in [Call::Get, Call::Threads, Call::IsLikedBy, Call::Track, Call::Comment] {
        site.fake.delay(call, FOR_EVER);
    }
    for path in ["/stats/bread", "/stats", "/comments/bread", "/likes/bread"] {
        let start = Instant::now();
        let (status, again, text) = site.send(Request::get(path).body(String::new()).unwrap()).await;
        assert_eq!((status, again), (503, true), "{path}: {text}");
        assert!(start.elapsed() <= LONGEST, "{path} took {:?}", start.elapsed());
    }
    for (path, form) in [("/likes/bread", "liked=true"), ("/comments/bread", "body=Hello")] {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html,*/*;q=0.8")
            .header("user-agent", FIREFOX);
        let start = Instant::now();
        let (status, again, text) = site.send(request.body(form.into()).unwrap()).await;
        assert_eq!((status, again), (503, true), "{path}: {text}");
        assert!(text.starts_with("<!doctype html>"), "{path}: {text}");
        assert!(start.elapsed() <= LONGEST, "{path} took {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_sends_the_last_known_stats_at_once_and_then_the_new_ones() {
    let site = CachedSite::open().await;
    site.like().await;
    assert_eq!(site.likes().await, Some((1, true)));
    site.fake.disconnect();
    let start = Instant::now();
    let mut live = site
        .horizon
        .live(&site.ada, LiveOptions::page(&site.bread))
        .await
        .unwrap();
    assert!(live.next().now_or_never().flatten().unwrap().starts_with(b"retry: "));
    let first = String::from_utf8(live.next().await.unwrap().to_vec()).unwrap();
    assert!(
        first.starts_with("event: live\n") && first.contains("\"likes\":1"),
        "{first}"
    );
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    site.fake.reconnect();
    let ben = site.horizon.caller([192, 0, 2, 2].into(), [("user-agent", FIREFOX)]);
    site.horizon.like(&site.bread, &ben).await.unwrap();
    loop {
        let bytes = live.next().await.unwrap();
        if String::from_utf8_lossy(&bytes).contains("\"likes\":2") {
            return;
        }
    }
}
