//! Background tasks that panic: the site is not ready and responds with errors instead of hanging.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eventhorizon::{Caller, ExistingPage, Horizon, LiveOptions, Ports, ProblemKind, Slug, Topic};
use futures::{StreamExt, stream::BoxStream};
use horizon_backend::now;
use horizon_core::{Day, Error, Event, EventBus, Presence, PresenceGuard, Result, SaltStore, Stats, VisitorKey};
use horizon_memory::{MemoryBus, MemoryPresence, MemoryStore};
use tokio::{task::try_id, time::timeout};

const PATIENCE: Duration = Duration::from_secs(10);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// An adapter with a bug.
struct Broken;

#[async_trait]
impl EventBus for Broken {
    async fn track(&self, _: Event) -> Result<()> {
        panic!("a bug in track")
    }

    fn watch(&self, _: Topic) -> BoxStream<'static, Stats> {
        futures::stream::pending().boxed()
    }
}

#[async_trait]
impl Presence for Broken {
    async fn track(&self, _: Topic, _: VisitorKey) -> Result<PresenceGuard> {
        Ok(PresenceGuard::new(()))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        // The site is also watched by a task of its own.
        assert!(topic == Topic::Site, "a bug in watch");
        futures::stream::pending().boxed()
    }
}

#[async_trait]
impl SaltStore for Broken {
    async fn salt(&self, _: Day, _: [u8; 32]) -> Result<[u8; 32]> {
        // The start reads the salt before, and is not a background task.
        assert!(try_id().is_none(), "a bug in salt");
        Err(Error::unavailable("not yet"))
    }
}

fn good_ports() -> Ports {
    let store = Arc::new(MemoryStore::new());
    let (bus, _) = MemoryBus::new(Arc::clone(&store) as _);
    Ports::with_store(Arc::new(MemoryPresence::default()), Arc::new(bus), store)
}

async fn over(ports: Ports) -> (Horizon, ExistingPage, Caller) {
    let horizon = Horizon::from_ports(ports).start(|_: &Slug| true).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    (horizon, bread, ada)
}

async fn until_it_is_not_ready(horizon: &Horizon, task: &str, message: &str) {
    assert!(horizon.ready().await.is_ok() || horizon.health().first_panic().is_some());
    let sentence = timeout(PATIENCE, horizon.health().wait_for_panic()).await.unwrap();
    let expected = format!("the background task `{task}` panicked: {message}; restart the process");
    assert_eq!(sentence, expected);
    let not_ready = horizon.ready().await.unwrap_err();
    assert_eq!(not_ready.problems(), [format!("tasks: {expected}")]);
}

#[tokio::test]
async fn a_panic_of_the_delivery_of_visits_fails_readiness() {
    let (horizon, bread, ada) = {
        let mut ports = good_ports();
        ports.bus = Arc::new(Broken);
        over(ports).await
    };
    horizon.visit(&bread, &ada);
    until_it_is_not_ready(&horizon, "visits", "a bug in track").await;
    timeout(PATIENCE, horizon.close()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_of_a_single_visit_fails_readiness() {
    let (horizon, bread, ada) = {
        let mut ports = good_ports();
        ports.salts = Arc::new(Broken);
        over(ports).await
    };
    horizon.visit(&bread, &ada);
    until_it_is_not_ready(&horizon, "visit", "a bug in salt").await;
}

#[tokio::test]
async fn a_panic_of_a_page_ends_its_streams_and_fails_readiness() {
    let (horizon, bread, ada) = {
        let mut ports = good_ports();
        ports.presence = Arc::new(Broken);
        over(ports).await
    };
    let live = horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap();
    timeout(PATIENCE, live.collect::<Vec<_>>())
        .await
        .expect("the stream ends");
    until_it_is_not_ready(&horizon, "live page", "a bug in watch").await;
}

#[tokio::test]
async fn a_panic_of_the_accumulator_fails_readiness_and_each_like_at_once() {
    let clock = || {
        // The accumulator is the first task that calls it, to expire old data.
        assert!(try_id().is_none(), "a bug in the clock");
        now()
    };
    let horizon = Horizon::in_memory().clock(clock).start(|_: &Slug| true).await.unwrap();
    until_it_is_not_ready(&horizon, "counting", "a bug in the clock").await;
    let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    let bread = horizon.page("bread").await.unwrap();
    let like = horizon.like(&bread, &ada);
    let problem = timeout(PATIENCE / 5, like).await.expect("at once").unwrap_err();
    assert_eq!(problem.kind(), ProblemKind::Unavailable);
    assert!(horizon.close().await.unwrap_err().to_string().contains("panicked"));
}
