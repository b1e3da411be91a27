//! A site with a store of the application.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use async_trait::async_trait;
use eventhorizon::{
    Caller, Comment, EventId, ExistingPage, Horizon, LiveOptions, ReportAccess, ResponseBody, Secret, Slug, Topic,
    Visibility, http::Request,
};
use futures::StreamExt;
use horizon_core::{
    CommentStore, Day, Error, Event, ReaderId, Result, SaltStore, StatsStore, StatsStoreExt, Thread, ThreadPage,
    Timestamp, Update,
};
use horizon_memory::{
    MemoryStore,
    testing::{Call, Clock, Fake},
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

async fn start<S: StatsStore + CommentStore + SaltStore + 'static>(store: S) -> (Horizon, ExistingPage, Caller) {
    let secret = Secret::new("a sentence of at least 32 characters").unwrap();
    let builder = Horizon::from_store(store).secret(secret);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    (horizon, bread, ada)
}

#[tokio::test]
async fn likes_and_the_reader_survive_a_restart_with_the_same_secret() {
    let store = Arc::new(MemoryStore::new());
    let (horizon, bread, ada) = start(Arc::clone(&store)).await;
    assert_eq!(horizon.ready().await, Ok("the store can be read"));
    let cookie = horizon.like(&bread, &ada).await.unwrap().set_cookie.unwrap();
    horizon.close().await.unwrap();

    let (horizon, bread, _) = start(store).await;
    let pair = cookie.split(';').next().unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("cookie", pair), ("user-agent", FIREFOX)]);
    assert!(horizon.is_liked_by(&bread, &ada).await.unwrap());
    assert_eq!(horizon.unlike(&bread, &ada).await.unwrap().view.likes, 0);
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn without_a_secret_the_log_says_what_is_lost_and_what_to_do() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(log.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let builder = Horizon::from_store(MemoryStore::new());
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    drop(guard);
    let text = std::fs::read_to_string(log.path()).unwrap();
    for part in [
        "WARN",
        "all readers lose their cookies",
        "set it with `Builder::secret`",
    ] {
        assert!(text.contains(part), "{text}");
    }
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn closing_counts_the_last_visits_and_leaves_the_store_open() {
    let store = Arc::new(MemoryStore::new());
    let (horizon, bread, _) = start(Arc::clone(&store)).await;
    for number in 1..=100 {
        let caller = horizon.caller([192, 0, 2, number].into(), [("user-agent", FIREFOX)]);
        horizon.visit(&bread, &caller);
    }
    horizon.close().await.unwrap();
    assert_eq!(store.total(&bread.into()).await.unwrap().stats.visits, 100);
}

#[tokio::test]
async fn a_live_stream_has_the_likes_and_the_viewers() {
    let (horizon, bread, ada) = start(MemoryStore::new()).await;
    let mut live = horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap();
    horizon.like(&bread, &ada).await.unwrap();
    let liked = async { while !String::from_utf8_lossy(&live.next().await.unwrap()).contains(r#""likes":1"#) {} };
    timeout(PATIENCE, liked).await.unwrap();
    assert_eq!(horizon.stats(&[bread.into()]).await.unwrap()[0].viewers, 1);
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_failed_batch_is_retried_and_is_a_problem_meanwhile() {
    let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    let (horizon, bread, ada) = start(fake.clone()).await;
    fake.fail_next(Call::Apply, Error::unavailable("the database restarts"));
    let (liked, not_ready) = tokio::join!(horizon.like(&bread, &ada), async {
        loop {
            match horizon.ready().await {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => return error,
            }
        }
    });
    assert_eq!(liked.unwrap().view.likes, 1);
    assert_eq!(not_ready.problems().len(), 1);
    assert!(not_ready.to_string().contains("the database restarts"), "{not_ready}");
    assert_eq!(fake.attempts(Call::Apply), 2);
    assert!(horizon.ready().await.is_ok());
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_store_that_cannot_be_read_fails_readiness() {
    let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    let (horizon, ..) = start(fake.clone()).await;
    fake.fail_next(Call::Get, Error::unavailable("the database restarts"));
    let problems = horizon.ready().await.unwrap_err();
    assert_eq!(problems.problems(), ["the store cannot be read: the database restarts"]);
    assert!(horizon.ready().await.is_ok());
}

#[tokio::test]
async fn a_panic_in_the_store_fails_readiness_and_each_like_at_once() {
    let (horizon, bread, ada) = start(PanickingStore).await;
    let problem = timeout(PATIENCE / 5, horizon.like(&bread, &ada))
        .await
        .expect("at once");
    assert_eq!(problem.unwrap_err().status(), 503);
    let sentence = timeout(PATIENCE, horizon.health().wait_for_panic()).await.unwrap();
    assert_eq!(
        sentence,
        "the background task `counting` panicked: a bug in apply; restart the process"
    );
    assert_eq!(
        horizon.ready().await.unwrap_err().problems(),
        [format!("tasks: {sentence}")]
    );
    assert!(horizon.close().await.unwrap_err().to_string().contains("panicked"));
}

#[tokio::test]
async fn a_store_without_reports_has_no_routes_of_reports() {
    let secret = Secret::new("a sentence of at least 32 characters").unwrap();
    let builder = Horizon::from_store(PanickingStore).secret(secret);
    let builder = builder.report_policy(|_: &Caller| ReportAccess::Full);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    let query = r#"{"metrics":["visitors"],"date_range":"7d"}"#;
    let requests = [
        Request::post("/api/v2/query")
            .header("content-type", "application/json")
            .body(query),
        Request::get("/reports/pages.csv").body(""),
        Request::get("/reports/timeseries.csv").body(""),
        #[cfg(feature = "dashboard")]
        Request::get("/dashboard").body(""),
    ];
    for request in requests.map(Result::unwrap) {
        let path = request.uri().clone();
        let response = horizon.handle([192, 0, 2, 1].into(), request.map(str::to_owned)).await;
        assert_eq!(response.status(), 404, "{path}");
        let ResponseBody::Bytes(problem) = response.into_body() else {
            panic!("{path} has no body")
        };
        let problem = String::from_utf8(problem.into()).unwrap();
        assert!(
            problem.contains("The store of this site keeps no reports."),
            "{path}: {problem}"
        );
    }
}

/// A store with a bug.
struct PanickingStore;

#[async_trait]
impl StatsStore for PanickingStore {
    async fn apply(&self, _: &[Event]) -> Result<Vec<Update>> {
        panic!("a bug in apply")
    }
    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        Ok(topics.iter().cloned().map(Update::empty).collect())
    }
    async fn is_liked_by(&self, _: &Topic, _: ReaderId) -> Result<bool> {
        Ok(false)
    }
    async fn expire(&self, _: Timestamp) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl CommentStore for PanickingStore {
    async fn threads(&self, _: &Slug, _: Option<EventId>, _: NonZeroUsize) -> Result<ThreadPage> {
        Ok(ThreadPage::default())
    }
    async fn thread(&self, _: &Slug, _: EventId, _: Option<EventId>, _: NonZeroUsize) -> Result<Option<Thread>> {
        Ok(None)
    }
    async fn newest_comments(&self, _: &Slug, _: NonZeroUsize) -> Result<Vec<Comment>> {
        Ok(Vec::new())
    }
    async fn recent_comments(
        &self,
        _: Option<Visibility>,
        _: Option<EventId>,
        _: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        Ok(Vec::new())
    }
    async fn comment(&self, _: EventId) -> Result<Option<Comment>> {
        Ok(None)
    }
    async fn reply_count(&self, _: EventId) -> Result<usize> {
        Ok(0)
    }
}

#[async_trait]
impl SaltStore for PanickingStore {
    async fn salt(&self, _: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        Ok(fresh)
    }
}
