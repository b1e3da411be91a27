//! Visits that are told in the background, because the key of their visitor is not known yet.

use std::{fmt, sync::Arc, time::Duration};

use horizon_backend::Health;
use horizon_core::{EventKind, Topic, VisitorKey};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    attendance::{VisitorIdentity, insist},
    metrics::Metrics,
    visitors::Visitors,
    visits::Visits,
};

/// The most visits that wait for their visitor's key without a live connection: 8,192, some eight megabytes. More are
/// dropped, and counted as failed.
const WAITING: usize = 8_192;

/// How long a visit waits for its visitor's key: 5 minutes, as long as the pipe is tried.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long a visit still waits once the site closes: 1 second.
const CLOSING_WAIT: Duration = Duration::from_secs(1);

/// Tells visits as soon as the key of their visitor is known. Cloning is cheap; all clones share one bound.
#[derive(Clone)]
pub(crate) struct LateVisits {
    visitors: Arc<Visitors>,
    visits: Arc<Visits>,
    metrics: Arc<Metrics>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
    health: Health,
    /// A visit may be handed over by the drop of a connection, and that may happen outside of a runtime.
    runtime: Handle,
}

/// A visit whose visitor's key is looked for by a connection. If the connection ends before the key is known, the visit
/// goes on in the background.
pub(crate) struct Arrival {
    late: LateVisits,
    topics: Arc<[Topic]>,
    who: Option<VisitorIdentity>,
}

impl LateVisits {
    /// Has to be called within a runtime. `tasks` counts the visits until they are told; they end soon after `closing`.
    pub(crate) fn new(
        visitors: Arc<Visitors>,
        visits: Arc<Visits>,
        metrics: Arc<Metrics>,
        tasks: TaskTracker,
        closing: CancellationToken,
        health: Health,
    ) -> Self {
        Self {
            visitors,
            visits,
            metrics,
            places: Arc::new(Semaphore::new(WAITING)),
            tasks,
            closing,
            health,
            runtime: Handle::current(),
        }
    }

    /// Tells a visit in the background, then calls `told`. Returns whether there was room for it.
    pub(crate) fn tell(
        &self,
        topics: Arc<[Topic]>,
        who: VisitorIdentity,
        told: impl FnOnce(&Metrics) + Send + 'static,
    ) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return false;
        };
        let late = self.clone();
        let task = async move {
            let _place = place;
            match late.find(&who).await {
                Some(visitor) => {
                    told(&late.metrics);
                    late.visits.once(&topics, visitor);
                }
                None => late.metrics.event_failed(&EventKind::Visit { visitor: None }),
            }
        };
        self.tasks.spawn_on(self.health.supervise("visit", task), &self.runtime);
        true
    }

    /// Returns the visitor's key, `Some(None)` for one who has none, and nothing if it cannot be had.
    async fn find(&self, who: &VisitorIdentity) -> Option<Option<VisitorKey>> {
        let found = timeout(PATIENCE, insist("a visitor's key", || self.visitors.find(who)));
        let ends = async {
            self.closing.cancelled().await;
            sleep(CLOSING_WAIT).await;
        };
        tokio::select! {
            biased;
            found = found => found.ok().flatten(),
            () = ends => None,
        }
    }
}

impl Arrival {
    pub(crate) fn new(late: LateVisits, topics: Arc<[Topic]>, who: VisitorIdentity) -> Self {
        Self {
            late,
            topics,
            who: Some(who),
        }
    }

    /// Looks for the visitor's key. From then on the visit is the caller's to tell, unless this was dropped before.
    pub(crate) async fn key(mut self) -> Option<VisitorKey> {
        let who = self.who.as_ref()?;
        let found = insist("a visitor's key", || self.late.visitors.find(who)).await;
        self.who = None;
        found.flatten()
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let Some(who) = self.who.take() else { return };
        if !self.late.tell(Arc::clone(&self.topics), who, |_| ()) {
            self.late.metrics.event_failed(&EventKind::Visit { visitor: None });
        }
    }
}

impl fmt::Debug for LateVisits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LateVisits")
    }
}
