//! Counts a visitor as a visit and as a viewer.

use std::{fmt, future::Future, net::IpAddr, sync::Arc, time::Duration};

use horizon_backend::random_bytes;
use horizon_core::{Backoff, Ports, Presence, PresenceGuard, Result, Topic, Visit, VisitCause, VisitorKey};
use tokio::time::{Instant, sleep};

use crate::{
    background_visits::{BackgroundVisits, PendingVisit},
    now::{ConnectionSource, NowState, SourceGuard, ViewerSources},
    visit_queue::{OpenVisit, VisitQueue},
};

/// The delays between retries: 100 milliseconds to 10 seconds.
pub(crate) const RETRY_BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

/// What identifies a visitor.
pub(crate) enum VisitorIdentity {
    /// The network and user agent, for one day.
    Network { address: IpAddr, user_agent: String },
    /// The name that the application gave.
    Named(String),
    /// A visitor with a privacy signal, who has no key: each connection is a viewer, and a visit unless it is opened
    /// again.
    Anonymous,
}

impl fmt::Debug for VisitorIdentity {
    /// Writes no content, so that neither an address nor a name gets into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network { .. } => "Network { .. }",
            Self::Named(_) => "Named(..)",
            Self::Anonymous => "Anonymous",
        })
    }
}

/// Counts visits and viewers.
#[derive(Clone)]
pub(crate) struct VisitTracker {
    presence: Arc<dyn Presence>,
    pub(crate) queue: Arc<VisitQueue>,
    pub(crate) background: BackgroundVisits,
    sources: Arc<ViewerSources>,
}

/// Keeps a viewer counted until it is dropped.
pub(crate) struct ViewerGuards {
    _presence: Vec<PresenceGuard>,
    _visit: Option<OpenVisit>,
    _source: Option<SourceGuard>,
}

impl VisitTracker {
    pub(crate) fn new(ports: &Ports, queue: Arc<VisitQueue>, background: BackgroundVisits, now: &NowState) -> Self {
        Self {
            presence: Arc::clone(&ports.presence),
            queue,
            background,
            sources: Arc::clone(&now.sources),
        }
    }

    /// Counts a visit and a viewer. The cause of `visit`, which has no visitor, is `Open` or `Reopen`. Retries while
    /// the backend is unavailable.
    pub(crate) async fn start(self, topics: Arc<[Topic]>, visit: Visit, identity: VisitorIdentity) -> ViewerGuards {
        let opened = Instant::now();
        let is_anonymous = matches!(identity, VisitorIdentity::Anonymous);
        let source = ConnectionSource::new(visit.context.as_deref(), is_anonymous);
        let (visitor, visit) = match identity {
            VisitorIdentity::Anonymous => {
                if visit.cause() == VisitCause::Open {
                    self.queue.push(&topics, visit);
                }
                (
                    random_bytes().map(u128::from_be_bytes).map(VisitorKey::from_u128).ok(),
                    None,
                )
            }
            identity => {
                let pending = PendingVisit::new(self.background.clone(), Arc::clone(&topics), visit, identity, opened);
                let (visitor, visit) = pending.identify().await;
                let open = |visitor| VisitQueue::open(&self.queue, Arc::clone(&topics), visitor, visit, opened);
                (visitor, visitor.map(open))
            }
        };
        let mut guards = Vec::with_capacity(topics.len());
        if let Some(visitor) = visitor {
            for topic in topics.iter() {
                guards.extend(retry("tracking presence", || self.presence.track(topic.clone(), visitor)).await);
            }
        }
        ViewerGuards {
            _presence: guards,
            _visit: visit,
            _source: visitor.and_then(|visitor| ViewerSources::open(&self.sources, visitor, source)),
        }
    }
}

/// Retries until it succeeds or fails permanently; then it returns `None`.
pub(crate) async fn retry<T, F: Future<Output = Result<T>>>(
    action: &'static str,
    mut attempt: impl FnMut() -> F,
) -> Option<T> {
    let mut backoff = RETRY_BACKOFF;
    loop {
        let delay = backoff.next_delay();
        match attempt().await {
            Ok(value) => return Some(value),
            Err(error) if !error.is_retryable() => {
                tracing::error!(%error, "a viewer or visit is not counted, because {action} failed");
                return None;
            }
            Err(error) => tracing::debug!(%error, ?delay, "{action} failed, retrying"),
        }
        sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_of_an_identity_has_no_content() {
        let network = VisitorIdentity::Network {
            address: [192, 0, 2, 1].into(),
            user_agent: "Firefox".into(),
        };
        let text = format!("{network:?} {:?}", VisitorIdentity::Named("ada".into()));
        assert_eq!(text, "Network { .. } Named(..)");
    }
}
