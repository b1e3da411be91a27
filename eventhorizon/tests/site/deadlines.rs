//! How long pages and forms take while the ports hang, in virtual time.

use std::time::Duration;

use eventhorizon::{
    Caller, ExistingPage, Horizon, LiveOptions, NewComment, Paging, ResponseBody, Slug, Topic, http::Request,
};
use futures::StreamExt;
use horizon_core::{EventId, Timestamp};
use horizon_memory::testing::{Call, Clock, Fake};
use tokio::time::{Instant, sleep};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// Longer than any timeout.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// The longest time before a reader gets a response.
const LONGEST: Duration = Duration::from_secs(1);

/// The longest time for a page that is cached completely.
const CACHED: Duration = Duration::from_millis(100);

/// The calls that can hang, besides presence.
const CALLS: [Call; 5] = [Call::Get, Call::Threads, Call::Thread, Call::IsLikedBy, Call::Comment];

const HEAD: EventId = EventId::from_u128(0x019a_b4f0_c1d2_7a3c_8e5f_6071_8293_04a6);

struct DeadlineSite {
    fake: Fake,
    horizon: Horizon,
    bread: ExistingPage,
    /// A reader with a cookie.
    ada: Caller,
}

impl DeadlineSite {
    async fn open() -> Self {
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let horizon = Horizon::from_ports(fake.ports()).clock(move || clock.now());
        let horizon = horizon.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap();
        let bread = horizon.page("bread").await.unwrap();
        let stranger = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
        let liked = horizon.like(&bread, &stranger).await.unwrap();
        let cookie = liked.set_cookie.unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX), ("cookie", cookie)]);
        sleep(Duration::from_secs(10)).await; // Longer than the cache may lack a write.
        Self {
            fake,
            horizon,
            bread,
            ada,
        }
    }

    /// Makes calls hang: a bit for each of [`CALLS`], and the next one for presence.
    fn hang(&self, which: usize) {
        for (bit, call) in CALLS.into_iter().enumerate() {
            let delay = if which >> bit & 1 == 1 {
                FOR_EVER
            } else {
                Duration::ZERO
            };
            self.fake.delay(call, delay);
        }
        match which >> CALLS.len() & 1 {
            0 => self.fake.unmute_presence(),
            _ => self.fake.mute_presence(),
        }
    }

    /// Reads everything that a page may need, and returns how long that took.
    async fn page(&self, comments: Comments) -> Duration {
        let start = Instant::now();
        let reads = self.horizon.page_reads();
        reads.stats_snapshots(&[self.bread.clone().into(), Topic::Site]).await;
        match comments {
            Comments::Newest => drop(reads.threads_snapshot(&self.bread).await),
            Comments::Before => drop(reads.threads(&self.bread, Paging::default().cursor(HEAD)).await),
            Comments::Thread => drop(reads.thread(&self.bread, HEAD, Paging::default()).await),
        }
        reads.is_liked_by(&self.bread, &self.ada).await;
        drop(reads.comment(HEAD).await);
        start.elapsed()
    }

    async fn send(&self, path: &str, form: String) -> (u16, String) {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html,*/*;q=0.8")
            .header("user-agent", FIREFOX);
        let answer = self.horizon.handle([192, 0, 2, 9].into(), request.body(form).unwrap());
        let answer = answer.await;
        let status = answer.status().as_u16();
        let ResponseBody::Bytes(bytes) = answer.into_body() else {
            panic!("a stream")
        };
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }
}

#[derive(Clone, Copy, Debug)]
enum Comments {
    Newest,
    Before,
    Thread,
}

const COMMENTS: [Comments; 3] = [Comments::Newest, Comments::Before, Comments::Thread];

#[tokio::test(start_paused = true)]
async fn a_page_responds_within_a_second_if_a_backend_hangs() {
    for which in 0..1 << (CALLS.len() + 1) {
        for comments in COMMENTS {
            let site = DeadlineSite::open().await;
            site.hang(which);
            let first = site.page(comments).await;
            assert!(first < LONGEST, "{comments:?} took {first:?} where {which:b} hang");
            let second = site.page(comments).await;
            assert!(second < LONGEST, "{comments:?} took {second:?} where {which:b} hang");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cached_page_responds_soon_if_a_backend_hangs() {
    for which in 0..1 << (CALLS.len() + 1) {
        let site = DeadlineSite::open().await;
        site.page(Comments::Newest).await;
        site.hang(which);
        for _ in 0..3 {
            let took = site.page(Comments::Newest).await;
            assert!(took <= CACHED, "it took {took:?} where {which:b} hang");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_sees_their_like_while_the_store_hangs() {
    let site = DeadlineSite::open().await;
    site.fake.delay(Call::IsLikedBy, FOR_EVER);
    let start = Instant::now();
    let reads = site.horizon.page_reads();
    assert_eq!(reads.is_liked_by(&site.bread, &site.ada).await, Some(true));
    assert!(!reads.is_current());
    assert!(start.elapsed() <= Duration::from_millis(50), "{:?}", start.elapsed());
    let start = Instant::now();
    let reads = site.horizon.page_reads();
    assert!(!reads.is_store_available());
    assert_eq!(reads.is_liked_by(&site.bread, &site.ada).await, Some(true));
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "no request waits for a read that timed out already"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_with_viewers_responds_within_a_second_if_a_backend_hangs() {
    for which in 0..1 << (CALLS.len() + 1) {
        for comments in COMMENTS {
            let site = DeadlineSite::open().await;
            let mut live = site
                .horizon
                .live(&site.ada, LiveOptions::page(&site.bread))
                .await
                .unwrap();
            live.next().await;
            live.next().await;
            site.hang(which);
            for _ in 0..3 {
                let took = site.page(comments).await;
                assert!(took < LONGEST, "{comments:?} took {took:?} where {which:b} hang");
            }
        }
    }
}

/// Returns the value of a hidden field.
fn value<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_form_gets_its_input_back_within_a_second_and_a_retry_counts_once() {
    for hanging in [&[Call::Track][..], &CALLS, &[Call::Comment, Call::Track]] {
        let site = DeadlineSite::open().await;
        for &call in hanging {
            site.fake.delay(call, FOR_EVER);
        }
        for (path, form, text) in [
            ("/likes/bread", "liked=true&back=/blog/bread", "your like"),
            (
                "/comments/bread",
                "body=One+%3Ctwo%3E&author=Ben&back=/blog/bread",
                "One &lt;two&gt;</textarea>",
            ),
        ] {
            let start = Instant::now();
            let (status, page) = site.send(path, form.into()).await;
            assert!(start.elapsed() <= LONGEST, "{path} took {:?}", start.elapsed());
            if status == 303 {
                continue; // Only what follows the recording hangs.
            }
            assert_eq!(status, 503, "{page}");
            assert!(page.contains(text) && page.contains("href=\"/blog/bread\""), "{page}");
            assert_eq!(value(&page, "id").len(), 32, "{page}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_whose_response_was_lost_counts_once_after_a_retry() {
    let site = DeadlineSite::open().await;
    for (path, form) in [
        ("/likes/bread", "liked=true"),
        ("/comments/bread", "body=Hello&author=Ben"),
    ] {
        site.fake
            .lose_next_reply(Call::Track, horizon_core::Error::unavailable("the answer was lost"));
        let (status, page) = site.send(path, form.into()).await;
        assert_eq!(status, 503, "{page}");
        let again = format!("{form}&id={}", value(&page, "id"));
        let (status, page) = site.send(path, again).await;
        assert_eq!(status, 303, "{page}");
    }
    let numbers = &site.horizon.stats(&[site.bread.clone().into()]).await.unwrap()[0];
    assert_eq!((numbers.likes, numbers.comments), (2, 1), "one of them is Ada's");
}

#[tokio::test(start_paused = true)]
async fn moderation_responds_within_a_second_if_a_backend_hangs() {
    let site = DeadlineSite::open().await;
    let new = NewComment::new("Ben", "Hello");
    let id = site.horizon.comment(&site.bread, new, &site.ada).await.unwrap().view.id;
    for hanging in [&[Call::Track][..], &[Call::Comment], &[Call::Comment, Call::Track]] {
        for call in [Call::Track, Call::Comment] {
            let delay = if hanging.contains(&call) {
                FOR_EVER
            } else {
                Duration::ZERO
            };
            site.fake.delay(call, delay);
        }
        let start = Instant::now();
        let verdict = site.horizon.moderate(id, eventhorizon::Visibility::Removed).await;
        assert!(verdict.is_err_and(|error| error.is_retryable()));
        assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn api_calls_respond_within_three_seconds_if_a_backend_hangs() {
    let site = DeadlineSite::open().await;
    for call in CALLS.into_iter().chain([Call::Track, Call::ReplyCount]) {
        site.fake.delay(call, FOR_EVER);
    }
    for request in [
        Request::put("/likes/bread").body(String::new()).unwrap(),
        Request::post("/comments/bread")
            .header("content-type", "application/json")
            .body("{\"body\":\"Hello\"}".into())
            .unwrap(),
    ] {
        let start = Instant::now();
        let answer = site.horizon.handle([192, 0, 2, 9].into(), request).await;
        assert_eq!(answer.status(), 503);
        assert!(start.elapsed() <= Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
