//! A site to test: in-memory ports behind a real listener.

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::ensure;
use async_trait::async_trait;
use axum::Router;
use eventhorizon::{Author, Badge, Caller, Config, Horizon, Identity, Rate, Secret};
use futures::{FutureExt, future::BoxFuture, stream::BoxStream};
use horizon_axum::{Limits, serve};
use horizon_backend::now;
use horizon_core::{Error, Event, EventBus, Ports, Result, Slug, Stats, Topic, process_batch};
use horizon_memory::{MemoryBus, MemoryPresence, MemoryStore};
use horizon_test_support::wait_until;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::client::Client;

/// The time limit for a condition.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a viewer counts after leaving.
const GRACE: Duration = Duration::from_millis(50);

/// What a function that serves a site gets. The future completes on shutdown.
pub(crate) type Served = (TcpListener, Router, Limits, BoxFuture<'static, ()>, Horizon);

/// Names the caller as the header `x-user` says, and the author of their comments as `x-staff` says.
fn by_header(caller: &Caller) -> Identity {
    let header = |name| caller.headers().get(name).and_then(|value| value.to_str().ok());
    let identity = header("x-user").map_or_else(Identity::unknown, Identity::named);
    match header("x-staff") {
        Some(name) => identity.author(Author::new(name).unwrap().badge(Badge::new("Staff").unwrap())),
        None => identity,
    }
}

pub(crate) struct AxumSite {
    pub(crate) address: SocketAddr,
    pub(crate) horizon: Horizon,
    pub(crate) bus: Arc<SwitchableBus>,
    pub(crate) store: Arc<MemoryStore>,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) server: JoinHandle<std::io::Result<()>>,
}

impl AxumSite {
    pub(crate) async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Starts a site with another configuration.
    pub(crate) async fn with(set: impl FnOnce(&mut Config, &mut Limits)) -> Self {
        Self::with_secret(7, set).await
    }

    /// Starts a site with another secret and configuration.
    pub(crate) async fn with_secret(secret: u8, set: impl FnOnce(&mut Config, &mut Limits)) -> Self {
        let serve = |(listener, app, limits, stopped, horizon): Served| {
            async move { serve(listener, app, limits, stopped, &horizon).await }.boxed()
        };
        Self::new(secret, set, serve).await
    }

    /// Starts a site with another configuration and a function that serves it.
    pub(crate) async fn served(
        set: impl FnOnce(&mut Config, &mut Limits),
        serve: impl FnOnce(Served) -> BoxFuture<'static, std::io::Result<()>>,
    ) -> Self {
        Self::new(7, set, serve).await
    }

    async fn new(
        secret: u8,
        set: impl FnOnce(&mut Config, &mut Limits),
        serve: impl FnOnce(Served) -> BoxFuture<'static, std::io::Result<()>>,
    ) -> Self {
        let mut config = Config::default();
        let much = Rate::new(1_000_000, 1_000_000);
        let rates = &mut config.rates;
        (rates.comments, rates.likes, rates.events, rates.live_streams) = (much, much, much, much);
        let limits = &mut config.network_limits;
        (limits.comments, limits.likes, limits.likes_without_visit) = (1_000_000, 1_000_000, 1_000_000);
        let mut limits = Limits::default();
        set(&mut config, &mut limits);
        let store = Arc::new(MemoryStore::new());
        let bus = SwitchableBus::new(Arc::clone(&store));
        let ports = Ports::with_store(
            Arc::new(MemoryPresence::new(GRACE)),
            Arc::clone(&bus) as Arc<dyn EventBus>,
            Arc::clone(&store),
        );
        let horizon = Horizon::from_ports(ports)
            .secret(Secret::from_bytes([secret; 32]))
            .configure(|known| *known = config)
            .identify(by_header)
            .start(|slug: &Slug| !slug.as_str().starts_with("no-"))
            .await
            .unwrap();
        let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) }.boxed();
        let server = tokio::spawn(serve((listener, app, limits, stopped, horizon.clone())));
        Self {
            address,
            horizon,
            bus,
            store,
            stop: Some(stop),
            server,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Starts a shutdown.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Returns the value of a metric, zero if it is missing.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.horizon.metrics();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until a metric has a value.
    pub(crate) async fn metric_is(&self, name: &str, value: u64) {
        eventually(name, async || self.metric(name) == value).await;
    }

    /// Returns whether the reader of this client likes the page.
    pub(crate) async fn likes(&self, slug: &Slug, client: &Client) -> Result<bool> {
        let caller = self.horizon.caller([127, 0, 0, 1].into(), &client.headers);
        self.horizon.is_liked_by(slug, &caller).await
    }

    /// Returns the stored visits of a topic.
    pub(crate) async fn visits(&self, topic: Topic) -> u64 {
        horizon_core::StatsStoreExt::total(&*self.store, &topic)
            .await
            .unwrap()
            .stats
            .visits
    }
}

/// Waits until a condition is true.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waited = wait_until(what, async || {
        ensure!(condition().await, "it is not true");
        Ok(())
    });
    waited.await.unwrap();
}

pub(crate) fn topic(slug: &str) -> Topic {
    Slug::new(slug).unwrap().into()
}

/// An event bus with an accumulator, which can be made unavailable.
pub(crate) struct SwitchableBus {
    bus: MemoryBus,
    is_down: AtomicBool,
}

impl SwitchableBus {
    fn new(store: Arc<MemoryStore>) -> Arc<Self> {
        let (bus, mut consumer) = MemoryBus::new(Arc::clone(&store) as _);
        tokio::spawn(async move {
            while process_batch(&mut consumer, &*store, &now, NonZeroUsize::new(1000).unwrap())
                .await
                .is_ok()
            {}
        });
        Arc::new(Self {
            bus,
            is_down: AtomicBool::new(false),
        })
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

#[async_trait]
impl EventBus for SwitchableBus {
    async fn track(&self, event: Event) -> Result<()> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the bus is unavailable"));
        }
        self.bus.track(event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.bus.watch(topic)
    }
}
