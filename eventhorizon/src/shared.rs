//! One of many processes that share a Redis.

use std::{sync::Arc, time::Duration};

use horizon_accumulator::process::{Delivery, Health, Ready, Store, StoreUrl, check_redis, speak};
use horizon_core::{Analytics, Ports, Result, Timestamp, Topic, presence::NodeId};
use horizon_redis::{About, RedisCluster, RedisConfig, RedisPipe, RedisPresence, RedisPubSubPipe, Work};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::backend::{Backend, Rest};

/// This process among the others.
pub(crate) struct Shared {
    store: Store,
    node: Arc<Node>,
    leaving: CancellationToken,
    _leave: DropGuard,
    speaking: JoinHandle<Option<()>>,
    checking: JoinHandle<Option<()>>,
}

/// What the others are told of this process.
pub(crate) struct Node {
    name: NodeId,
    started: Timestamp,
    presence: Arc<RedisPresence>,
    health: Health,
    pub(crate) cluster: Arc<RedisCluster>,
}

impl Shared {
    /// Connects to a Redis. One that is away is waited for later, by whoever needs it.
    pub(crate) fn open(
        redis: &RedisConfig,
        delivery: Delivery,
        store: &StoreUrl,
        name: NodeId,
        started: Timestamp,
    ) -> Result<Backend> {
        let health = Health::default();
        let redis = &health.watch_redis(redis);
        let store = Store::open(store)?;
        let stats = Arc::clone(&store.stats);
        let analytics: Arc<dyn Analytics> = match delivery {
            Delivery::Stream => Arc::new(RedisPipe::connect(redis, stats)?),
            Delivery::PubSub => Arc::new(RedisPubSubPipe::connect(redis, stats)?),
        };
        let presence = Arc::new(RedisPresence::connect(redis, name.clone())?);
        let node = Arc::new(Node {
            name,
            started,
            presence: Arc::clone(&presence),
            health: health.clone(),
            cluster: Arc::new(RedisCluster::connect(redis)?),
        });
        let leaving = CancellationToken::new();
        let speaking = {
            let (node, leaving) = (Arc::clone(&node), leaving.clone());
            tokio::spawn(health.supervise("cluster", async move {
                speak(&node.cluster, &|| node.about(), leaving.cancelled()).await;
            }))
        };
        let checking = {
            let (health, leaving) = (health.clone(), leaving.clone());
            let checks = {
                let health = health.clone();
                async move { check_redis(&[], &health, leaving.cancelled()).await }
            };
            tokio::spawn(health.supervise("redis-checks", checks))
        };
        Ok(Backend {
            ports: Ports {
                presence,
                analytics,
                stats: Arc::clone(&store.stats),
                comments: Arc::clone(&store.comments),
                salts: Arc::clone(&store.salts),
            },
            rest: Rest::Shared(Self {
                store,
                node,
                _leave: leaving.clone().drop_guard(),
                leaving,
                speaking,
                checking,
            }),
            health,
        })
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    pub(crate) fn ready(&self, health: Health) -> Ready {
        Ready::new(self.store.clone(), health).with_redis(Arc::clone(&self.node.cluster))
    }

    pub(crate) fn leaver(&self) -> Leaver {
        Leaver {
            leaving: self.leaving.clone(),
            presence: Arc::clone(&self.node.presence),
        }
    }

    pub(crate) async fn end(self) -> Result<()> {
        if let Err(error) = self.speaking.await {
            tracing::error!(%error, "what told the other processes of this one broke off");
        }
        if let Err(error) = self.checking.await {
            tracing::error!(%error, "the task that checks Redis broke off");
        }
        self.store.close().await
    }
}

/// Takes leave of the other processes.
#[derive(Clone)]
pub(crate) struct Leaver {
    leaving: CancellationToken,
    presence: Arc<RedisPresence>,
}

impl Leaver {
    pub(crate) async fn leave(&self) {
        self.leaving.cancel();
        self.presence.close().await;
    }
}

impl Node {
    pub(crate) fn about(&self) -> About {
        About {
            name: self.name.to_string(),
            started: self.started,
            round_trip: self.presence.round_trip().map(micros),
            problems: self.health.problems(),
            work: Work::Web {
                viewers: self.presence.own_viewers(&Topic::Site),
            },
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
