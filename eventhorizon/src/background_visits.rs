//! Visits whose visitor key is looked up in the background.

use std::{fmt, mem, sync::Arc, time::Duration};

use horizon_backend::Health;
use horizon_core::{EventKind, Topic, Visit, VisitCause, VisitorKey};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    metrics::Metrics,
    visit_queue::{VisitQueue, caused_by, whole_seconds},
    visit_tracker::{VisitorIdentity, retry},
    visitors::VisitorKeys,
};

/// The largest number of background visits: 8,192, about 8 MB. Further visits are dropped and counted as failed.
const MAX_VISITS: usize = 8_192;

/// The time limit for the look-up of a visitor key: 5 minutes, like that of the event bus.
const KEY_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The time limit for the look-up once the site closes: 1 second.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(1);

/// Looks up visitor keys in background tasks, then queues the visits. Clones share their state.
#[derive(Clone)]
pub(crate) struct BackgroundVisits {
    visitors: Arc<VisitorKeys>,
    queue: Arc<VisitQueue>,
    metrics: Arc<Metrics>,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
    health: Health,
    /// The runtime of the tasks, because a connection may be dropped outside of a runtime.
    runtime: Handle,
}

/// A visit whose key a connection is looking up. If it is dropped earlier, the visit continues in the background.
pub(crate) struct PendingVisit {
    background: BackgroundVisits,
    topics: Arc<[Topic]>,
    /// Without its visitor.
    visit: Visit,
    identity: Option<VisitorIdentity>,
    /// When the connection was opened.
    opened: Instant,
}

impl BackgroundVisits {
    /// Must be called within a runtime. The tasks belong to `tasks`, and end soon after `closing`.
    pub(crate) fn new(
        visitors: Arc<VisitorKeys>,
        queue: Arc<VisitQueue>,
        metrics: Arc<Metrics>,
        tasks: TaskTracker,
        closing: CancellationToken,
        health: Health,
    ) -> Self {
        Self {
            visitors,
            queue,
            metrics,
            permits: Arc::new(Semaphore::new(MAX_VISITS)),
            tasks,
            closing,
            health,
            runtime: Handle::current(),
        }
    }

    /// Spawns a task that adds the visitor's key to the visits, queues them, and then calls `on_queued`. Returns
    /// `false` if there are too many tasks.
    pub(crate) fn spawn(
        &self,
        topics: Arc<[Topic]>,
        visits: Vec<Visit>,
        identity: VisitorIdentity,
        on_queued: impl FnOnce(&Metrics) + Send + 'static,
    ) -> bool {
        let this = self.clone();
        self.spawn_task(async move {
            match this.key(&identity).await {
                Some(visitor) => {
                    on_queued(&this.metrics);
                    for mut visit in visits {
                        visit.visitor = visitor;
                        this.queue.push(&topics, visit);
                    }
                }
                None => this.metrics.event_failed(&EventKind::visit(None)),
            }
        })
    }

    /// Spawns a task that waits for the application's rules, until a second after the site closes. Returns `false` if
    /// there are too many tasks.
    pub(crate) fn spawn_until_closing(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let this = self.clone();
        self.spawn_task(async move {
            if this.until_closing(task).await.is_none() {
                this.metrics.event_failed(&EventKind::visit(None));
            }
        })
    }

    /// Returns `false` if there are too many tasks.
    fn spawn_task(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            return false;
        };
        let task = async move {
            let _permit = permit;
            task.await;
        };
        self.tasks.spawn_on(self.health.supervise("visit", task), &self.runtime);
        true
    }

    /// Returns the visitor's key, `Some(None)` for an anonymous one, `None` if the look-up failed.
    async fn key(&self, identity: &VisitorIdentity) -> Option<Option<VisitorKey>> {
        let key = timeout(KEY_TIMEOUT, retry("reading the salt", || self.visitors.key(identity)));
        self.until_closing(key).await?.ok().flatten()
    }

    /// Returns `None` if the future is not ready [`CLOSING_TIMEOUT`] after the site closes.
    async fn until_closing<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let closed = async {
            self.closing.cancelled().await;
            sleep(CLOSING_TIMEOUT).await;
        };
        tokio::select! {
            biased;
            value = future => Some(value),
            () = closed => None,
        }
    }
}

impl PendingVisit {
    /// The visit has no visitor. Its connection is open since `opened`.
    pub(crate) fn new(
        background: BackgroundVisits,
        topics: Arc<[Topic]>,
        visit: Visit,
        identity: VisitorIdentity,
        opened: Instant,
    ) -> Self {
        Self {
            background,
            topics,
            visit,
            identity: Some(identity),
            opened,
        }
    }

    /// Returns the visitor's key, and the visit. From then on the caller counts the visit.
    pub(crate) async fn identify(mut self) -> (Option<VisitorKey>, Visit) {
        let key = match &self.identity {
            Some(identity) => retry("reading the salt", || self.background.visitors.key(identity)).await,
            None => None,
        };
        self.identity = None;
        (key.flatten(), mem::take(&mut self.visit))
    }
}

impl Drop for PendingVisit {
    fn drop(&mut self) {
        let Some(identity) = self.identity.take() else { return };
        let mut end = caused_by(VisitCause::End, None);
        end.seconds = Some(whole_seconds(self.opened.elapsed()));
        let visits = vec![mem::take(&mut self.visit), end];
        let topics = Arc::clone(&self.topics);
        if !self.background.spawn(topics, visits, identity, |_| ()) {
            self.background.metrics.event_failed(&EventKind::visit(None));
        }
    }
}

impl fmt::Debug for BackgroundVisits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackgroundVisits")
    }
}
