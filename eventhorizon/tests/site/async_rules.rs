//! Rules that ask a database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use eventhorizon::{
    Caller, Decision, EventPolicy, Horizon, Identify, Identity, LiveOptions, NewComment, Pages, Problem, ProblemKind,
    ProposedEvent, Rate, RuleError, Slug, Topic, async_trait, http::Request,
};
use horizon_memory::testing::Fake;
use tokio::time::{Instant, advance, sleep};

use super::rules::{FIREFOX, User, stage};

/// How the database responds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum DatabaseHealth {
    #[default]
    Fast,
    /// It needs a second.
    Slow,
    Broken,
    Hanging,
}

/// A database of pages, users and bans, which counts its questions.
#[derive(Clone, Default)]
struct RulesDatabase(Arc<DatabaseState>);

#[derive(Default)]
struct DatabaseState {
    health: parking_lot::Mutex<DatabaseHealth>,
    pages: AtomicUsize,
    users: AtomicUsize,
    decisions: AtomicUsize,
}

#[derive(Debug)]
struct NoConnection;

impl std::fmt::Display for NoConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no connection")
    }
}

impl std::error::Error for NoConnection {}

impl RulesDatabase {
    fn set(&self, health: DatabaseHealth) {
        *self.0.health.lock() = health;
    }

    async fn ask(&self, questions: &AtomicUsize) -> Result<(), NoConnection> {
        questions.fetch_add(1, Ordering::SeqCst);
        let health = *self.0.health.lock();
        match health {
            DatabaseHealth::Fast => {}
            DatabaseHealth::Slow => sleep(Duration::from_secs(1)).await,
            DatabaseHealth::Broken => return Err(NoConnection),
            DatabaseHealth::Hanging => std::future::pending().await,
        }
        Ok(())
    }

    fn questions(&self) -> [usize; 3] {
        [&self.0.pages, &self.0.users, &self.0.decisions].map(|questions| questions.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Pages for RulesDatabase {
    async fn exists(&self, slug: &Slug) -> Result<bool, RuleError> {
        self.ask(&self.0.pages).await?;
        Ok(matches!(slug.as_str(), "bread" | "soup"))
    }
}

#[async_trait]
impl Identify for RulesDatabase {
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError> {
        self.ask(&self.0.users).await?;
        let user = caller.extensions().get::<User>();
        Ok(user.map_or_else(Identity::unknown, |user| Identity::named(user.0)))
    }
}

#[async_trait]
impl EventPolicy for RulesDatabase {
    async fn decide(&self, _: &ProposedEvent<'_>) -> Result<Decision, RuleError> {
        self.ask(&self.0.decisions).await?;
        Ok(Decision::Accept)
    }
}

async fn open() -> (Fake, RulesDatabase, Horizon) {
    let (database, (fake, builder)) = (RulesDatabase::default(), stage());
    let builder = builder.identify(database.clone()).event_policy(database.clone());
    (fake, database.clone(), builder.start(database).await.unwrap())
}

fn ada(horizon: &Horizon) -> Caller {
    horizon
        .caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)])
        .with(User("ada"))
}

