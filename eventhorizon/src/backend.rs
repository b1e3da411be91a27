//! What stands behind the ports, and how to take leave of it.

use std::{sync::Arc, time::Duration};

use horizon_backend::{Health, ReadinessCheck, RedisCheck, StoreHandle, StoreLock, StoreUrl, check_redis};
use horizon_core::{Error, EventConsumer, Ports, Result};
use horizon_memory::{MemoryBus, MemoryPresence};
use prometheus_client::collector::Collector;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::dice::Clock;
#[cfg(feature = "redis")]
use crate::shared::RedisBackend;

/// How long what is behind the ports may take to end: 5 seconds. An accumulator's last batch takes 3, and SQLite's 2.
const END_WAIT: Duration = Duration::from_secs(5);

/// The ports, and what runs behind them.
pub(crate) struct Backend {
    pub(crate) ports: Ports,
    pub(crate) rest: BackendRuntime,
    /// What the tasks behind the ports report.
    pub(crate) health: Health,
}

/// Who counts, and who else is here.
pub(crate) enum BackendRuntime {
    /// The application brought the ports, and knows.
    Brought,
    /// All of it is in this process.
    Here(EmbeddedBackend),
    /// Other processes serve readers too, and yet others count.
    #[cfg(feature = "redis")]
    Shared(RedisBackend),
}

/// The store, and the accumulator in this process.
///
/// The task counts until it is told to stop, or this is dropped; then it closes the store, and only then another
/// accumulator may count into it.
pub(crate) struct EmbeddedBackend {
    store: StoreHandle,
    counting: JoinHandle<Option<Result<()>>>,
    stop: DropGuard,
}

impl Backend {
    /// The application's own ports.
    pub(crate) fn brought(ports: Ports) -> Self {
        Self {
            ports,
            rest: BackendRuntime::Brought,
            health: Health::default(),
        }
    }

    /// Opens a store in this process, and an accumulator that counts into it.
    pub(crate) fn here(store: &StoreUrl, clock: &Clock, checks: Vec<Box<dyn RedisCheck>>) -> Result<Self> {
        let alone = StoreLock::on(store)?;
        let store = StoreHandle::open(store)?;
        let (pipe, mut feed) = MemoryBus::new(Arc::clone(&store.stats));
        let (stop, health) = (CancellationToken::new(), Health::default());
        let clock = clock.corrected().clone();
        let (counted, stopped, reported) = (store.clone(), stop.clone(), health.clone());
        let counting = async move {
            let (feeds, stats): (&mut [&mut dyn EventConsumer], _) = (&mut [&mut feed], &*counted.stats);
            tokio::join!(
                horizon_backend::run_accumulator_observed(feeds, stats, &clock, &reported, stopped.cancelled()),
                check_redis(&checks, &reported, stopped.cancelled()),
            );
            let closed = counted.close().await;
            drop(alone);
            closed
        };
        Ok(Self {
            ports: Ports::new(
                Arc::new(MemoryPresence::default()),
                Arc::new(pipe),
                Arc::clone(&store.stats),
                Arc::clone(&store.comments),
                Arc::clone(&store.salts),
            ),
            rest: BackendRuntime::Here(EmbeddedBackend {
                store,
                counting: tokio::spawn(health.supervise("counting", counting)),
                stop: stop.drop_guard(),
            }),
            health,
        })
    }

    /// Returns this process among those that share a Redis, if it is one of them.
    #[cfg(feature = "redis")]
    pub(crate) fn node(&self) -> Option<Arc<crate::shared::NodeIdentity>> {
        match &self.rest {
            BackendRuntime::Shared(shared) => Some(Arc::clone(shared.node())),
            _ => None,
        }
    }

    /// Returns the check behind `/readyz`.
    pub(crate) fn ready(&self) -> ReadinessCheck {
        let health = self.health.clone();
        match &self.rest {
            BackendRuntime::Brought => ReadinessCheck::of_tasks(health),
            BackendRuntime::Here(here) => ReadinessCheck::new(here.store.clone(), health),
            #[cfg(feature = "redis")]
            BackendRuntime::Shared(shared) => shared.ready(health),
        }
    }

    /// Returns the metrics of what is behind the ports.
    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let problems: Box<dyn Collector> = Box::new(self.health.clone());
        let lost = match &self.rest {
            #[cfg(feature = "redis")]
            BackendRuntime::Shared(shared) => shared.lost_metric().map(|metric| Box::new(metric) as _),
            _ => None,
        };
        std::iter::once(problems).chain(lost).collect()
    }

    /// What says to other processes that the readers of this one are gone.
    pub(crate) fn goodbye(&self) -> Goodbye {
        Goodbye {
            #[cfg(feature = "redis")]
            to: match &self.rest {
                BackendRuntime::Shared(shared) => Some(shared.leaver()),
                _ => None,
            },
        }
    }
}

/// Says to other processes that the readers of this one are gone: with the beginning of the end and not after the last
/// request, because what happens here afterwards is told to nobody.
#[derive(Clone)]
pub(crate) struct Goodbye {
    #[cfg(feature = "redis")]
    to: Option<crate::shared::Leaver>,
}

impl Goodbye {
    pub(crate) async fn say(&self) {
        #[cfg(feature = "redis")]
        if let Some(leaver) = &self.to {
            leaver.leave().await;
        }
    }
}

impl BackendRuntime {
    /// Ends it, once nobody tracks any more.
    pub(crate) async fn end(self) -> Result<()> {
        let ended = match self {
            Self::Brought => return Ok(()),
            Self::Here(EmbeddedBackend { counting, stop, .. }) => {
                drop(stop);
                let broke_off = || Error::permanent("the accumulator broke off");
                timeout(END_WAIT, async {
                    match counting.await {
                        Ok(Some(closed)) => closed,
                        Ok(None) => Err(broke_off()),
                        Err(error) => Err(broke_off().with_source(error)),
                    }
                })
                .await
            }
            #[cfg(feature = "redis")]
            Self::Shared(shared) => timeout(END_WAIT, shared.end()).await,
        };
        ended.unwrap_or_else(|late| {
            Err(Error::unavailable("what is behind the ports did not end in time").with_source(late))
        })
    }
}
