//! What is behind the ports, as the configuration names it, and how to take leave of it.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use futures::{FutureExt, StreamExt};
use horizon_accumulator::process::{Alone, Delivery, Ready, Store, now};
use horizon_axum::Ports;
use horizon_core::{Analytics, Presence, Result, Topic, presence::NodeId};
use horizon_memory::{LocalPresence, MemoryPipe};
use horizon_redis::{About, RedisCluster, RedisConfig, RedisPipe, RedisPresence, RedisPubSubPipe, Work};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{cluster::Roster, config::Places};

/// The store, the pipe, and who knows who is here.
pub(crate) struct Backend {
    pub(crate) store: Store,
    analytics: Arc<dyn Analytics>,
    node: NodeId,
    rest: Rest,
}

/// Who is here, and who counts.
enum Rest {
    /// All of it is in this process.
    Here(Arc<LocalPresence>, Accumulator),
    /// Other processes serve readers too, and yet others count.
    Shared(Arc<RedisPresence>, Arc<RedisCluster>),
}

/// The accumulator in this process.
struct Accumulator {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    alone: Alone,
}

impl Backend {
    /// Opens what these places name. A Redis that is away is waited for later, by whoever needs it.
    ///
    /// # Errors
    /// The store cannot be used, or another accumulator counts into it.
    pub(crate) fn open(places: &Places) -> anyhow::Result<Self> {
        let unusable = "HORIZON_STORE cannot be used";
        let Some((redis, delivery)) = &places.redis else {
            let alone = Alone::on(&places.store).context(unusable)?;
            let store = Store::open(&places.store).context(unusable)?;
            return Ok(Self::here(store, alone, places.node.clone()));
        };
        let store = Store::open(&places.store).context(unusable)?;
        Self::shared(store, redis, *delivery, places.node.clone()).context("HORIZON_PIPE cannot be used")
    }

    fn here(store: Store, alone: Alone, node: NodeId) -> Self {
        let (pipe, feed) = MemoryPipe::new(store.stats.clone());
        let (stop, stopped) = oneshot::channel();
        let counted = horizon_accumulator::run(feed, store.stats.clone(), now, async { drop(stopped.await) });
        let task = tokio::spawn(counted);
        Self {
            store,
            analytics: Arc::new(pipe),
            node,
            rest: Rest::Here(Arc::default(), Accumulator { task, stop, alone }),
        }
    }

    fn shared(store: Store, redis: &RedisConfig, delivery: Delivery, node: NodeId) -> Result<Self> {
        let stats = store.stats.clone();
        let analytics: Arc<dyn Analytics> = match delivery {
            Delivery::Stream => Arc::new(RedisPipe::connect(redis, stats)?),
            Delivery::PubSub => Arc::new(RedisPubSubPipe::connect(redis, stats)?),
        };
        let presence = RedisPresence::connect(redis, node.clone())?;
        let cluster = RedisCluster::connect(redis)?;
        Ok(Self {
            store,
            analytics,
            node,
            rest: Rest::Shared(Arc::new(presence), Arc::new(cluster)),
        })
    }

    pub(crate) fn ports(&self) -> Ports {
        let presence: Arc<dyn Presence> = match &self.rest {
            Rest::Here(presence, _) => presence.clone(),
            Rest::Shared(presence, _) => presence.clone(),
        };
        Ports {
            presence,
            analytics: self.analytics.clone(),
            stats: self.store.stats.clone(),
            comments: self.store.comments.clone(),
            salts: self.store.salts.clone(),
        }
    }

    /// What says whether all of it answers.
    pub(crate) fn ready(&self) -> Ready {
        Ready::new(self.store.clone(), self.cluster())
    }

    /// What the other processes are told, and tell.
    pub(crate) fn roster(&self, stopping: watch::Receiver<bool>) -> Roster {
        Roster {
            about: self.about(),
            cluster: self.cluster(),
            stopping,
        }
    }

    fn cluster(&self) -> Option<Arc<RedisCluster>> {
        match &self.rest {
            Rest::Here(..) => None,
            Rest::Shared(_, cluster) => Some(cluster.clone()),
        }
    }

    fn about(&self) -> Box<dyn Fn() -> About + Send + Sync> {
        let (name, started) = (self.node.to_string(), now());
        let about = move |round_trip: Option<Duration>, viewers| About {
            name: name.clone(),
            started,
            round_trip: round_trip.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            work: Work::Web { viewers },
        };
        match &self.rest {
            Rest::Here(presence, _) => {
                let presence = presence.clone();
                // In this process the number is there at once.
                let viewers = move || presence.watch(Topic::Site).next().now_or_never().flatten();
                Box::new(move || about(None, viewers().unwrap_or(0)))
            }
            Rest::Shared(presence, _) => {
                let presence = presence.clone();
                Box::new(move || about(presence.round_trip(), presence.own_viewers(&Topic::Site)))
            }
        }
    }

    /// Says to the other nodes that the readers of this one are gone, with the `shutdown` and not after the last
    /// request: what happens here afterwards is told to nobody.
    pub(crate) fn goodbye<F>(&self, shutdown: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: Future<Output = ()> + Send,
    {
        let presence = match &self.rest {
            Rest::Here(..) => None,
            Rest::Shared(presence, _) => Some(presence.clone()),
        };
        async move {
            shutdown.await;
            if let Some(presence) = presence {
                presence.close().await;
            }
        }
    }

    /// Takes leave of the pipe and of the store, once nobody tracks any more.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        // Nobody else shall count before the store is closed.
        let _alone = match self.rest {
            Rest::Shared(..) => None,
            Rest::Here(_, Accumulator { task, stop, alone }) => {
                drop(stop);
                task.await.context("the accumulator broke off")?;
                Some(alone)
            }
        };
        self.store.close().await.context("the store could not be closed")
    }
}
