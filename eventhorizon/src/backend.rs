//! What stands behind the ports, and how to take leave of it.

use std::{sync::Arc, time::Duration};

use horizon_accumulator::process::{Alone, Ready, Store, StoreUrl};
use horizon_core::{Ports, Result};
use horizon_memory::{LocalPresence, MemoryPipe};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use crate::dice::Clock;
#[cfg(feature = "redis")]
use crate::shared::Shared;

/// How long what is behind the ports may take to end: 4 seconds, longer than an accumulator's last batch.
const END_WAIT: Duration = Duration::from_secs(4);

/// The ports, and what runs behind them.
pub(crate) struct Backend {
    pub(crate) ports: Ports,
    pub(crate) rest: Rest,
}

/// Who counts, and who else is here.
pub(crate) enum Rest {
    /// The application brought the ports, and knows.
    Brought,
    /// All of it is in this process.
    Here(Here),
    /// Other processes serve readers too, and yet others count.
    #[cfg(feature = "redis")]
    Shared(Shared),
}

/// The store, and the accumulator in this process.
pub(crate) struct Here {
    store: Store,
    accumulator: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    alone: Alone,
}

impl Backend {
    /// The application's own ports.
    pub(crate) fn brought(ports: Ports) -> Self {
        Self {
            ports,
            rest: Rest::Brought,
        }
    }

    /// Opens a store in this process, and an accumulator that counts into it.
    pub(crate) fn here(store: &StoreUrl, clock: &Clock) -> Result<Self> {
        let alone = Alone::on(store)?;
        let store = Store::open(store)?;
        let (pipe, feed) = MemoryPipe::new(Arc::clone(&store.stats));
        let (stop, stopped) = oneshot::channel();
        let now = {
            let clock = clock.clone();
            move || clock.now()
        };
        let counting = horizon_accumulator::run(feed, Arc::clone(&store.stats), now, async { drop(stopped.await) });
        Ok(Self {
            ports: Ports {
                presence: Arc::new(LocalPresence::default()),
                analytics: Arc::new(pipe),
                stats: Arc::clone(&store.stats),
                comments: Arc::clone(&store.comments),
                salts: Arc::clone(&store.salts),
            },
            rest: Rest::Here(Here {
                store,
                accumulator: tokio::spawn(counting),
                stop,
                alone,
            }),
        })
    }

    /// What says whether all of it answers; nothing if the application brought it.
    pub(crate) fn ready(&self) -> Option<Ready> {
        match &self.rest {
            Rest::Brought => None,
            Rest::Here(here) => Some(Ready::new(here.store.clone())),
            #[cfg(feature = "redis")]
            Rest::Shared(shared) => Some(shared.ready()),
        }
    }

    /// Says to other processes that the readers of this one are gone: with the beginning of the end and not after
    /// the last request, because what happens here afterwards is told to nobody.
    pub(crate) async fn goodbye(&self) {
        #[cfg(feature = "redis")]
        if let Rest::Shared(shared) = &self.rest {
            shared.goodbye().await;
        }
    }
}

impl Rest {
    /// Ends it, once nobody tracks any more. Says in the log what does not end in time.
    pub(crate) async fn end(self) {
        match self {
            Self::Brought => {}
            Self::Here(Here {
                store,
                accumulator,
                stop,
                alone,
            }) => {
                drop(stop);
                let ended = timeout(END_WAIT, async {
                    if let Err(error) = accumulator.await {
                        tracing::error!(%error, "the accumulator broke off");
                    }
                    store.close().await
                });
                say(ended.await);
                // Nobody else shall count before the store is closed.
                drop(alone);
            }
            #[cfg(feature = "redis")]
            Self::Shared(shared) => say(timeout(END_WAIT, shared.end()).await),
        }
    }
}

fn say(ended: Result<Result<()>, tokio::time::error::Elapsed>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the store could not be closed"),
        Err(_) => tracing::error!(wait = ?END_WAIT, "what is behind the ports did not end in time"),
    }
}