fn assert_unavailable(problem: &Problem) {
    assert_eq!(
        (problem.kind(), problem.retry_after()),
        (ProblemKind::Unavailable, Some(2))
    );
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_once_in_a_minute_and_unknown_ones_once_in_ten_seconds() {
    let (_fake, database, horizon) = open().await;
    for questions in 1..=3 {
        for _ in 0..100 {
            assert_eq!(horizon.page("stew").await.unwrap_err().kind(), ProblemKind::UnknownPage);
        }
        assert_eq!(database.questions()[0], questions);
        advance(Duration::from_secs(10)).await;
    }
    for questions in 4..=6 {
        for _ in 0..100 {
            assert!(horizon.page("bread").await.is_ok());
        }
        assert_eq!(database.questions()[0], questions);
        advance(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_identified_once_for_each_request() {
    let (_fake, database, horizon) = open().await;
    let bread = horizon.page("bread").await.unwrap();
    let (mut identified, mut decided) = (0, 0);
    let mut assert_identified_once = |what: &str, decisions| {
        identified += 1;
        decided += decisions;
        assert_eq!(database.questions()[1..], [identified, decided], "{what}");
    };
    horizon.like(&bread, &ada(&horizon)).await.unwrap();
    assert_identified_once("like, which is also a visit", 2);
    horizon.unlike(&bread, &ada(&horizon)).await.unwrap();
    assert_identified_once("unlike", 1);
    let comment = NewComment::new("Ada", "Good");
    horizon.comment(&bread, comment, &ada(&horizon)).await.unwrap();
    assert_identified_once("comment, which is also a visit", 2);
    let live = horizon.live(&ada(&horizon), LiveOptions::page(&bread)).await;
    assert_identified_once("live", 1);
    drop(live.unwrap());
    horizon.visit(&bread, &ada(&horizon));
    assert_identified_once("visit", 1);
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_caller_share_its_identity_until_the_application_adds_something() {
    let (_fake, database, horizon) = open().await;
    let bread = horizon.page("bread").await.unwrap();
    let (first, second) = (ada(&horizon), ada(&horizon));
    let clone = first.clone();
    horizon.like(&bread, &first).await.unwrap();
    assert!(horizon.is_liked_by(&bread, &clone).await.unwrap());
    assert_eq!(horizon.page_reads().is_liked_by(&bread, &clone).await, Some(true));
    assert_eq!(database.questions()[1], 1);
    let ben = clone.with(User("ben"));
    assert!(!horizon.is_liked_by(&bread, &ben).await.unwrap());
    assert!(horizon.is_liked_by(&bread, &second).await.unwrap());
    assert_eq!(database.questions()[1], 3);
}

#[tokio::test(start_paused = true)]
async fn a_broken_database_is_a_503_and_its_error_is_not_cached() {
    let (fake, database, horizon) = open().await;
    let bread = horizon.page("bread").await.unwrap();
    database.set(DatabaseHealth::Broken);
    let unread = Request::get("/stats/soup").body(String::new()).unwrap();
    let response = horizon.handle([192, 0, 2, 1].into(), unread).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"2".parse().unwrap())
    );
    let caller = ada(&horizon);
    assert_unavailable(&horizon.page("soup").await.unwrap_err());
    assert_unavailable(&horizon.like(&bread, &caller).await.unwrap_err());
    let comment = horizon.comment(&bread, NewComment::new("Ada", "Good"), &caller).await;
    assert_unavailable(&comment.unwrap_err());
    assert_unavailable(&horizon.live(&caller, LiveOptions::page(&bread)).await.unwrap_err());
    let error = horizon.reader(&caller).await.unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "the application's rule `Identify` failed; because: no connection"
    );
    assert_eq!(horizon.page_reads().is_liked_by(&bread, &caller).await, None);
    horizon.visit(&bread, &caller);
    assert!(
        horizon
            .metrics()
            .contains("horizon_dropped_visits_total{reason=\"rule\"} 1")
    );
    assert!(fake.tracked().is_empty());

    database.set(DatabaseHealth::Fast);
    assert!(horizon.page("soup").await.is_ok());
    assert_eq!(horizon.like(&bread, &caller).await.unwrap().view.likes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_database_is_a_503_in_time() {
    let (_fake, database, horizon) = open().await;
    let bread = horizon.page("bread").await.unwrap();
    database.set(DatabaseHealth::Hanging);
    let caller = ada(&horizon);
    let start = Instant::now();
    assert_unavailable(&horizon.page("soup").await.unwrap_err());
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_unavailable(&horizon.like(&bread, &caller).await.unwrap_err());
    assert_eq!(start.elapsed().as_secs(), 6);
    let start = Instant::now();
    assert!(horizon.is_liked_by(&bread, &caller).await.is_err());
    assert_eq!(horizon.page_reads().is_liked_by(&bread, &caller).await, None);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn all_rules_of_a_request_share_three_seconds_and_those_of_a_plain_form_less() {
    let (fake, database, horizon) = open().await;
    database.set(DatabaseHealth::Slow);
    let live = Request::get("/live/bread?page=soup").header("user-agent", FIREFOX);
    let form = Request::post("/likes/stew")
        .header("accept", "text/html")
        .header("content-type", "application/x-www-form-urlencoded");
    let requests = [(live, "", 3_000), (form, "liked=true", 900)];
    for (request, body, millis) in requests {
        let (request, start) = (request.body(body.to_owned()).unwrap(), Instant::now());
        let response = horizon.handle([192, 0, 2, 1].into(), request).await;
        assert_eq!((response.status().as_u16(), start.elapsed().as_millis()), (503, millis));
    }
    horizon.visit(&Slug::new("soup").unwrap(), &ada(&horizon));
    sleep(Duration::from_secs(5)).await;
    horizon.close().await.unwrap();
    assert!(!fake.tracked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_question_about_a_page_is_asked_once_by_all_pages_that_render() {
    let (_fake, database, horizon) = open().await;
    database.set(DatabaseHealth::Slow);
    let soup = Topic::from(Slug::new("soup").unwrap());
    for _ in 0..5 {
        let start = Instant::now();
        assert!(horizon.stats_snapshots(std::slice::from_ref(&soup)).await[0].is_some());
        assert_eq!(start.elapsed().as_millis(), 50);
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(1)).await;
    database.set(DatabaseHealth::Hanging);
    assert!(horizon.page("soup").await.is_ok());
    assert_eq!(database.questions()[0], 1);
}

#[tokio::test(start_paused = true)]
async fn the_questions_that_continue_after_a_page_rendered_are_bounded() {
    let (_fake, database, horizon) = open().await;
    database.set(DatabaseHealth::Hanging);
    let topics: Vec<Topic> = (0..100)
        .map(|number| Slug::new(&format!("page-{number}")).unwrap().into())
        .collect();
    for questions in [100, 184] {
        horizon.stats_snapshots(&topics).await;
        assert_eq!(database.questions()[0], questions, "16 of them continue");
    }
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_live_stream_over_the_rate_asks_for_no_page() {
    let (_fake, builder) = stage();
    let database = RulesDatabase::default();
    let builder = builder.configure(|config| config.rates.live_streams = Rate::new(1, 3));
    let horizon = builder.start(database.clone()).await.unwrap();
    let send = async |method: &str, number: usize| {
        let uri = format!("/live?page=a{number}&page=b{number}");
        let request = Request::builder().method(method).uri(uri);
        let response = horizon.handle([192, 0, 2, 1].into(), request.body(String::new()).unwrap());
        response.await.status().as_u16()
    };
    for (number, method) in ["GET", "HEAD", "GET"].into_iter().enumerate() {
        assert_eq!(
            send(method, number).await,
            200,
            "a request counts once: {method} {number}"
        );
    }
    let questions = database.questions()[0];
    assert_eq!(questions, 6);
    for (number, method) in ["GET", "HEAD"].into_iter().enumerate() {
        assert_eq!(send(method, number + 10).await, 429, "{method}");
    }
    assert_eq!(database.questions()[0], questions);
}

#[tokio::test(start_paused = true)]
async fn a_visit_does_not_wait_for_a_slow_database() {
    let (fake, database, horizon) = open().await;
    let topic: Topic = horizon.page("bread").await.unwrap().into();
    database.set(DatabaseHealth::Slow);
    let start = Instant::now();
    for slug in ["bread", "stew"] {
        horizon.visit(&Slug::new(slug).unwrap(), &ada(&horizon));
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(fake.tracked().is_empty());
    sleep(Duration::from_secs(5)).await;
    horizon.close().await.unwrap();
    let topics: Vec<_> = fake.tracked().iter().map(|event| event.topic.clone()).collect();
    assert_eq!(topics, [topic, Topic::Site]);
}
